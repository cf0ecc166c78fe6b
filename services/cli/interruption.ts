/** How somebody ends a command that has something to put in order first. */
import { EXIT_INTERRUPTED } from "./exit-codes.js";
import { progress } from "./output.js";
import { onParentGone } from "./parent-gone.js";
import { ENDING_SIGNALS } from "../common/signals.js";

/** Aborted, with the reason, by the first Ctrl-C, SIGTERM, or end of its terminal or of npm, which says so; a second one ends at once. */
export function interruption(saying: string): AbortSignal {
  const controller = new AbortController();
  const end = (reason: string): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    progress(saying);
    controller.abort(reason);
  };
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => end(`it got ${signal}`));
  }
  onParentGone(() => {
    if (!controller.signal.aborted) end("npm, which had started it, has ended");
  });
  return controller.signal;
}
