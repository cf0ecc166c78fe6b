import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNHASHED } from "../../actors/kernel/late-hash.js";
import { AccountState } from "../../actors/ledger/account-state.js";
import type { Account } from "../../actors/ledger/accounts.js";
import { FinishedOrders } from "../../actors/ledger/finished-orders.js";
import { hashOfKey } from "../../actors/ledger/key-table.js";
import { KnownOrders } from "../../actors/ledger/known-orders.js";
import { delist, enlist, liveOrdersOf } from "../../actors/ledger/live-orders.js";
import { type Order, RowChange } from "../../actors/ledger/order.js";
import { OrderTable } from "../../actors/ledger/order-table.js";
import { SlotTable } from "../../actors/ledger/slot-table.js";
import { OrderStatus, SelfTrade } from "../../actors/kernel/order.js";

const ACCOUNTS = [1, 2, 2 ** 48].map(
  (id): Account => ({
    id,
    opened: 0,
    sequence: 0,
    balances: [],
    block: -1,
    openOrders: 0,
    firstLive: null,
    lastLive: null,
    state: AccountState.Active,
    group: 0,
    tier: 0,
    parent: 0,
    watched: null,
    ...UNHASHED,
  }),
);

function accountOf(id: number): Account {
  const found = ACCOUNTS.find((account) => account.id === id);
  if (!found) throw new Error(`account ${id} was never put here`);
  return found;
}

/** One whose every field has a value of its own, as far as an ended one may. */
function ended(id: number, changes: Partial<Order> = {}): Order {
  const { account = ACCOUNTS[id % ACCOUNTS.length]!, clientOrderId = `id-${id}` } = changes;
  return {
    id,
    account,
    clientOrderId,
    keyHash: hashOfKey(account.id, clientOrderId),
    before: null,
    after: null,
    instrument: 1_001,
    side: 77,
    type: 78,
    timeInForce: 79,
    price: 2 ** 53 - 1,
    quantity: 2 ** 52,
    stopPrice: 5,
    display: 6,
    expires: 1_800_000_000_000_001,
    selfTrade: SelfTrade.CancelBoth,
    postOnly: id % 2 === 0,
    reprices: id % 3 === 0,
    trail: 7,
    minQuantity: 8,
    makerFee: -9,
    takerFee: 10,
    makerValue: 11,
    takerValue: 12,
    fees: -13,
    pair: 0,
    amend: null,
    worstPrice: 14,
    isCancelling: id % 5 === 0,
    isPairDone: id % 7 === 0,
    isWaiting: id % 11 === 0,
    reviewUntil: 0,
    filled: 15,
    leaves: 0,
    status: OrderStatus.Cancelled,
    code: 16,
    firstSequence: 17,
    lastSequence: 18,
    created: 1_800_000_000_000_002,
    updated: 1_800_000_000_000_003,
    rowChange: RowChange.None,
    ...UNHASHED,
    ...changes,
  };
}

const live = (id: number, changes: Partial<Order> = {}) =>
  ended(id, { status: OrderStatus.New, leaves: 1, ...changes });

describe("a slot table", () => {
  it("finds what a map finds, whatever was entered and taken out, also where all hashes are alike", () => {
    const step = fc.record({ key: fc.nat(60), takesOut: fc.boolean() });
    const hash = fc.constantFrom(
      (key: number) => key,
      () => -1,
      (key: number) => Math.imul(key, 0x9e3779b1) >>> 0,
      (key: number) => key & 3,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), hash, (steps, hashOf) => {
        const keys: number[] = [];
        const table = new SlotTable<number>(hashOf, (slot, key) => keys[slot] === key);
        const model = new Map<number, number>();
        for (const { key, takesOut } of steps) {
          const slot = model.get(key);
          if (takesOut && slot !== undefined) {
            model.delete(key);
            table.remove(slot, hashOf(key));
          }
          if (takesOut || slot !== undefined) continue;
          model.set(key, keys.length);
          keys.push(key);
          table.add(key, model.get(key)!);
        }
        expect(table.size).toBe(model.size);
        for (let key = 0; key <= 60; key++) expect(table.find(key)).toBe(model.get(key) ?? -1);
      }),
    );
  });

  it("has one slot for a key", () => {
    const table = new SlotTable<number>(
      (key) => key,
      (slot, key) => slot === key,
    );
    table.add(1, 1);
    expect(() => table.add(1, 1)).toThrow("a key has one slot");
    expect(() => table.remove(2, 2)).toThrow("a key that is taken out is here");
  });
});

