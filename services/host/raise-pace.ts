/**
 * When a host raises its token again (R1). Each raise is a row that stays, and what the standby had is gone with the first: so
 * none is done while NATS does not answer, without which nobody leads; and where it answers and leading fails all the same,
 * each waits for longer than the one before.
 */
import { sleep } from "../ports/clock.js";
import type { HostDependencies } from "./dependencies.js";
import { RAISES_IN_VAIN_MAX, RETRY_RECOVERY_AFTER_MS, RETRY_RECOVERY_MS_MAX } from "./limits.js";

export class RaisePace {
  private readonly deps: Pick<HostDependencies, "bus" | "clock">;
  private raises = 0;

  constructor(deps: Pick<HostDependencies, "bus" | "clock">) {
    this.deps = deps;
  }

  /** Has it been raised so often, each time while NATS and Postgres answered, that trying on is no use here? */
  get isInVain(): boolean {
    return this.raises >= RAISES_IN_VAIN_MAX;
  }

  /** Resolves when NATS answers, or nobody wants to know any more. */
  async untilLogAnswers(isWanted: () => boolean): Promise<void> {
    const { bus, clock } = this.deps;
    while (isWanted()) {
      try {
        await bus.roundTrip();
        return;
      } catch {
        await sleep(clock, RETRY_RECOVERY_AFTER_MS);
      }
    }
  }

  raised(): void {
    this.raises += 1;
  }

  /** After an attempt that has failed. */
  async rest(): Promise<void> {
    const restMs = RETRY_RECOVERY_AFTER_MS * 2 ** Math.max(0, this.raises - 1);
    await sleep(this.deps.clock, Math.min(restMs, RETRY_RECOVERY_MS_MAX));
  }
}
