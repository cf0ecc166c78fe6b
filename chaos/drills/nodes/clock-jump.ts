/** A leader's clock is set while it leads: time is Postgres's, and how long something takes another clock's. */
import { timeOf } from "../../ask-node.js";
import { isSoWithin } from "../../stage/patience.js";
import { ledNames, pickVictim, type Victim } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { deposesNobody } from "../deposes-nobody.js";
import { type Fault, whileItLasts } from "../fault.js";

const JUMP_SECONDS = 3_600;
const JUMP_MS = JUMP_SECONDS * 1_000;
const LASTS_MS = 3_000;
const NOTICED_WITHIN_MS = 10_000;
/** How far from its jump a clock may be that was read over the network. */
const NEAR_MS = 60_000;

async function isOff({ process }: Victim, byMs: number): Promise<boolean> {
  return Math.abs((await timeOf(process)) - Date.now() - byMs) < NEAR_MS;
}

/** One hour ahead in odd rounds, one hour behind in even ones; then right again, which is a jump, too. */
export const CLOCK_JUMP: Drill = {
  name: "clock-jump",
  hypothesis: "a node may have any time that it wants, and nobody notices",
  about: "such a node's clock set an hour ahead (in the next round: behind), and right again",
  bound: { of: "throughout", ms: 500 },
  surroundings: { fakeClocks: true },
  rounds: 2,
  round: (stage, number) => {
    const sign = number % 2 === 1 ? 1 : -1;
    const fault: Fault<Victim> = {
      lastsMs: LASTS_MS,
      aim: ({ scene }) => pickVictim(scene.exchange, number),
      symbols: ({ symbols }) => symbols,
      async strike(victim, { scene }) {
        scene.ground.get("clocks").set(victim.process.name, sign * JUMP_SECONDS);
        // Its process looks for that now and then only, and what counts comes after.
        await isSoWithin(NOTICED_WITHIN_MS, () => isOff(victim, sign * JUMP_MS));
        return performance.now();
      },
      bitten: async (victim) =>
        (await isOff(victim, sign * JUMP_MS))
          ? []
          : [`${victim.process.name} has the time that it had`],
      heal: async ({ process }, { scene }) => scene.ground.get("clocks").set(process.name, 0),
      async healed(victim) {
        const isRight = await isSoWithin(NOTICED_WITHIN_MS, () => isOff(victim, 0));
        return isRight ? {} : { unhealed: [`${victim.process.name} has not the right time again`] };
      },
      name: ledNames,
    };
    return whileItLasts(deposesNobody(fault))(stage, number);
  },
};