describe("finished orders", () => {
  it("come back with every field, by either id, from any chunk", () => {
    const finished = new FinishedOrders(3_000, accountOf);
    const all = Array.from({ length: 3_000 }, (_, n) => ended(n * 1_024 + 1));
    for (const order of all) expect(finished.put(order)).toBe(0);
    for (const order of all) {
      expect(finished.find(order.id)).toEqual(order);
      const { account, clientOrderId } = order;
      const hash = hashOfKey(account.id, clientOrderId);
      expect(finished.findByClientId(account, clientOrderId, hash)).toEqual(order);
    }
    expect(finished.find(2)).toBeUndefined();
    const hash = hashOfKey(ACCOUNTS[0]!.id, "id-2");
    expect(finished.findByClientId(ACCOUNTS[0]!, "id-2", hash)).toBeUndefined();
    expect([...finished.ids()]).toEqual(all.map(({ id }) => id));
  });

  it("are forgotten oldest first when there is no room, and changed where they are", () => {
    const finished = new FinishedOrders(3, accountOf);
    for (const id of [1, 2, 3]) finished.put(ended(id, { pair: id + 100 }));
    expect(finished.put(ended(2, { pair: 102, lastSequence: 99 }))).toBe(0);
    expect([...finished.ids()]).toEqual([1, 2, 3]);
    expect(finished.find(2)).toMatchObject({ lastSequence: 99 });
    expect(finished.put(ended(4))).toBe(101);
    expect([...finished.ids()]).toEqual([4, 2, 3]);
    finished.forget(2);
    expect(finished.find(2)).toBeUndefined();
    expect(finished.put(ended(5)), "the place was empty: nobody has lost the other of a pair").toBe(
      0,
    );
    expect([...finished.ids()]).toEqual([4, 5, 3]);
  });

  it("are not those that may still change", () => {
    const finished = new FinishedOrders(3, accountOf);
    expect(() => finished.put(live(1))).toThrow("has ended");
    expect(() => finished.put(ended(1, { amend: { price: 1, change: 0 } }))).toThrow("amended");
    expect(() => finished.put(ended(1, { reviewUntil: 1 }))).toThrow("under review");
  });

  it("are the newest of a plain list's, whatever was put, changed and forgotten", () => {
    const step = fc.record({ id: fc.integer({ min: 1, max: 40 }), forgets: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (steps, max) => {
          const finished = new FinishedOrders(max, accountOf);
          let ring: (Order | undefined)[] = [];
          for (const { id, forgets } of steps) {
            const at = ring.findIndex((order) => order?.id === id);
            if (forgets) {
              finished.forget(id);
              if (at >= 0) ring[at] = undefined;
              continue;
            }
            const order = ended(id, { lastSequence: ring.length });
            finished.put(order);
            if (at >= 0) ring[at] = order;
            else ring = [...ring, order].slice(-max);
          }
          const known = ring.flatMap((order) => (order ? [order] : []));
          expect(new Set(finished.ids())).toEqual(new Set(known.map(({ id }) => id)));
          for (const order of known) expect(finished.find(order.id)).toEqual(order);
        },
      ),
    );
  });
});

describe("the live orders of an account", () => {
  it("stay in the order in which they came, whichever of them go", () => {
    const steps = fc.array(fc.nat({ max: 20 }), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (draws) => {
        const account = { ...ACCOUNTS[0]! };
        let there: Order[] = [];
        for (const [id, at] of draws.entries()) {
          const gone = there[at];
          if (gone) {
            delist(gone);
            there = there.filter((order) => order !== gone);
          } else {
            const order = live(id, { account });
            enlist(order);
            there.push(order);
          }
          expect(liveOrdersOf(account).map((order) => order.id)).toEqual(
            there.map((order) => order.id),
          );
          expect(account.openOrders).toBe(there.length);
        }
      }),
    );
  });

  it("has each once", () => {
    const account = { ...ACCOUNTS[0]! };
    const order = live(1, { account });
    enlist(order);
    delist(order);
    expect(() => {
      delist(order);
    }).toThrow("order 1 is not listed");
  });
});

