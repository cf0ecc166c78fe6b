/** A process of the exchange does not outlive its supervisor, not even one that was killed. */
import { loadConfig } from "./config.js";

const ENDS = ["end", "error", "close"] as const;

/**
 * Calls back once when the supervisor is gone, at once if it is already. It holds the other end of this process's standard
 * input, which ends with it. Does nothing where PALISADE_WATCH_PARENT is not 1. Returns what ends the watch.
 */
export function watchParent(onGone: () => void): () => void {
  if (!loadConfig().values.watchParent) return () => undefined;
  const { stdin } = process;
  const stop = (): void => {
    for (const end of ENDS) stdin.off(end, once);
  };
  const once = (): void => {
    stop();
    onGone();
  };
  if (stdin.readableEnded || stdin.destroyed) {
    onGone();
    return stop;
  }
  for (const end of ENDS) stdin.on(end, once);
  stdin.resume();
  return stop;
}
