import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FastBook } from "../../actors/market/book.js";
import { Market } from "../../actors/market/market.js";
import type { EnterOrder } from "../../actors/market/messages.js";
import { NaiveBook } from "../../actors/market/naive-book.js";
import type { Effects } from "../../actors/kernel/actor.js";
import { Links } from "../../actors/kernel/links.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import type { TradeReport } from "../../actors/ledger/messages.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import { answersTo, eventsOf, give, list, MARKET_ID, orderOf } from "../helpers/market.js";
import { cancelHeavyFlow, type OrderCommand } from "../helpers/orderflow.js";
import { rowsOf, Tables } from "../helpers/tables.js";

const SHARDS = [1, 2];
/** Small enough that books are full now and then. */
const ORDERS_MAX = 6;

type Draw =
  | { readonly kind: "enter"; readonly order: Omit<EnterOrder, "kind" | "orderId"> }
  /** `pick` names one of the orders entered so far, or the one after. */
  | { readonly kind: "cancel"; readonly pick: number }
  | { readonly kind: "reduce"; readonly pick: number; readonly leaves: number };

const enters = fc.record({
  kind: fc.constant("enter" as const),
  order: fc.record({
    account: fc.integer({ min: 1, max: 3 }),
    side: fc.constantFrom(Side.Buy, Side.Sell),
    timeInForce: fc.constantFrom(
      TimeInForce.GoodTillCancel,
      TimeInForce.GoodTillCancel,
      TimeInForce.ImmediateOrCancel,
    ),
    price: fc.integer({ min: 97, max: 104 }),
    quantity: fc.integer({ min: 1, max: 9 }),
  }),
});
const cancels = fc.record({ kind: fc.constant("cancel" as const), pick: fc.nat(1_000) });
const reduces = fc.record({
  kind: fc.constant("reduce" as const),
  pick: fc.nat(1_000),
  leaves: fc.integer({ min: 0, max: 6 }),
});

/** Few prices, so that orders meet, queue and empty levels all the time. */
const flows = fc
  .array(fc.oneof({ weight: 5, arbitrary: enters }, { weight: 2, arbitrary: cancels }, reduces), {
    maxLength: 80,
  })
  .map((draws: readonly Draw[]): OrderCommand[] => {
    let count = 0;
    return draws.map((draw) => {
      if (draw.kind === "enter") {
        count += 1;
        return { kind: "enter", orderId: orderOf(count), ...draw.order };
      }
      const orderId = orderOf(1 + (draw.pick % (count + 1)));
      if (draw.kind === "cancel") return { kind: "cancel", orderId };
      return { kind: "reduce", orderId, leaves: draw.leaves };
    });
  });

function listed(book: FastBook | NaiveBook): Market {
  const market = Market.create(MARKET_ID, book);
  list(market, SHARDS.length);
  market.takeEffects();
  return market;
}

function step(market: Market, command: OrderCommand): Effects {
  give(market, command);
  return market.takeEffects();
}

/** Everything a market says and writes, to compare. */
function said(effects: Effects): unknown {
  return {
    answers: SHARDS.map((shard) => answersTo(effects, shard)),
    events: eventsOf(effects),
    trades: rowsOf(effects.rows["trades"]!),
    book: rowsOf(effects.rows["book"]!).sort(byOrder),
    removed: rowsOf(effects.rows["book_removed"]!).sort(byOrder),
  };
}

const byOrder = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
  (a["order_id"] as number) - (b["order_id"] as number);

/** Price–time priority said once more, in the plainest way: find the best order again for every fill. */
class Oracle {
  readonly resting: (EnterOrder & { leaves: number; arrival: number })[] = [];
  private arrivals = 0;

  /** The fills that a command leads to: [maker, taker, price, quantity]. */
  take(command: OrderCommand): number[][] {
    if (command.kind === "enter") return this.enter(command);
    const at = this.resting.findIndex(({ orderId }) => orderId === command.orderId);
    const order = this.resting[at];
    if (!order) return [];
    const leaves = command.kind === "cancel" ? 0 : command.leaves;
    if (leaves === 0) this.resting.splice(at, 1);
    else order.leaves = Math.min(order.leaves, leaves);
    return [];
  }