describe("the table of orders that are objects", () => {
  it("finds those that are in it by both ids, and no others, whatever came and went", () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 90 })), {
      maxLength: 600,
    });
    fc.assert(
      fc.property(steps, (draws) => {
        const table = new OrderTable();
        const there = new Map<number, Order>();
        for (const [isAdded, number] of draws) {
          // Beyond 2^32 too, and the same client order id of several accounts.
          const id = number * 2 ** 26;
          const order = there.get(id);
          if (isAdded && !order) {
            const account = ACCOUNTS[number % ACCOUNTS.length]!;
            const clientOrderId = `id-${number - (number % ACCOUNTS.length)}`;
            const added = live(id, { account, clientOrderId });
            there.set(id, added);
            table.add(added);
          } else if (!isAdded && order) {
            there.delete(id);
            table.remove(order);
          }
        }
        for (let number = 1; number <= 90; number++) {
          const order = there.get(number * 2 ** 26);
          expect(table.find(number * 2 ** 26)).toBe(order);
          const account = ACCOUNTS[number % ACCOUNTS.length]!;
          const clientOrderId = `id-${number - (number % ACCOUNTS.length)}`;
          const hash = hashOfKey(account.id, clientOrderId);
          expect(table.findByClientId(account, clientOrderId, hash)).toBe(order);
        }
        expect(new Set(table.all())).toEqual(new Set(there.values()));
      }),
    );
  });
});

describe("known orders", () => {
  const ids = (known: KnownOrders) => [...known.all()].map(({ id }) => id).sort((a, b) => a - b);

  it("are the same objects for a batch, and keep what it changed of them", () => {
    const known = new KnownOrders(accountOf, 10);
    const order = live(1);
    known.add(order);
    known.settle();
    expect(known.find(1)).toBe(order);
    Object.assign(order, { status: OrderStatus.Filled, leaves: 0 });
    known.end(order);
    expect(known.find(1)).toBe(order);
    known.settle();
    const again = known.find(1)!;
    expect(again).not.toBe(order);
    expect(again).toEqual(order);
    expect(known.findByClientId(order.account, order.clientOrderId)).toBe(again);
    again.lastSequence = 1_000;
    known.settle();
    expect(known.find(1)).toMatchObject({ lastSequence: 1_000 });
    expect(ids(known)).toEqual([1]);
  });

  it("lose both of an ended pair together, also when one ended in the same batch or was just asked for", () => {
    for (const isAsked of [false, true]) {
      const known = new KnownOrders(accountOf, 2);
      known.add(ended(1, { pair: 2 }));
      known.add(ended(2, { pair: 1 }));
      known.settle();
      if (isAsked) known.find(2);
      known.add(ended(3));
      known.settle();
      expect(ids(known)).toEqual([3]);
    }
    const known = new KnownOrders(accountOf, 1);
    known.add(ended(1, { pair: 2 }));
    known.settle();
    known.add(ended(3));
    known.add(ended(2, { pair: 1 }));
    known.settle();
    expect(ids(known)).toEqual([3]);
  });

  it("lose what is left of a pair of which the other was never added, and no live one", () => {
    const known = new KnownOrders(accountOf, 10);
    known.add(ended(1, { pair: 2 }));
    known.add(ended(3, { pair: 4 }));
    known.settle();
    known.add(live(4, { pair: 3 }));
    known.add(ended(5, { pair: 6 }));
    known.add(live(7, { pair: 8 }));
    known.settle();
    known.add(ended(6, { pair: 5 }));
    known.settle();
    known.forgetHalfPairs();
    expect(ids(known)).toEqual([3, 4, 5, 6, 7]);
  });

  it("keep one of a pair that may still trade when the other is forgotten", () => {
    const known = new KnownOrders(accountOf, 1);
    known.add(live(2, { pair: 1 }));
    known.add(ended(1, { pair: 2 }));
    known.settle();
    known.add(ended(3));
    known.settle();
    expect(ids(known)).toEqual([2, 3]);
  });

  it("give a client order id to another when the one that had it is forgotten", () => {
    const known = new KnownOrders(accountOf, 5);
    const first = ended(3, { clientOrderId: "again" });
    known.add(first);
    known.settle();
    known.forget(known.findByClientId(first.account, "again")!);
    const second = ended(6, { clientOrderId: "again" });
    known.add(second);
    known.settle();
    expect(known.findByClientId(first.account, "again")).toEqual(second);
    expect(known.find(3)).toBeUndefined();
  });
});
