/** When the orders of a load process were sent, accepted and refused: what goes on from moment to moment, seen from outside. */
import type { OrderListener } from "../../services/participants/tracker.js";

/** Milliseconds since `originMs`, which is in milliseconds since 1970. */
export interface Moments {
  readonly originMs: number;
  readonly sent: readonly number[];
  /** When, and how long after it had been sent. */
  readonly accepted: readonly (readonly [at: number, wait: number])[];
  /** By a gateway or by the ledger, with which code, and when to try again, in milliseconds; 0: nothing was said of that. */
  readonly refused: readonly (readonly [at: number, code: string, retryMs: number])[];
  /** When the process was not behind with what it was to send. */
  readonly punctual: readonly number[];
}

const TENTHS = 10;

/** Kept as columns of numbers, without an object and a text for each order of a burst. */
export class MomentsKeeper implements OrderListener {
  private readonly sentAt: number[] = [];
  private readonly acceptedAt: number[] = [];
  private readonly acceptedWaits: number[] = [];
  private readonly refusedAt: number[] = [];
  /** Places in `codes`. */
  private readonly refusedCodes: number[] = [];
  private readonly retries: number[] = [];
  private readonly codes: string[] = [];
  private readonly onTime: number[] = [];

  sent(nowMs: number): void {
    this.sentAt.push(inTenths(nowMs));
  }

  accepted(nowMs: number, waitMs: number): void {
    this.acceptedAt.push(inTenths(nowMs));
    this.acceptedWaits.push(inTenths(waitMs));
  }

  refused(nowMs: number, code: string, retryMs: number): void {
    this.refusedAt.push(inTenths(nowMs));
    this.refusedCodes.push(this.placeOf(code));
    this.retries.push(retryMs);
  }

  punctual(nowMs: number): void {
    this.onTime.push(inTenths(nowMs));
  }

  get moments(): Moments {
    const { acceptedAt, acceptedWaits, refusedAt, refusedCodes, retries, codes } = this;
    return {
      originMs: performance.timeOrigin,
      sent: this.sentAt,
      accepted: acceptedAt.map((at, n) => [at, acceptedWaits[n]!]),
      refused: refusedAt.map((at, n) => [at, codes[refusedCodes[n]!]!, retries[n]!]),
      punctual: this.onTime,
    };
  }

  private placeOf(code: string): number {
    const known = this.codes.indexOf(code);
    return known >= 0 ? known : this.codes.push(code) - 1;
  }
}

function inTenths(ms: number): number {
  return Math.round(ms * TENTHS) / TENTHS;
}
