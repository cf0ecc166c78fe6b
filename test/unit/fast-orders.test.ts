/**
 * What the fast engine keeps orders in: slots, the index by id, the heap of expiries, the hash of
 * what changed.
 */
import { strict as assert } from "node:assert";
import { describe, expect, it } from "vitest";
import { StateHash } from "../../actors/kernel/hash.js";
import { orderIdOf } from "../../actors/kernel/ids.js";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import type { OpenOrder } from "../../actors/market/engine.js";
import { ExpiryHeap } from "../../actors/market/fast/expiry-heap.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { OrderIndex } from "../../actors/market/fast/order-index.js";
import { OrderRecord } from "../../actors/market/fast/order-record.js";
import { OrderStore } from "../../actors/market/fast/order-store.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { hashOrder } from "../../actors/market/order-hash.js";
import { Desk } from "../helpers/engine.js";
import { randomNumbers } from "../helpers/orderflow.js";

const GOOD = TimeInForce.GoodTillCancel;

function entryOf(orderId: number, terms: Partial<OrderEntry> = {}): OrderEntry {
  return Object.assign(new OrderEntry().reset(orderId, 7, Side.Buy, 100, 10, GOOD), terms);
}

describe("slots", () => {
  it("hold all terms of an order, the rare ones too", () => {
    const orders = new OrderStore();
    const terms = {
      owner: 2 ** 47,
      account: 2 ** 48,
      side: Side.Sell,
      type: OrderType.StopLimit,
      timeInForce: TimeInForce.GoodTillDate,
      price: 10 ** 12,
      quantity: 10 ** 12 - 1,
      stopPrice: 10 ** 12 - 7,
      display: 123_456_789_012,
      expires: 1_900_000_000_000_000,
      pair: 2 ** 52,
      selfTrade: SelfTrade.Decrement,
      postOnly: true,
      trail: 10 ** 12 - 11,
    };
    const slot = orders.open(entryOf(2 ** 53 - 1, terms));
    const { quantity, ...same } = terms;
    const record = new OrderRecord().read(orders, slot);
    expect(record).toMatchObject({
      ...same,
      orderId: 2 ** 53 - 1,
      leaves: quantity,
      shown: 0,
      priority: 0,
    });
    expect(orders.isOrdinary(slot)).toBe(false);
  });

  it("are given out again, and keep nothing of the order before", () => {
    const orders = new OrderStore();
    const first = orders.open(entryOf(1, { display: 3, pair: 9, postOnly: true }));
    orders.close(first);
    expect(orders.isOpen(first)).toBe(false);
    const second = orders.open(entryOf(2));
    expect(second).toBe(first);
    expect([orders.display(second), orders.pair(second)]).toEqual([0, 0]);
    expect([orders.isPostOnly(second), orders.isOrdinary(second)]).toEqual([false, true]);
  });

  it("keep their orders as their number grows", () => {
    const orders = new OrderStore();
    const slots = Array.from({ length: 5_000 }, (_, n) =>
      orders.open(entryOf(n + 1, n % 3 === 0 ? { display: n + 1 } : {})),
    );
    expect(new Set(slots).size).toBe(slots.length);
    slots.forEach((slot, n) => {
      assert.equal(orders.orderId(slot), n + 1);
      assert.equal(orders.display(slot), n % 3 === 0 ? n + 1 : 0);
    });
  });
});

describe("the index", () => {
  /** Ids as shards give them: in sequence, each shard from where it is. */
  const sequences: readonly (readonly [string, (n: number) => number])[] = [
    ["of one shard", (n) => orderIdOf(n + 1, 1)],
    ["of four shards", (n) => orderIdOf(1_000_000 + (n >>> 2), 1 + (n & 3))],
    ["of shards far apart", (n) => orderIdOf(n % 2 === 0 ? n : n + 2 ** 40, 1 + (n % 7))],
    ["that are small", (n) => n + 1],
  ];

  it.each(sequences)("finds and forgets ids %s", (_, idOf) => {
    const orders = new OrderStore();
    const index = new OrderIndex(orders);
    const random = randomNumbers(3);
    const slots = new Map<number, number>();
    for (let n = 0; n < 20_000; n++) {
      const orderId = idOf(n);
      const slot = orders.open(entryOf(orderId));
      index.add(slot);
      slots.set(orderId, slot);
      assert.equal(index.find(orderId), slot);
      // Most go soon, some stay.
      const gone = idOf(Math.max(0, n - random(50)));
      const old = slots.get(gone);
      assert.equal(index.find(gone), old ?? 0);
      if (old === undefined || random(20) === 0) continue;
      index.remove(old);
      orders.close(old);
      slots.delete(gone);
      assert.equal(index.find(gone), 0);
    }
    index.checkInvariants();
    expect(index.count).toBe(slots.size);
    for (const [orderId, slot] of slots) assert.equal(index.find(orderId), slot);
    expect(index.find(idOf(20_001))).toBe(0);
  });

  it("takes no id twice", () => {
    const orders = new OrderStore();
    const index = new OrderIndex(orders);
    index.add(orders.open(entryOf(5)));
    expect(() => index.add(orders.open(entryOf(5)))).toThrow("order 5 is open already");
  });

  it("takes out nothing that is not there", () => {
    const orders = new OrderStore();
    const slot = orders.open(entryOf(5));
    expect(() => new OrderIndex(orders).remove(slot)).toThrow(
      "an order that is taken out of the index is in it",
    );
  });
});

