/** A process of the exchange does not outlive its supervisor, not even one that was killed. */
import { loadConfig } from "./config.js";

/**
 * Calls back once when the supervisor is gone. It holds the other end of this process's standard
 * input, which ends with it. Does nothing where PALISADE_WATCH_PARENT is not 1.
 */
export function watchParent(onGone: () => void): void {
  if (!loadConfig().values.watchParent) return;
  let gone = false;
  const once = () => {
    if (gone) return;
    gone = true;
    onGone();
  };
  process.stdin.once("end", once);
  process.stdin.once("error", once);
  process.stdin.once("close", once);
  process.stdin.resume();
}
