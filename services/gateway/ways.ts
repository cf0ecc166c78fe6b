/**
 * Which ways between ledger shards and markets are behind, as those who send over them have told. What a shard accepts goes
 * on to a market and comes back: the wait there is nothing that the answer to a client shows.
 */
import type { Announcement } from "../../actors/kernel/event-frame.js";
import { QUEUES } from "../common/queues.js";
import { RETRY_MS_MAX } from "./admission.js";
import { countRefused } from "./metrics.js";
import { exhausted } from "./refusal.js";

/** A way that takes so long is behind, until it takes half of that. */
export const WAY_LAG_MS_MAX = QUEUES["gateway-ways"].limit;
const WAY_LAG_MS_OVER = WAY_LAG_MS_MAX / 2;

export class Ways {
  /** By sender and receiver: those that are behind, and by how many milliseconds. */
  private readonly behind = new Map<number, ReadonlyMap<number, number>>();

  /** The longest that any way is behind, in milliseconds. */
  get longestMs(): number {
    return Math.max(0, ...[...this.behind.values()].flatMap((lags) => [...lags.values()]));
  }

  /** Each announcement tells of all receivers that are late, so those that it does not name are not. */
  take({ actor, lags }: Pick<Announcement, "actor" | "lags">): void {
    const before = this.behind.get(actor);
    if (lags.length === 0 && !before) return;
    const isBehind = (receiver: number, ms: number) =>
      ms >= WAY_LAG_MS_MAX || (ms > WAY_LAG_MS_OVER && before?.has(receiver) === true);
    const late = lags.filter(({ receiver, ms }) => isBehind(receiver, ms));
    if (late.length === 0) this.behind.delete(actor);
    else this.behind.set(actor, new Map(late.map(({ receiver, ms }) => [receiver, ms])));
  }

  /**
   * Of a transfer from one shard to another: what has left its account is kept until it arrives, and not without end where
   * it does not. Throws a `Refusal`.
   */
  expectArrival(from: number, to: number): void {
    const lagMs = this.lagMs(from, to);
    if (lagMs === 0) return;
    const message = `transfers to the shard of that account arrive ${lagMs} ms late, and no more are taken; nothing was done; try again in a moment`;
    const refusal = exhausted("RECIPIENT_BEHIND", message, Math.min(lagMs, RETRY_MS_MAX));
    countRefused(refusal);
    throw refusal;
  }

  /** How far two actors are behind with what they say to each other, in milliseconds; 0: they keep up. */
  lagMs(one: number, other: number): number {
    if (this.behind.size === 0) return 0;
    const there = this.behind.get(one)?.get(other) ?? 0;
    const back = this.behind.get(other)?.get(one) ?? 0;
    return Math.max(there, back);
  }
}
