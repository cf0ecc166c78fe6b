/** A node is emptied, as one does before a machine is stopped. */
import { drainKey, moveKey, ON } from "../../../actors/placement/wishes.js";
import { countLed } from "../../ask-node.js";
import { isSoWithin } from "../../stage/patience.js";
import { pickVictim } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { UNNOTICED, whileActorsMove } from "./while-actors-move.js";

const DRAIN_LIMIT_MS = 60_000;

export const DRAIN: Drill = {
  name: "drain",
  hypothesis: "a node can be emptied under load, and nobody notices",
  about:
    "a node that leads something is drained, until it leads nothing, under dense orders for its symbols",
  bound: UNNOTICED,
  surroundings: { ordersPerSecond: 50 },
  async round(stage, number) {
    const { scene } = stage;
    const victim = await pickVictim(scene.exchange, number);
    const { process, tokens } = victim;
    const empty = async () => {
      try {
        // As the command `drain` does: what an operator has moved there would stay.
        for (const [actor, to] of (await scene.wishes()).moves) {
          if (to === process.name) await scene.wish(moveKey(actor), null);
        }
        await scene.wish(drainKey(process.name), ON);
        const isEmpty = async () => (await countLed(process)) === 0;
        if (await isSoWithin(DRAIN_LIMIT_MS, isEmpty)) return [];
        return [`${process.name} still leads something after ${DRAIN_LIMIT_MS} ms`];
      } finally {
        await scene.wish(drainKey(process.name), null);
      }
    };
    const round = await whileActorsMove(stage, `${process.name} is drained`, empty, victim);
    return {
      ...round,
      summary: `${process.name} gave away ${tokens.size} actors; ${round.summary}`,
    };
  },
};
