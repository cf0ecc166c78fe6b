/**
 * A slow and plain watcher to compare with: it keeps all that accounts were told, and counts everything anew after each command. It
 * knows the rules from ARCHITECTURE.md, and nothing of the shard's own counting.
 */
import { Code } from "../../actors/kernel/codes.js";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import type { WarningEvent } from "../../actors/ledger/warnings.js";

const WINDOW = 60_000_000;

export interface Told {
  readonly account: number;
  readonly event: AccountEvent;
}

interface Past {
  readonly event: AccountEvent;
  readonly window: number;
}

export class WarningRecount {
  private readonly histories = new Map<number, Past[]>();
  private readonly warned = new Set<string>();

  /** What one command has led to but for warnings; gives the warnings that have to follow. */
  command(time: number, told: readonly Told[]): Told[] {
    const window = Math.floor(time / WINDOW);
    for (const { account, event } of told) {
      const history = this.histories.get(account) ?? [];
      this.histories.set(account, history);
      history.push({ event, window });
    }
    return [...new Set(told.map(({ account }) => account))].flatMap((account) =>
      this.warnings(account, window).map((event) => ({ account, event })),
    );
  }

  private warnings(account: number, window: number): WarningEvent[] {
    const all = this.histories.get(account) ?? [];
    const now = all.filter((each) => each.window === window).map(({ event }) => event);
    const ended = (code: Code) => now.filter((e) => e.kind === "ended" && e.code === code).length;
    const reduced = (code: Code) =>
      now.filter((e) => e.kind === "reduced" && e.code === code).length;
    const placed = new Set(now.map((e) => (e.kind === "accepted" ? e.orderId : 0)));
    const counts = {
      orders: now.filter(({ kind }) => kind === "accepted").length,
      amends: now.filter(({ kind }) => kind === "amended").length + reduced(Code.OK),
      cancels: now.filter((e) => isCancel(e) && placed.has(e.orderId)).length,
      trades: now.filter(({ kind }) => kind === "filled").length,
      selfTrades:
        ended(Code.SELF_TRADE_PREVENTED) + reduced(Code.SELF_TRADE_PREVENTED) + twice(now),
      usualOrders: usual(all, window),
    };
    const { orders, amends, cancels, trades, selfTrades, usualOrders } = counts;
    const messages = orders + amends + cancels;
    const reasons = [
      orders >= 20 && cancels / orders > 0.8,
      selfTrades >= 1,
      messages >= 500 && messages / Math.max(trades, 1) > 100,
      orders > 10 * Math.max(usualOrders, 20),
    ];
    return ([1, 2, 3, 4] as const)
      .filter((kind) => reasons[kind - 1] && !this.warned.has(`${account} ${window} ${kind}`))
      .map((kind) => {
        this.warned.add(`${account} ${window} ${kind}`);
        return { kind: "warning", warning: kind, window: window * WINDOW, ...counts };
      });
  }
}

function isCancel(event: AccountEvent): event is Extract<AccountEvent, { kind: "ended" }> {
  return event.kind === "ended" && event.code === Code.CANCELLED_BY_CLIENT;
}

/** Trades of which the account was told of both sides. */
function twice(events: readonly AccountEvent[]): number {
  const trades = events.flatMap((e) =>
    e.kind === "filled" ? [`${e.instrument} ${e.tradeId}`] : [],
  );
  return trades.length - new Set(trades).size;
}

/** Window for window, from the first on: half of what was usual and of what came. */
function usual(all: readonly Past[], window: number): number {
  const accepted = all.filter(({ event }) => event.kind === "accepted");
  let value = 0;
  for (let at = accepted[0]?.window ?? window; at < window; at++) {
    const orders = accepted.filter((each) => each.window === at).length;
    value = Math.floor((value + orders) / 2);
  }
  return value;
}