it("expiries come in the order of (expiry, priority), whoever ended or moved meanwhile", () => {
  const orders = new OrderStore();
  const heap = new ExpiryHeap(orders);
  const random = randomNumbers(11);
  const live = new Map<number, { expires: number; priority: number }>();
  let priority = 0;
  const give = (slot: number): void => {
    priority += 1;
    orders.setPriority(slot, priority);
    heap.add(slot);
    live.set(slot, { expires: orders.expires(slot), priority });
  };
  for (let n = 0; n < 1_500; n++) {
    if (random(5) < 3) {
      give(
        orders.open(
          entryOf(n + 1, { timeInForce: TimeInForce.GoodTillDate, expires: 1 + random(300) }),
        ),
      );
    } else if (live.size > 0) {
      const slot = [...live.keys()][random(live.size)]!;
      heap.noteGone();
      if (random(3) === 0) {
        give(slot);
      } else {
        live.delete(slot);
        orders.close(slot);
      }
    }
    const [first] = [...live].sort(
      ([, a], [, b]) => a.expires - b.expires || a.priority - b.priority,
    );
    assert.equal(heap.first(), first?.[0] ?? 0);
    if (n % 500 === 0) heap.checkInvariants(live.size);
  }
});

describe("rows and hash", () => {
  interface Told {
    readonly changed: string[];
    readonly removed: string[];
  }

  function takeRows(desk: Desk): Told {
    const told: Told = { changed: [], removed: [] };
    desk.engine.takeRows({
      changed: ({ orderId, leaves }: OpenOrder, isNew, hasNewTerms) => {
        told.changed.push(
          `${orderId}:${leaves}${isNew ? " new" : ""}${hasNewTerms ? " terms" : ""}`,
        );
      },
      removed: (orderId, isOrdinary) => {
        told.removed.push(`${orderId}${isOrdinary ? "" : " with terms"}`);
      },
    });
    return { changed: told.changed.sort(), removed: told.removed.sort() };
  }

  function hashOfAll({ engine }: Desk): number {
    const hash = new StateHash();
    for (const side of [Side.Buy, Side.Sell]) {
      for (const order of engine.book(side)) hashOrder(hash, order);
    }
    for (const order of engine.waiting()) hashOrder(hash, order);
    return hash.value();
  }

  function hashOfEngine({ engine }: Desk): number {
    const hash = new StateHash();
    engine.addTo(hash);
    return hash.value();
  }

  it("an order that comes and goes between two batches leaves no row, and its slot another's", () => {
    const desk = new Desk(FastEngine);
    desk.buy(1, 99, 5);
    desk.cancel(1);
    desk.buy(2, 98, 5);
    expect(takeRows(desk)).toEqual({ changed: ["2:5 new"], removed: [] });
    desk.cancel(2);
    desk.buy(3, 97, 5);
    expect(takeRows(desk)).toEqual({ changed: ["3:5 new"], removed: ["2"] });
    expect(takeRows(desk)).toEqual({ changed: [], removed: [] });
  });

  it("are of what an order was stored as", () => {
    const desk = new Desk(FastEngine);
    desk.sell(1, 101, 9, { pair: 2, display: 3 });
    desk.sell(2, 119, 9, { pair: 1 });
    expect(takeRows(desk)).toEqual({ changed: ["1:9 new", "2:9 new"], removed: [] });
    desk.buy(3, 101, 1);
    expect(takeRows(desk)).toEqual({ changed: ["1:8 terms"], removed: ["2 with terms"] });
    desk.reduce(1, 7);
    expect(takeRows(desk)).toEqual({ changed: ["1:7"], removed: [] });
    desk.cancel(1);
    expect(takeRows(desk)).toEqual({ changed: [], removed: ["1 with terms"] });
  });

  it("the hash is that of all orders whenever it is asked for, and asking changes nothing", () => {
    const desk = new Desk(FastEngine);
    const random = randomNumbers(5);
    for (let n = 1; n < 600; n++) {
      const price = 90 + random(20);
      if (random(3) > 0)
        desk.enter(n, random(2) === 0 ? Side.Buy : Side.Sell, price, 1 + random(9));
      else desk.cancel(Math.max(1, n - random(20)));
      if (random(4) === 0) assert.equal(hashOfEngine(desk), hashOfAll(desk));
      if (random(4) === 0) assert.equal(hashOfEngine(desk), hashOfAll(desk));
      if (random(10) === 0) takeRows(desk);
      if (random(10) === 0) desk.engine.checkInvariants();
    }
    expect(hashOfEngine(desk)).toBe(hashOfAll(desk));
  });
});
