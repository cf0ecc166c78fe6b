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
  /** Which command led to it. */
  readonly command: number;
}

export class WarningRecount {
  private readonly histories = new Map<number, Past[]>();
  private readonly warned = new Set<string>();
  private readonly ownerOf: (account: number) => number;
  private commands = 0;

  /** `ownerOf`: whom self-trade prevention takes an account for. */
  constructor(ownerOf: (account: number) => number) {
    this.ownerOf = ownerOf;
  }

  /** What one command has led to but for warnings; gives the warnings that have to follow. */
  command(time: number, told: readonly Told[]): Told[] {
    const window = Math.floor(time / WINDOW);
    const command = ++this.commands;
    for (const { account, event } of told) {
      const history = this.histories.get(account) ?? [];
      this.histories.set(account, history);
      history.push({ event, window, command });
    }
    return [...new Set(told.map(({ account }) => account))].flatMap((account) =>
      this.warnings(account, window).map((event) => ({ account, event })),
    );
  }

  /** Trades of the account of which its owner was told of both sides. */
  private withItsOwner(account: number, window: number): number {
    const own = new Set(tradesIn(this.histories.get(account) ?? [], window));
    if (own.size === 0) return 0;
    const owner = this.ownerOf(account);
    const sides = new Map<string, number>();
    for (const [each, history] of this.histories) {
      if (this.ownerOf(each) !== owner) continue;
      for (const trade of tradesIn(history, window)) sides.set(trade, (sides.get(trade) ?? 0) + 1);
    }
    return [...own].filter((trade) => sides.get(trade) === 2).length;
  }

  private warnings(account: number, window: number): WarningEvent[] {
    const all = this.histories.get(account) ?? [];
    const now = all.filter((each) => each.window === window).map(({ event }) => event);
    const ended = (code: Code) => now.filter((e) => e.kind === "ended" && e.code === code).length;
    const reduced = (code: Code) =>
      now.filter((e) => e.kind === "reduced" && e.code === code).length;
    const counts = {
      orders: now.filter(({ kind }) => kind === "accepted").length,
      amends: now.filter(({ kind }) => kind === "amended").length + reduced(Code.OK),
      cancels: cancelled(all, window),
      trades: now.filter(({ kind }) => kind === "filled").length,
      selfTrades:
        ended(Code.SELF_TRADE_PREVENTED) +
        reduced(Code.SELF_TRADE_PREVENTED) +
        this.withItsOwner(account, window),
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

/** Orders of the window that their client has cancelled in it: both of a pair, if neither had done anything before. */
function cancelled(all: readonly Past[], window: number): number {
  const now = all.filter((each) => each.window === window);
  const pairs = new Map(
    now.flatMap(({ event }) => (event.kind === "accepted" ? [[event.orderId, event.pair]] : [])),
  );
  let count = 0;
  for (const { event, command } of now) {
    const pair = isCancel(event) ? pairs.get(event.orderId) : undefined;
    if (!isCancel(event) || pair === undefined) continue;
    const both = [event.orderId, pair];
    count += pair !== 0 && !haveDone(now, both, command) ? 2 : 1;
  }
  return count;
}

function isCancel(event: AccountEvent): event is Extract<AccountEvent, { kind: "ended" }> {
  return event.kind === "ended" && event.code === Code.CANCELLED_BY_CLIENT;
}

/** Has one of the orders traded or ended before a command? */
function haveDone(past: readonly Past[], orders: readonly number[], command: number): boolean {
  return past.some(
    ({ event, command: at }) =>
      at < command &&
      (event.kind === "filled" || event.kind === "ended") &&
      orders.includes(event.orderId),
  );
}

function tradesIn(history: readonly Past[], window: number): string[] {
  return history.flatMap(({ event, window: at }) =>
    at === window && event.kind === "filled" ? [`${event.instrument} ${event.tradeId}`] : [],
  );
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
