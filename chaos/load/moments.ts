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

export class MomentsKeeper implements OrderListener {
  private readonly at: number[] = [];
  private readonly acceptances: [number, number][] = [];
  private readonly refusals: [number, string, number][] = [];
  private readonly onTime: number[] = [];

  sent(nowMs: number): void {
    this.at.push(inTenths(nowMs));
  }

  accepted(nowMs: number, waitMs: number): void {
    this.acceptances.push([inTenths(nowMs), inTenths(waitMs)]);
  }

  refused(nowMs: number, code: string, retryMs: number): void {
    this.refusals.push([inTenths(nowMs), code, retryMs]);
  }

  punctual(nowMs: number): void {
    this.onTime.push(inTenths(nowMs));
  }

  get moments(): Moments {
    const { at: sent, acceptances: accepted, refusals: refused, onTime: punctual } = this;
    return { originMs: performance.timeOrigin, sent, accepted, refused, punctual };
  }
}

function inTenths(ms: number): number {
  return Math.round(ms * TENTHS) / TENTHS;
}
