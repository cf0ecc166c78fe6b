/** Watching: what is counted of an account, from how many on it is warned, and that nothing else comes of it. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import {
  type AccountEvent,
  decodeAccountEvents,
  decodeBlocks,
} from "../../actors/ledger/account-events.js";
import { NO_NEW_TERMS, NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { type Counts, isWorthAWarning, WarningKind } from "../../actors/ledger/warnings.js";
import { ALICE, BOB, MARKET, QUOTE, type Step, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 10 ** 9, quote: 10 ** 9 };
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
/** In the middle of a window. */
const START = 1_000 * MINUTE + 30 * SECOND;

function warningsIn(step: Step): readonly AccountEvent[] {
  return step.events.filter(({ kind }) => kind === "warning");
}

/** One teller, at whose market nothing trades unless it is said so. */
class Scene {
  readonly teller = new Teller(FUNDS);
  readonly warned: AccountEvent[] = [];
  private orders = 0;

  constructor() {
    this.teller.time = START;
  }

  seen(step: Step): Step {
    this.warned.push(...warningsIn(step));
    return step;
  }

  place(account = ALICE, side: Side = Side.Buy): number {
    this.orders += 1;
    const terms = { account, side, clientOrderId: `o-${this.orders}` };
    const [accepted] = this.seen(this.teller.place(terms)).events;
    return accepted?.kind === "accepted" ? accepted.orderId : 0;
  }

  placePair(): [number, number] {
    this.orders += 1;
    const leg = { instrument: MARKET, side: Side.Buy, timeInForce: 1, quantity: 10 };
    const limit = {
      ...NO_OTHER_TERMS,
      ...leg,
      type: 1,
      price: 100,
      clientOrderId: `p-${this.orders}`,
    };
    const stop = {
      ...limit,
      type: 4,
      price: 105,
      stopPrice: 105,
      clientOrderId: `q-${this.orders}`,
    };
    const { events } = this.seen(
      this.teller.ask({ kind: "place-pair", account: ALICE, legs: [limit, stop] }),
    );
    const ids = events.flatMap((event) => (event.kind === "accepted" ? [event.orderId] : []));
    return ids as [number, number];
  }

  places(count: number, account = ALICE): number[] {
    return Array.from({ length: count }, () => this.place(account));
  }

  end(orderId: number, code: Code = Code.CANCELLED_BY_CLIENT): Step {
    return this.seen(this.teller.answer({ kind: "ended", orderId, leaves: 10, code, sequence: 1 }));
  }

  /** Asks for it, and no market has to answer: it is held for review. */
  cancel(orderId: number): Step {
    const request = { request: OrderRequest.Cancel, leaves: 0, ...NO_NEW_TERMS } as const;
    const name = { account: ALICE, orderId, clientOrderId: "" };
    return this.seen(this.teller.ask({ kind: "amend", ...name, ...request }));
  }

  trade(makerOrder: number, takerOrder: number): Step {
    const parties = {
      makerOrder,
      takerOrder,
      takerSide: Side.Sell,
      makerLeaves: 0,
      takerLeaves: 0,
    };
    const terms = { instrument: MARKET, tradeId: takerOrder, price: 100, quantity: 10 };
    return this.seen(
      this.teller.answer({ kind: "trade", ...parties, ...terms, isAuction: false, sequence: 1 }),
    );
  }

  get kinds(): unknown[] {
    return this.warned.map((event) => (event.kind === "warning" ? event.warning : event));
  }
}

