/** A connection is cut in the middle of a COMMIT: before Postgres has all of it, or before the node has the answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { ledNames, pickVictim, type Victim } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

const CUTS_EACH = 3;
const CUTS_LIMIT_MS = 20_000;
/** What the names of commits' prepared statements begin with. */
const COMMIT = "commit_";

interface Cut {
  readonly victim: Victim;
  done: number;
  isOver: boolean;
  /** Settled when all commits were cut. */
  cutting: Promise<void>;
}

export const CUT_COMMIT: Drill = {
  name: "cut-commit",
  hypothesis:
    "a commit of which nobody knows whether it was made is found out about, and is made once",
  about:
    `such a node's connection to Postgres cut in the middle of a commit, ${CUTS_EACH} times when half ` +
    `of it was sent, and ${CUTS_EACH} times when it was made and its answer was on the way`,
  bound: { of: "resume", ms: 2_000 },
  surroundings: { wired: true },
  round: whileItLasts<Cut>({
    async aim({ scene }, number) {
      const victim = await pickVictim(scene.exchange, number);
      return { victim, done: 0, isOver: false, cutting: Promise.resolve() };
    },
    symbols: ({ victim }) => victim.symbols,
    strike(cut, { scene }) {
      const { postgres } = scene.ground.get("wires").of(cut.victim.process.name);
      cut.cutting = (async () => {
        while (cut.done < 2 * CUTS_EACH) {
          await (cut.done % 2 === 0 ? postgres.cutRequest(COMMIT) : postgres.loseAnswerTo(COMMIT));
          if (cut.isOver) return;
          cut.done += 1;
        }
      })();
    },
    async bitten(cut) {
      await Promise.race([cut.cutting, sleep(CUTS_LIMIT_MS)]);
      return cut.done === 2 * CUTS_EACH
        ? []
        : [`only ${cut.done} of ${2 * CUTS_EACH} commits were cut within ${CUTS_LIMIT_MS} ms`];
    },
    async heal(cut, { scene }) {
      cut.isOver = true;
      scene.ground.get("wires").heal(cut.victim.process.name);
    },
    name: ({ victim, done }) => `${ledNames(victim)}; ${done} of its commits were cut`,
  }),
};
