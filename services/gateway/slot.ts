/** The gateway's numbered slot: claimed at the start, watched for as long as it is used (R4). */
import type { Logger } from "pino";
import type { Clock } from "../ports/clock.js";
import type { Reads } from "../ports/reads.js";
import { SLOT_CHECK_EVERY_MS } from "./limits.js";

export class Slot {
  readonly slot: number;
  readonly token: number;
  private cancel: () => void = () => undefined;
  private look: () => Promise<void> = async () => undefined;
  private closed = false;

  private constructor(slot: number, token: number) {
    this.slot = slot;
    this.token = token;
  }

  /** Raises the slot's token: what an earlier holder still sends is refused from the first command here on. */
  static async claim(reads: Pick<Reads, "claimSlot">, slot: number, holder: string): Promise<Slot> {
    return new Slot(slot, await reads.claimSlot(slot, holder));
  }

  /** Calls back once if somebody else has claimed the slot. */
  watch(
    reads: Pick<Reads, "slot">,
    clock: Clock,
    logger: Logger,
    onDeposed: (token: number) => void,
  ): void {
    this.look = async () => {
      try {
        const row = await reads.slot(this.slot);
        if (!row || row.token <= this.token || this.closed) return;
        this.close();
        onDeposed(row.token);
      } catch (error) {
        logger.warn({ error: String(error) }, "the slot is not readable");
      }
    };
    const again = (): void => {
      this.cancel = clock.after(SLOT_CHECK_EVERY_MS, () => {
        void this.look().then(() => {
          if (!this.closed) again();
        });
      });
    };
    again();
  }

  /** Looks now: somebody has spoken of a higher token, which anybody can. */
  check(): void {
    void this.look();
  }

  close(): void {
    this.closed = true;
    this.cancel();
  }
}