describe("the cancel rate", () => {
  it("is warned of above four fifths of at least twenty orders, once in a window", () => {
    const scene = new Scene();
    const orders = scene.places(20);
    for (const orderId of orders.slice(0, 16)) scene.end(orderId);
    expect(scene.warned).toEqual([]);
    const { events } = scene.end(orders[16]!);
    const counts = { orders: 20, amends: 0, cancels: 17, trades: 0, selfTrades: 0, usualOrders: 0 };
    const warning = WarningKind.CancelRate;
    expect(events).toMatchObject([
      { kind: "ended" },
      { kind: "warning", warning, window: 1_000 * MINUTE, ...counts },
    ]);
    scene.end(orders[17]!);
    expect(scene.warned).toHaveLength(1);
  });

  it("means nothing with fewer orders, and nothing for orders that others have ended", () => {
    const scene = new Scene();
    for (const orderId of scene.places(19)) scene.end(orderId);
    for (const orderId of scene.places(20, BOB)) scene.end(orderId, Code.CANCELLED_BY_OPERATOR);
    expect(scene.warned).toEqual([]);
  });

  it("is counted anew in each window, and warned of again", () => {
    const scene = new Scene();
    const orders = scene.places(20);
    scene.teller.time += MINUTE;
    // They are of the window before.
    for (const orderId of orders) scene.end(orderId);
    const next = scene.places(20);
    expect(scene.warned).toEqual([]);
    for (const orderId of next) scene.end(orderId);
    expect(scene.kinds).toEqual([WarningKind.CancelRate]);
    scene.teller.time += MINUTE;
    for (const orderId of scene.places(20)) scene.end(orderId);
    expect(scene.kinds).toEqual([WarningKind.CancelRate, WarningKind.CancelRate]);
  });
});

describe("what a client cancels", () => {
  it("counts when it was held for review as when it was at its market", () => {
    const scene = new Scene();
    const { teller } = scene;
    teller.ask({ kind: "set-review-limit", account: ALICE, asset: QUOTE, value: 1 });
    for (const orderId of scene.places(20)) scene.cancel(orderId);
    expect(scene.warned).toMatchObject([{ orders: 20, cancels: 17 }]);
  });

  it("counts for both orders of a pair, as their acceptance did, held for review or not", () => {
    const scene = new Scene();
    for (let n = 0; n < 10; n++) {
      const [first, second] = scene.placePair();
      scene.end(first);
      scene.end(second, Code.PAIR_DONE);
    }
    expect(scene.warned).toMatchObject([{ orders: 20, cancels: 18 }]);
    const other = new Scene();
    other.teller.ask({ kind: "set-review-limit", account: ALICE, asset: QUOTE, value: 1 });
    const pairs = Array.from({ length: 10 }, () => other.placePair());
    for (const [, second] of pairs) other.cancel(second);
    expect(other.warned).toMatchObject([{ orders: 20, cancels: 18 }]);
  });

  it("is one order where the other of its pair had traded or ended", () => {
    const scene = new Scene();
    const pairs = Array.from({ length: 10 }, () => scene.placePair());
    for (const [first, second] of pairs) {
      scene.end(second, Code.EXPIRED);
      scene.end(first);
    }
    expect(scene.warned).toEqual([]);
  });
});

describe("a self-trade", () => {
  it("that was prevented is warned of at once, and its order's account alone", () => {
    const scene = new Scene();
    const { events } = scene.end(scene.place(), Code.SELF_TRADE_PREVENTED);
    expect(events).toMatchObject([
      { kind: "ended" },
      { kind: "warning", warning: WarningKind.SelfTrade, selfTrades: 1, cancels: 0 },
    ]);
  });

  it("that happened is warned of, after both of its sides", () => {
    const scene = new Scene();
    const { events } = scene.trade(scene.place(), scene.place(ALICE, Side.Sell));
    expect(events).toMatchObject([
      { kind: "filled" },
      { kind: "filled" },
      { kind: "warning", warning: WarningKind.SelfTrade, selfTrades: 1, trades: 2 },
    ]);
    scene.trade(scene.place(), scene.place(BOB, Side.Sell));
    expect(scene.warned).toHaveLength(1);
  });

  it("is one between accounts of a group too, and both are warned", () => {
    const scene = new Scene();
    for (const account of [ALICE, BOB]) scene.teller.ask({ kind: "set-group", account, group: 3 });
    const { effects } = scene.trade(scene.place(), scene.place(BOB, Side.Sell));
    const warned = decodeBlocks(effects.events!).filter(({ bytes }) =>
      decodeAccountEvents(bytes).some(({ kind }) => kind === "warning"),
    );
    expect(warned.map(({ account }) => account).sort((a, b) => a - b)).toEqual([ALICE, BOB]);
    expect(scene.kinds).toEqual([WarningKind.SelfTrade, WarningKind.SelfTrade]);
  });
});

