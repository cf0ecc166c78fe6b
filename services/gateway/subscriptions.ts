/** Who wants to hear of which account. */
import * as metrics from "./metrics.js";
import type { Block } from "./shard-events.js";

export interface Subscriber {
  readonly account: number;
  take(block: Block): void;
}

export class Subscriptions {
  private readonly byAccount = new Map<number, Set<Subscriber>>();

  add(subscriber: Subscriber): void {
    const those = this.byAccount.get(subscriber.account);
    if (those) those.add(subscriber);
    else this.byAccount.set(subscriber.account, new Set([subscriber]));
    metrics.subscribers.inc();
  }

  remove(subscriber: Subscriber): void {
    const those = this.byAccount.get(subscriber.account);
    if (!those?.delete(subscriber)) return;
    if (those.size === 0) this.byAccount.delete(subscriber.account);
    metrics.subscribers.dec();
  }

  take(block: Block): void {
    const those = this.byAccount.get(block.account);
    if (!those) return;
    for (const subscriber of those) subscriber.take(block);
  }
}
