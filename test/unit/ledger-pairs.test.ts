/** Pairs of orders in a ledger shard: accepted together, held for once, and given the same answer again. */
import { describe, expect, it } from "vitest";
import { Code, codeName } from "../../actors/kernel/codes.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { Links } from "../../actors/kernel/links.js";
import {
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../actors/kernel/order.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  type ClientCommand,
  encodeLedgerCommand,
  type NewOrder,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import { encodeState } from "../../actors/ledger/state-codec.js";
import {
  ALICE,
  BASE,
  BOB,
  eventsOf,
  give,
  MARKET,
  NOON,
  QUOTE,
  SHARD,
  SLOT,
  type Step,
  Teller,
} from "../helpers/ledger.js";

const FUNDS = 1_000_000;
/** Of the test instrument: quote units for a price unit times a quantity unit. */
const FACTOR = 3;

const limit = (changes: Partial<NewOrder> = {}): NewOrder => ({
  clientOrderId: "limit",
  instrument: MARKET,
  side: Side.Buy,
  type: OrderType.Limit,
  timeInForce: TimeInForce.GoodTillCancel,
  price: 100,
  quantity: 20,
  ...NO_OTHER_TERMS,
  ...changes,
});
const stop = (changes: Partial<NewOrder> = {}): NewOrder =>
  limit({
    clientOrderId: "stop",
    type: OrderType.StopLimit,
    price: 120,
    stopPrice: 110,
    ...changes,
  });

const PAIR: ClientCommand = {
  kind: "place-pair",
  account: ALICE,
  deadline: 0,
  legs: [limit(), stop()],
};

function place(teller: Teller, first = limit(), second = stop(), deadline = 0): Step {
  return teller.ask({ kind: "place-pair", account: ALICE, deadline, legs: [first, second] });
}

/** Places a pair that must be accepted; returns the ids of its orders. */
function placed(teller: Teller, first = limit(), second = stop()): [number, number] {
  const [one, other] = place(teller, first, second).events;
  expect([one?.kind, other?.kind]).toEqual(["accepted", "accepted"]);
  return [(one as { orderId: number }).orderId, (other as { orderId: number }).orderId];
}

const held = (teller: Teller, asset = QUOTE): number => teller.balance(ALICE, asset)[1];

function trade(teller: Teller, orderId: number, price: number, quantity: number, leaves: number) {
  return teller.answer({
    kind: "trade",
    instrument: MARKET,
    tradeId: 1,
    price,
    quantity,
    takerSide: Side.Sell,
    isAuction: false,
    makerOrder: orderId,
    takerOrder: 1_024 * 50 + 500,
    makerLeaves: leaves,
    takerLeaves: 0,
    sequence: 9,
  });
}

const end = (teller: Teller, orderId: number, leaves: number, code: Code = Code.PAIR_DONE) =>
  teller.answer({ kind: "ended", orderId, leaves, code, sequence: 9 });

describe("a pair", () => {
  it("is accepted in one step, each order naming the other, and held for by the larger", () => {
    const teller = new Teller({ quote: FUNDS });
    const { events, sends, replies } = place(teller);
    expect(events).toMatchObject([
      {
        kind: "accepted",
        clientOrderId: "limit",
        pair: (events[1] as { orderId: number }).orderId,
      },
      { kind: "accepted", clientOrderId: "stop", pair: (events[0] as { orderId: number }).orderId },
    ]);
    const [first, second] = events as unknown as { orderId: number }[];
    expect(sends).toMatchObject([
      { kind: "enter", orderId: first!.orderId, pair: second!.orderId },
      { kind: "enter", orderId: second!.orderId, pair: first!.orderId },
    ]);
    expect(second!.orderId).toBeGreaterThan(first!.orderId);
    expect(replies).toEqual([]);
    expect(held(teller)).toBe(120 * 20 * FACTOR);
  });

  it("needs no more than the larger of its orders may cost", () => {
    const teller = new Teller({ quote: 120 * 20 * FACTOR });
    placed(teller);
    const poor = new Teller({ quote: 120 * 20 * FACTOR - 1 });
    const { events } = place(poor);
    const code = Code.INSUFFICIENT_FUNDS;
    expect(events).toMatchObject([
      { kind: "rejected", clientOrderId: "limit", code },
      { kind: "rejected", clientOrderId: "stop", code },
    ]);
    expect(held(poor)).toBe(0);
  });

  it("of sellers holds the larger quantity", () => {
    const teller = new Teller({ base: 100 });
    const side = Side.Sell;
    const [first] = placed(teller, limit({ side, quantity: 50 }), stop({ side, quantity: 30 }));
    expect(held(teller, BASE)).toBe(50);
    end(teller, first, 50, Code.CANCELLED_BY_CLIENT);
    expect(held(teller, BASE)).toBe(30);
  });

  it("gives way to what trades: from then on the other costs nothing, restarted or not", () => {
    const teller = new Teller({ quote: 120 * 20 * FACTOR });
    const [first, second] = placed(teller);
    // What is left now is less than the stop would need.
    trade(teller, first, 100, 20, 0);
    expect(held(teller)).toBe(0);
    expect(teller.order(second)).toMatchObject({ pair: first, pair_done: 1, leaves: 20 });
    teller.restart();
    teller.shard.checkInvariants();
    expect(end(teller, second, 20).events).toMatchObject([{ kind: "ended", code: Code.PAIR_DONE }]);
    expect(held(teller)).toBe(0);
  });

  it("keeps held what is left of the order that has traded a part", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first, second] = placed(teller);
    trade(teller, second, 115, 10, 10);
    expect(held(teller)).toBe(120 * 10 * FACTOR);
    end(teller, first, 20);
    expect(held(teller)).toBe(120 * 10 * FACTOR);
    end(teller, second, 10, Code.CANCELLED_BY_CLIENT);
    expect(held(teller)).toBe(0);
  });

  it("holds what the other costs by itself when one ends", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first, second] = placed(teller);
    teller.answer({ kind: "triggered", orderId: second, leaves: 20, sequence: 9 });
    end(teller, first, 20);
    expect(held(teller)).toBe(120 * 20 * FACTOR);
    const again = new Teller({ quote: FUNDS });
    const [, other] = placed(again);
    end(again, other, 20, Code.STOP_ALREADY_TRIGGERED);
    expect(held(again)).toBe(100 * 20 * FACTOR);
  });

  it("is held for at its worst while one of its orders is amended", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first] = placed(teller);
    const ask = (quantity: number) =>
      teller.ask({
        kind: "amend",
        account: ALICE,
        request: OrderRequest.Amend,
        orderId: first,
        clientOrderId: "",
        leaves: 0,
        ...NO_NEW_TERMS,
        quantity,
      });
    ask(30);
    expect(held(teller)).toBe(100 * 30 * FACTOR);
    const terms = { price: 100, leaves: 30, stopPrice: 0, display: 0 };
    teller.answer({ kind: "amended", orderId: first, ...terms, sequence: 9 });
    expect(held(teller)).toBe(100 * 30 * FACTOR);
    // The other one is the larger again.
    ask(10);
    teller.answer({ kind: "amended", orderId: first, ...terms, leaves: 10, sequence: 9 });
    expect(held(teller)).toBe(120 * 20 * FACTOR);
    teller.answer({ kind: "reduced", orderId: first, leaves: 5, code: Code.OK, sequence: 9 });
    expect(held(teller)).toBe(120 * 20 * FACTOR);
  });

  it("stops the shard if a market trades the order that its pair has ended", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first, second] = placed(teller);
    trade(teller, first, 100, 10, 10);
    expect(() => trade(teller, second, 100, 10, 10)).toThrow(/though its pair has/);
  });
});

