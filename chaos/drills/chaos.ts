/** The other drills, one after the other as a seed draws them, at an exchange that has all that behind it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../services/participants/random.js";
import type { Drill } from "./drill.js";

/** Between two of them it is quiet for up to so long. */
const QUIET_MS_MAX = 2_000;
/** Rounds of the drills that strike in several ways are drawn from so many. */
const ROUND_MAX = 1_000;

/** `drills`: those that it draws from. `quietMsMax`: in milliseconds. */
export function chaosOf(drills: readonly Drill[], quietMsMax = QUIET_MS_MAX): Drill {
  return {
    name: "chaos",
    hypothesis: "whatever comes after whatever, nothing is lost",
    about: "the other drills as a seed draws them, with quiet between them",
    // What a leader's users are to see at most, whatever becomes of it.
    bound: { of: "recovery", ms: 2_000 },
    surroundings: { wired: true },
    rounds: 4,
    async round(stage, number) {
      const random = new Random(stage.seed * ROUND_MAX + number);
      const drill = random.pick(drills);
      await sleep(random.whole(0, quietMsMax));
      const round = await drill.round(stage, random.whole(1, ROUND_MAX));
      return {
        ...round,
        failures: round.failures.map((failure) => `${drill.name}: ${failure}`),
        unhealed: round.unhealed.map((wrong) => `${drill.name}: ${wrong}`),
        samples: { recovery: round.samples[drill.bound.of] ?? [] },
        summary: `${drill.name}: ${round.summary}`,
      };
    },
  };
}
