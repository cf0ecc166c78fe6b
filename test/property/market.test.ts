import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { type EngineMaker, Market } from "../../actors/market/market.js";
import { type EnterOrder, plainOrder } from "../../actors/market/messages.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import type { Effects } from "../../actors/kernel/actor.js";
import { Links } from "../../actors/kernel/links.js";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import { Phase } from "../../actors/market/phase.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import {
  answersTo,
  eventsOf,
  give,
  INSTRUMENT,
  list,
  MARKET_ID,
  orderOf,
} from "../helpers/market.js";
import { cancelHeavyFlow, type OrderCommand } from "../helpers/orderflow.js";
import type { Row } from "../../services/ports/store.js";
import { rowsOf, Tables } from "../helpers/tables.js";
import { type Happening, wholeFlows } from "../helpers/whole-flow.js";

const SHARDS = [1, 2];
/** Small enough that books are full now and then. */
const ORDERS_MAX = 6;
const LIMITS = { restingOrdersMax: ORDERS_MAX };
/** Few enough that all of them are met, and more than one order expires at a time. */
const SMALL_LIMITS = { restingOrdersMax: 12, levelsPerSideMax: 5, expiriesAtOnceMax: 2 };

const fast: EngineMaker = (state) => new FastEngine(state, LIMITS);
const naive: EngineMaker = (state) => new NaiveEngine(state, LIMITS);
const fastSmall: EngineMaker = (state) => new FastEngine(state, SMALL_LIMITS);
const naiveSmall: EngineMaker = (state) => new NaiveEngine(state, SMALL_LIMITS);

const PLAIN = { account: 1, timeInForce: TimeInForce.GoodTillCancel, quantity: 1 };
const TRAILING_STOP = plainOrder({ ...PLAIN, orderId: orderOf(1), side: Side.Sell, price: 95 });
const BID = plainOrder({ ...PLAIN, orderId: orderOf(2), side: Side.Buy, price: 105 });
const ASK = plainOrder({ ...PLAIN, orderId: orderOf(3), side: Side.Sell, price: 95 });
/** A trade at 105 leads the stop to 102; it is amended to 101, and comes to 102 again at once. */
const BACK_WHERE_IT_WAS: Happening[] = [
  { ...TRAILING_STOP, type: OrderType.Stop, stopPrice: 97, trail: 3 },
  BID,
  ASK,
  { kind: "amend" as const, orderId: orderOf(1), price: 0, change: 0, stopPrice: 101, display: 0 },
].map((command) => ({ time: 1_000_000_000, command }));

type PlainTerms = Pick<EnterOrder, "account" | "side" | "timeInForce" | "price" | "quantity">;

type Draw =
  | { readonly kind: "enter"; readonly order: PlainTerms }
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
        return plainOrder({ orderId: orderOf(count), ...draw.order });
      }
      const orderId = orderOf(1 + (draw.pick % (count + 1)));
      if (draw.kind === "cancel") return { kind: "cancel", orderId };
      return { kind: "reduce", orderId, leaves: draw.leaves };
    });
  });

function listed(engineOf?: EngineMaker, referencePrice = INSTRUMENT.referencePrice): Market {
  const market = Market.create(MARKET_ID, engineOf);
  list(market, SHARDS.length, { referencePrice });
  market.takeEffects();
  return market;
}

/** A batch of its own. */
function happen(market: Market, { time, command }: Happening): void {
  market.advance(time);
  if (command) give(market, command);
}

/** Is there something to do at once? */
function isDueNow(market: Market, time: number): boolean {
  return market.due() <= time;
}

function step(market: Market, command: OrderCommand): Effects {
  give(market, command);
  return market.takeEffects();
}

/**
 * Everything a market says and writes, to compare. Terms that were changed and changed back may be written as they are stored
 * already, or not at all.
 */
function said(effects: Effects, tables: Tables): unknown {
  const stored = new Map(tables.rows("order_terms").map((row) => [row["order_id"], row]));
  const isNews = (row: Row) => !isDeepStrictEqual(row, stored.get(row["order_id"]));
  tables.apply(effects);
  const rows = (part: string) => rowsOf(effects.rows[part]!).sort(byOrder);
  return {
    answers: SHARDS.map((shard) => answersTo(effects, shard)),
    events: eventsOf(effects),
    trades: rowsOf(effects.rows["trades"]!),
    ...Object.fromEntries(ORDER_PARTS.map((part) => [part, rows(part)])),
    order_terms: rows("order_terms").filter(isNews),
    state: effects.state,
  };
}