const CANNOT_BE: readonly (readonly [
  code: Code,
  leg: number,
  first: NewOrder,
  second: NewOrder,
])[] = [
  [Code.PAIR_SIDES_DIFFER, 0, limit(), stop({ side: Side.Sell })],
  [Code.PAIR_OF_IMMEDIATE, 1, limit({ timeInForce: TimeInForce.FillOrKill }), stop()],
  [Code.PAIR_OF_IMMEDIATE, 2, limit(), limit({ clientOrderId: "stop", timeInForce: 2 })],
  [
    Code.PAIR_OF_IMMEDIATE,
    2,
    limit(),
    limit({ clientOrderId: "stop", type: OrderType.Market, price: 0, timeInForce: 6 }),
  ],
  [Code.PRICE_OFF_TICK, 1, limit({ price: 101 }), stop()],
  [Code.STOP_PRICE_MISSING, 2, limit(), stop({ stopPrice: 0 })],
  [Code.UNKNOWN_SYMBOL, 2, limit(), stop({ instrument: MARKET + 7 })],
];

describe("a pair that cannot be", () => {
  it.each(
    CANNOT_BE.map(
      ([code, leg, first, second]) => [codeName(code), code, leg, first, second] as const,
    ),
  )("is rejected with %s, both orders of it, and again", (_, code, leg, first, second) => {
    const teller = new Teller({ quote: FUNDS, base: FUNDS });
    const { events, sends } = place(teller, first, second);
    const other = Code.OTHER_LEG_REJECTED;
    expect(events).toMatchObject([
      { kind: "rejected", clientOrderId: "limit", code: leg === 2 ? other : code },
      { kind: "rejected", clientOrderId: "stop", code: leg === 1 ? other : code },
    ]);
    expect(sends).toEqual([]);
    const ids = events.map((event) => (event as { orderId: number }).orderId);
    for (const id of ids) expect(teller.order(id)["status"]).toBe(OrderStatus.Rejected);
    teller.restart();
    // What stands behind an id is settled, whatever it is sent with.
    const again = place(teller);
    expect(again.events).toEqual([]);
    expect(again.replies).toMatchObject([
      { code, repeated: true, orderId: ids[0], pair: { orderId: ids[1], leg } },
    ]);
    expect([held(teller), held(teller, BASE)]).toEqual([0, 0]);
  });

  it.each([
    [Code.PAIR_OF_ONE_ID, 0, limit(), stop({ clientOrderId: "limit" })],
    [Code.CLIENT_ORDER_ID_MISSING, 1, limit({ clientOrderId: "" }), stop()],
    [Code.CLIENT_ORDER_ID_MISSING, 2, limit(), stop({ clientOrderId: "" })],
  ])("has no ids to be known by: %i", (code, leg, first, second) => {
    const teller = new Teller({ quote: FUNDS });
    const { events, replies } = place(teller, first, second);
    expect({ events, replies }).toMatchObject({
      events: [],
      replies: [{ code, repeated: false, orderId: 0, pair: { orderId: 0, leg } }],
    });
  });

  it("is refused, and nothing of it exists, when an id belongs to another order", () => {
    const teller = new Teller({ quote: FUNDS });
    const used = teller.placed({ clientOrderId: "stop" });
    expect(place(teller).replies).toMatchObject([
      { code: Code.CLIENT_ORDER_ID_USED, orderId: 0, pair: { orderId: used, leg: 2 } },
    ]);
    const [first] = placed(teller, limit(), stop({ clientOrderId: "other" }));
    expect(place(teller, limit(), stop({ clientOrderId: "new" })).replies).toMatchObject([
      { code: Code.CLIENT_ORDER_ID_USED, orderId: first, pair: { orderId: 0, leg: 1 } },
    ]);
    teller.ask({ kind: "resolve", account: ALICE, clientOrderId: "void" });
    expect(
      place(teller, limit({ clientOrderId: "void" }), stop({ clientOrderId: "new" })).replies,
    ).toMatchObject([{ code: Code.CLIENT_ORDER_ID_VOIDED, pair: { leg: 1 } }]);
    expect(teller.tables.rows("orders").some((row) => row["client_order_id"] === "new")).toBe(
      false,
    );
  });

  it("comes too late", () => {
    const teller = new Teller({ quote: FUNDS });
    const { events } = place(teller, limit(), stop(), NOON - 1);
    const code = Code.DEADLINE_PASSED;
    expect(events).toMatchObject([
      { kind: "rejected", code },
      { kind: "rejected", code },
    ]);
    const nobody = { kind: "place-pair", account: BOB + 5, legs: [limit(), stop()] } as const;
    expect(teller.ask(nobody).replies).toMatchObject([{ code: Code.UNKNOWN_ACCOUNT }]);
  });
});

