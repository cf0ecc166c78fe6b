/** SIGKILL to a leader: its actors go on elsewhere under higher tokens. */
import { ledNames, pickVictim, untilTakenOver, type Victim } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

export const KILL_LEADER: Drill = {
  name: "kill-leader",
  hypothesis: "a node that dies takes nothing with it",
  about: "SIGKILL to a node that leads at least a market and a ledger shard, under load",
  bound: { of: "resume", ms: 500 },
  round: whileItLasts<Victim>({
    aim: ({ scene }, number) => pickVictim(scene.exchange, number),
    symbols: ({ symbols }) => symbols,
    strike: ({ process }) => process.kill("SIGKILL"),
    async bitten(victim, { scene }) {
      const failures: string[] = [];
      const { signal } = await victim.process.exited;
      if (signal !== "SIGKILL") failures.push(`${victim.process.name} did not die of SIGKILL`);
      return [...failures, ...(await untilTakenOver(scene.exchange, victim))];
    },
    heal: ({ process }) => process.restart(),
    name: ledNames,
  }),
};