const ORDER_PARTS = ["book", "book_changed", "book_removed", "order_terms", "order_terms_removed"];

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
  it("says and writes the same with the fast and the naive engine, batch by batch", () => {
    fc.assert(
      fc.property(wholeFlows, (happenings) => {
        const one = listed(fastSmall);
        const other = listed(naiveSmall);
        const [tables, otherTables] = [new Tables(), new Tables()];
        for (const happening of happenings) {
          happen(one, happening);
          happen(other, happening);
          const effects = [said(one.takeEffects(), tables), said(other.takeEffects(), otherTables)];
          expect(effects[0]).toEqual(effects[1]);
          expect(one.stateHash()).toBe(other.stateHash());
          expect(one.depth()).toEqual(other.depth());
          expect(isDueNow(one, happening.time)).toBe(isDueNow(other, happening.time));
          one.checkInvariants();
        }
      }),
      { numRuns: 200, examples: [[BACK_WHERE_IT_WAS]] },
    );
  });

  it.each([fast, naive])("trades by price, then time, at the maker's price (%#)", (engineOf) => {
    fc.assert(
      fc.property(flows, (commands) => {
        const market = listed(engineOf);
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

  it("accounts for every unit of every order: filled, ended, reduced, amended or open", () => {
    fc.assert(
      fc.property(wholeFlows, (happenings) => {
        const market = listed(fastSmall);
        const open = new Map<number, number>();
        const tables = new Tables();
        for (const happening of happenings) {
          const { command } = happening;
          if (command?.kind === "enter") open.set(command.orderId, command.quantity);
          happen(market, happening);
          const effects = market.takeEffects();
          tables.apply(effects);
          settle(open, effects);
        }
        const rows = tables.rows("book").map((row) => [row["order_id"], row["leaves"]]);
        const left = [...open].filter(([, leaves]) => leaves > 0);
        expect(new Map(left)).toEqual(new Map(rows as [number, number][]));
      }),
      { numRuns: 200 },
    );
  });

  it("has the depth and the phase that its events alone tell", () => {
    fc.assert(
      fc.property(wholeFlows, (happenings) => {
        const market = listed(fastSmall);
        const depth = new DepthBook();
        const tables = new Tables();
        let phase: number = Phase.Continuous;
        for (const happening of happenings) {
          happen(market, happening);
          const effects = market.takeEffects();
          tables.apply(effects);
          for (const event of eventsOf(effects)) {
            if (event.kind === "depth") depth.set(event.side, event.price, event.quantity);
            if (event.kind === "phase") phase = event.phase;
          }
          for (const side of [Side.Buy, Side.Sell]) {
            expect(depth.levels(side)).toEqual(levels(tables, side));
          }
          expect(market.state.phase).toBe(phase);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("goes on as if nothing had happened when it is restored after any batch", () => {
    const cuts = fc.array(fc.constantFrom("go on", "end batch", "restore"), { minLength: 150 });
    fc.assert(
      fc.property(wholeFlows, cuts, (happenings, cuts) => {
        const whole = listed(fastSmall);
        const tables = new Tables();
        let market = listed(fastSmall);
        const parts: Effects[] = [];
        happenings.forEach((happening, at) => {
          happen(whole, happening);
          happen(market, happening);
          if (cuts[at] === "go on") return;
          const effects = market.takeEffects();
          tables.apply(effects);
          parts.push(effects);
          if (cuts[at] === "restore") market = restored(market, effects, tables, fastSmall);
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
        for (const table of ["book", "order_terms"]) {
          expect(tables.rows(table).sort(byOrder)).toEqual(
            rowsOf(wholeEffects.rows[table]!).sort(byOrder),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps its rules over a long cancel-heavy flow", () => {
    const market = listed(undefined, 1_000);
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

/** Takes what the shards are told off what is open of each order, in the order in which it is told; never below nothing. */
function settle(open: Map<number, number>, effects: Effects): void {
  const lower = (orderId: number, by: number, leaves: number): void => {
    const left = open.get(orderId)! - by;
    expect(left).toBe(leaves);
    open.set(orderId, left);
  };
  for (const shard of SHARDS) {
    for (const answer of answersTo(effects, shard)) {
      const isOurs = (orderId: number) => shardOfOrder(orderId) === shard;
      if (answer.kind === "trade") {
        const { makerOrder, takerOrder, quantity } = answer;
        if (isOurs(makerOrder)) lower(makerOrder, quantity, answer.makerLeaves);
        if (isOurs(takerOrder)) lower(takerOrder, quantity, answer.takerLeaves);
      } else if (answer.kind === "ended") {
        lower(answer.orderId, answer.leaves, 0);
      } else if (answer.kind === "reduced" || answer.kind === "amended") {
        open.set(answer.orderId, answer.leaves);
      } else if ("leaves" in answer) {
        lower(answer.orderId, 0, answer.leaves);
      }
    }
  }
}

/** The stored levels of a side, the best first. */
function levels(tables: Tables, side: Side): [number, number][] {
  const sums = new Map<number, number>();
  for (const row of tables.rows("book")) {
    if (row["side"] !== side) continue;
    const price = row["price"] as number;
    const shown = row["shown"] as number;
    if (shown > 0) sums.set(price, (sums.get(price) ?? 0) + shown);
  }
  return [...sums].sort(([a], [b]) => (side === Side.Buy ? b - a : a - b));
}

/** What the market's successor makes of its rows. */
function restored(
  market: Market,
  effects: Effects,
  tables: Tables,
  engineOf?: EngineMaker,
): Market {
  const links = Links.restore([...market.links.all()]);
  const record = { id: MARKET_ID, state: effects.state };
  const successor = Market.restore(record, links, engineOf);
  tables.loadMarket((table, rows) => successor.loadPage(table, rows), 7);
  successor.finishLoading();
  successor.checkInvariants();
  return successor;
}