describe("a pair that is known", () => {
  it("gets its first answer again, in the order it is asked for", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first, second] = placed(teller);
    const answer = { code: Code.OK, repeated: true };
    expect(place(teller).replies).toMatchObject([
      { ...answer, orderId: first, pair: { orderId: second, leg: 0 } },
    ]);
    teller.restart();
    expect(place(teller, stop(), limit()).replies).toMatchObject([
      { ...answer, orderId: second, pair: { orderId: first, leg: 0 } },
    ]);
    expect(
      teller.ask({ kind: "resolve", account: ALICE, clientOrderId: "stop" }).replies,
    ).toMatchObject([{ ...answer, orderId: second }]);
    expect(held(teller)).toBe(120 * 20 * FACTOR);
  });

  it("is known as a whole or not at all when memory has forgotten a part, until it is reminded", () => {
    const teller = new Teller({ quote: FUNDS });
    const rejected = place(teller, limit(), stop({ stopPrice: 0 })).events;
    const ids = rejected.map((event) => (event as { orderId: number }).orderId);
    const orders = teller.tables.rows("orders");
    const forgetful = (): LedgerShard => {
      const record = { id: SHARD, state: encodeState({ ordersIssued: 2 }) };
      const shard = LedgerShard.restore(record, Links.restore(teller.shard.links.all()));
      teller.tables.loadLedger((table, rows) => shard.loadPage(table, rows), 3, 1);
      shard.finishLoading();
      return shard;
    };
    teller.shard = forgetful();
    // The store refuses such a batch, and says which orders have these ids.
    give(teller.shard, sourceOfSlot(SLOT), encodeLedgerCommand(PAIR), NOON);
    expect(eventsOf(teller.shard.takeEffects())).toMatchObject([
      { kind: "accepted" },
      { kind: "accepted" },
    ]);
    teller.shard = forgetful();
    teller.shard.remember(orders);
    expect(place(teller).replies).toMatchObject([
      { code: Code.STOP_PRICE_MISSING, orderId: ids[0], pair: { orderId: ids[1], leg: 2 } },
    ]);
  });

  it("is told that it was accepted while only the order that is about to end is remembered", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first, second] = placed(teller);
    trade(teller, first, 100, 20, 0);
    const record = { id: SHARD, state: encodeState({ ordersIssued: 2 }) };
    const shard = LedgerShard.restore(record, Links.restore(teller.shard.links.all()));
    teller.tables.loadLedger((table, rows) => shard.loadPage(table, rows), 3, 0);
    shard.finishLoading();
    teller.shard = shard;
    expect(place(teller).replies).toMatchObject([
      { code: Code.OK, repeated: true, orderId: first, pair: { orderId: second, leg: 0 } },
    ]);
    end(teller, second, 20);
    expect(held(teller)).toBe(0);
  });

  it("is cancelled as a whole", () => {
    const teller = new Teller({ quote: FUNDS });
    const [first, second] = placed(teller);
    const all = { kind: "cancel-all", account: ALICE, instrument: 0, side: 0 } as const;
    expect(teller.ask(all).events).toMatchObject([{ orders: 2 }]);
    end(teller, first, 20, Code.CANCELLED_BY_CLIENT);
    end(teller, second, 20);
    const refused = { kind: "refused", request: OrderRequest.Cancel, code: Code.TOO_LATE } as const;
    teller.answer({ ...refused, orderId: second, sequence: 10 });
    expect(held(teller)).toBe(0);
  });
});
