/** A SIGTERM to npm ends npm and its shell, and is not passed on: what is left of it is that the parent is another. */
const WATCH_PARENT_EVERY_MS = 250;

/** Calls back once when npm, if it has started this process, has ended before it. */
export function onParentGone(ended: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    ended();
  }, WATCH_PARENT_EVERY_MS);
  watch.unref();
}
