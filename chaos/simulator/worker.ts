/** A process that tries seeds which it is given one after another, until its parent goes. */
import { ENDING_SIGNALS } from "../../services/common/signals.js";
import type { MutationName } from "./mutations/names.js";
import { trySeed } from "./seeds.js";

export interface Task {
  readonly seed: number;
  readonly without?: MutationName;
  readonly isOnce: boolean;
}

// Ctrl-C in a terminal goes to every process; the parent has it, too, and ends this one.
for (const signal of ENDING_SIGNALS) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("message", ({ seed, without, isOnce }: Task) => {
  void trySeed(seed, { ...(without && { without }), isOnce }).then((result) => {
    process.send!(result);
  });
});