describe("orders to trades", () => {
  const counts = { orders: 400, amends: 50, cancels: 50, selfTrades: 0, usualOrders: 400 };
  const isWorth = (changes: Partial<Counts>) =>
    isWorthAWarning(WarningKind.OrderToTrade, { ...counts, trades: 4, ...changes });

  it("are warned of above a hundred orders, amends and cancels for each trade, from five hundred on", () => {
    expect(isWorth({})).toBe(true);
    expect(isWorth({ trades: 5 })).toBe(false);
    expect(isWorth({ trades: 5, amends: 51 })).toBe(true);
    expect(isWorth({ trades: 0 })).toBe(true);
    expect(isWorth({ trades: 0, cancels: 49 })).toBe(false);
  });
});

describe("a spike", () => {
  it("is more than ten times the usual orders, and of an account without any more than two hundred", () => {
    const none = { orders: 0, amends: 0, cancels: 0, trades: 0, selfTrades: 0 };
    const isSpike = (orders: number, usualOrders: number) =>
      isWorthAWarning(WarningKind.OrderSpike, { ...none, orders, usualOrders });
    expect([isSpike(200, 0), isSpike(201, 0)]).toEqual([false, true]);
    expect([isSpike(1_000, 100), isSpike(1_001, 100)]).toEqual([false, true]);
  });

  it("is measured by the windows before, of which each counts half of the next", () => {
    const scene = new Scene();
    scene.places(8);
    scene.teller.time += MINUTE;
    scene.places(6);
    scene.teller.time += MINUTE;
    scene.end(scene.place(), Code.SELF_TRADE_PREVENTED);
    expect(scene.warned[0]).toMatchObject({ orders: 1, usualOrders: 5 });
    scene.teller.time += 2 * MINUTE;
    scene.end(scene.place(), Code.SELF_TRADE_PREVENTED);
    expect(scene.warned[1]).toMatchObject({ orders: 1, usualOrders: 1 });
  });
});

describe("what comes of it", () => {
  it("stands in the account's journal in its place, behind both orders of a pair", () => {
    const scene = new Scene();
    const { teller } = scene;
    scene.places(199);
    expect(scene.warned).toEqual([]);
    const leg = { instrument: MARKET, side: Side.Buy, type: 1, timeInForce: 1, price: 100 };
    const order = { ...leg, quantity: 10, ...NO_OTHER_TERMS };
    const step = teller.ask({
      kind: "place-pair",
      account: ALICE,
      legs: [
        { ...order, clientOrderId: "pair-a" },
        { ...order, clientOrderId: "pair-b" },
      ],
    });
    expect(step.events.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "warning"]);
    const row = teller.tables.rows("journal").at(-1)!;
    expect(row).toMatchObject({ account: ALICE, warnings: 1 });
    expect((row["last_sequence"] as number) - (row["first_sequence"] as number)).toBe(2);
    expect(teller.shard.warnings(WarningKind.OrderSpike)).toBe(1);
  });

  it("is told once, though the shard is restored between any two orders", () => {
    const scene = new Scene();
    for (const orderId of scene.places(20)) {
      const hash = scene.teller.shard.stateHash();
      scene.teller.restart();
      expect(scene.teller.shard.stateHash()).toBe(hash);
      scene.end(orderId);
    }
    expect(scene.kinds).toEqual([WarningKind.CancelRate]);
  });

  it("moves no money, and a row of before has the hash that it had", () => {
    const scene = new Scene();
    const before = scene.teller.balance(ALICE, 2);
    scene.end(scene.place(), Code.SELF_TRADE_PREVENTED);
    expect(scene.teller.balance(ALICE, 2)).toEqual(before);
    const { events } = scene.teller.deposit(BOB, 1, 5);
    expect(events).toHaveLength(1);
    const rows = scene.teller.tables.rows("journal").filter((row) => row["account"] === BOB);
    expect(rows.every((row) => row["counted"] === "" && row["warnings"] === 0)).toBe(true);
  });
});