  private enter(taker: EnterOrder): number[][] {
    const fills: number[][] = [];
    let leaves = taker.quantity;
    const sign = taker.side === Side.Buy ? 1 : -1;
    while (leaves > 0) {
      const [maker] = this.resting
        .filter(({ side, price }) => side !== taker.side && (taker.price - price) * sign >= 0)
        .sort((a, b) => (a.price - b.price) * sign || a.arrival - b.arrival);
      if (!maker) break;
      const quantity = Math.min(leaves, maker.leaves);
      leaves -= quantity;
      maker.leaves -= quantity;
      if (maker.leaves === 0) this.resting.splice(this.resting.indexOf(maker), 1);
      fills.push([maker.orderId, taker.orderId, maker.price, quantity]);
    }
    const rests = leaves > 0 && taker.timeInForce === TimeInForce.GoodTillCancel;
    if (rests && this.resting.length < ORDERS_MAX) {
      this.arrivals += 1;
      this.resting.push({ ...taker, leaves, arrival: this.arrivals });
    }
    return fills;
  }
}

describe("a market", () => {
  it("says and writes the same with the fast and the naive book, step by step", () => {
    fc.assert(
      fc.property(flows, (commands) => {
        const fast = listed(new FastBook(ORDERS_MAX));
        const naive = listed(new NaiveBook(ORDERS_MAX));
        for (const command of commands) {
          expect(said(step(fast, command))).toEqual(said(step(naive, command)));
          expect(fast.stateHash()).toBe(naive.stateHash());
          expect(fast.depth()).toEqual(naive.depth());
          fast.checkInvariants();
          naive.checkInvariants();
        }
      }),
      { numRuns: 150 },
    );
  });

  it("trades by price, then time, at the maker's price, as the plainest matcher does", () => {
    fc.assert(
      fc.property(flows, (commands) => {
        const market = listed(new FastBook(ORDERS_MAX));
        const oracle = new Oracle();
        const tables = new Tables();
        for (const command of commands) {
          const effects = step(market, command);
          tables.apply(effects);
          const fills = rowsOf(effects.rows["trades"]!).map((row) =>
            ["maker_order", "taker_order", "price", "quantity"].map((column) => row[column]),
          );
          expect(fills).toEqual(oracle.take(command));
          const rows = tables.rows("book").sort(byOrder);
          const resting = oracle.resting.toSorted((a, b) => a.orderId - b.orderId);
          expect(rows.map((row) => [row["order_id"], row["leaves"]])).toEqual(
            resting.map(({ orderId, leaves }) => [orderId, leaves]),
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it("accounts for every unit of every order: filled, ended, reduced or resting", () => {
    fc.assert(
      fc.property(flows, (commands) => {
        const market = listed(new FastBook(ORDERS_MAX));
        const open = new Map<number, number>();
        const tables = new Tables();
        for (const command of commands) {
          if (command.kind === "enter") open.set(command.orderId, command.quantity);
          const effects = step(market, command);
          tables.apply(effects);
          settle(open, effects);
        }
        const resting = tables.rows("book").map((row) => [row["order_id"], row["leaves"]]);
        const left = [...open].filter(([, leaves]) => leaves > 0);
        expect(new Map(left)).toEqual(new Map(resting as [number, number][]));
      }),
      { numRuns: 150 },
    );
  });

  it("has the depth that its events alone tell", () => {
    fc.assert(
      fc.property(flows, (commands) => {
        const market = listed(new FastBook(ORDERS_MAX));
        const depth = new DepthBook();
        const tables = new Tables();
        for (const command of commands) {
          const effects = step(market, command);
          tables.apply(effects);
          for (const event of eventsOf(effects)) {
            if (event.kind === "depth") depth.set(event.side, event.price, event.quantity);
          }
          for (const side of [Side.Buy, Side.Sell]) {
            expect(depth.levels(side)).toEqual(levels(tables, side));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("goes on as if nothing had happened when it is restored after any batch", () => {
    const cuts = fc.array(fc.constantFrom("go on", "end batch", "restore"), { minLength: 80 });
    fc.assert(
      fc.property(flows, cuts, (commands, cuts) => {
        const whole = listed(new FastBook(ORDERS_MAX));
        const tables = new Tables();
        let market = listed(new FastBook(ORDERS_MAX));
        const parts: Effects[] = [];
        commands.forEach((command, at) => {
          give(whole, command);
          give(market, command);
          if (cuts[at] === "go on") return;
          const effects = market.takeEffects();
          tables.apply(effects);
          parts.push(effects);
          if (cuts[at] === "restore") {
            market = restored(market, effects, tables, new FastBook(ORDERS_MAX));
          }
          expect(market.stateHash()).toBe(whole.stateHash());
        });
        parts.push(market.takeEffects());
        tables.apply(parts.at(-1)!);
        const wholeEffects = whole.takeEffects();
        expect(parts.flatMap(eventsOf)).toEqual(eventsOf(wholeEffects));
        for (const shard of SHARDS) {
          const answers = parts.flatMap((effects) => answersTo(effects, shard));
          expect(answers).toEqual(answersTo(wholeEffects, shard));
        }
        expect(tables.rows("trades")).toEqual(rowsOf(wholeEffects.rows["trades"]!));
        expect(tables.rows("book").sort(byOrder)).toEqual(
          rowsOf(wholeEffects.rows["book"]!).sort(byOrder),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("keeps its rules over a long cancel-heavy flow", () => {
    const market = listed(new FastBook());
    const tables = new Tables();
    let commands = 0;
    const flow = { seed: 7, commands: 20_000, shards: 2, mid: 1_000, spread: 40, standing: 300 };
    for (const command of cancelHeavyFlow(flow)) {
      give(market, command);
      commands += 1;
      if (commands % 1_000 !== 0) continue;
      market.checkInvariants();
      const effects = market.takeEffects();
      tables.apply(effects);
      expect(restored(market, effects, tables).stateHash()).toBe(market.stateHash());
    }
    expect(market.tradesExecuted).toBeGreaterThan(100);
    expect(market.tradesExecuted).toBe(tables.rows("trades").length);
    const quantities = tables.rows("trades").map((row) => row["quantity"] as number);
    expect(market.tradeVolume).toBe(quantities.reduce((sum, quantity) => sum + quantity, 0));
  });
});

/** Takes what the shards are told off what is open of each order; never below nothing. */
function settle(open: Map<number, number>, effects: Effects): void {
  const lower = (orderId: number, by: number, leaves: number): void => {
    const left = open.get(orderId)! - by;
    expect(left).toBe(leaves);
    open.set(orderId, left);
  };
  const told = SHARDS.map((shard) => answersTo(effects, shard));
  // A trade of two shards is told to both and counts once.
  const trades = new Map<number, TradeReport>();
  for (const answer of told.flat()) {
    if (answer.kind === "trade") trades.set(answer.tradeId, answer);
  }
  for (const trade of [...trades.values()].sort((a, b) => a.tradeId - b.tradeId)) {
    lower(trade.makerOrder, trade.quantity, trade.makerLeaves);
    lower(trade.takerOrder, trade.quantity, trade.takerLeaves);
  }
  for (const answer of told.flat()) {
    if (answer.kind === "ended") lower(answer.orderId, answer.leaves, 0);
    if (answer.kind === "rested") lower(answer.orderId, 0, answer.leaves);
    if (answer.kind === "reduced") open.set(answer.orderId, answer.leaves);
  }
}

/** The stored levels of a side, the best first. */
function levels(tables: Tables, side: Side): [number, number][] {
  const sums = new Map<number, number>();
  for (const row of tables.rows("book")) {
    if (row["side"] !== side) continue;
    const price = row["price"] as number;
    sums.set(price, (sums.get(price) ?? 0) + (row["leaves"] as number));
  }
  return [...sums].sort(([a], [b]) => (side === Side.Buy ? b - a : a - b));
}

/** What the market's successor makes of its rows. */
function restored(market: Market, effects: Effects, tables: Tables, book = new FastBook()): Market {
  const links = Links.restore([...market.links.all()]);
  const record = { id: MARKET_ID, state: effects.state };
  const successor = Market.restore(record, links, book);
  tables.loadMarket((table, rows) => successor.loadPage(table, rows), 7);
  successor.finishLoading();
  successor.checkInvariants();
  return successor;
}
