/** The client's own deadlines do not hold when a server is silent; ours do. */
import type { Clock } from "../../ports/clock.js";

export async function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(limitMs, () => reject(new Error(`etcd did not answer in ${limitMs} ms`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
    // When the limit has passed, what becomes of the work no longer matters.
    work.catch(() => undefined);
  }
}
