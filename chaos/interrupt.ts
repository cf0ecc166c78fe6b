/** Work that somebody may end early. */

/** Somebody has ended a drill; what it had begun is undone by who catches this. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly code = "DRILL_INTERRUPTED";
  constructor(reason: string) {
    super(
      `DRILL_INTERRUPTED: ${reason}; what was stopped is resumed, and what was started is ended`,
    );
  }
}

/** The work's result; rejects as soon as it is interrupted, whatever the work still does. */
export async function unlessInterrupted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  if (!signal) return work;
  work.catch(() => undefined); // Nobody waits for it any more once it is interrupted.
  let stop = (): void => undefined;
  const interrupted = new Promise<never>((_, fail) => {
    stop = () => fail(new InterruptedError(reasonOf(signal)));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([interrupted, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** For work that looks now and then whether it is to go on. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError(reasonOf(signal));
}

/** Why somebody has ended it. */
export function reasonOf({ reason }: AbortSignal): string {
  if (typeof reason === "string") return reason;
  return reason instanceof Error ? reason.message : "it was ended early";
}
