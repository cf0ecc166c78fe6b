/** What is written to inboxes and journals: new forms come back as they went, and old bytes are read and written as ever (R13). */
import { describe, expect, it } from "vitest";
import { ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, SelfTrade, Side } from "../../actors/kernel/order.js";
import {
  type AccountEvent,
  decodeAccountEvents,
  decodeReplies,
  encodeAccountEvent,
  encodeReply,
  type Reply,
} from "../../actors/ledger/account-events.js";
import { NO_LIMITS } from "../../actors/ledger/limit-terms.js";
import {
  type AmendOrder,
  decodeLedgerCommand,
  encodeLedgerCommand,
  type LedgerCommand,
  type NewOrder,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
  type PlaceOrder,
  type TradeReport,
} from "../../actors/ledger/messages.js";

const PLACE: PlaceOrder = {
  kind: "place",
  account: 101,
  deadline: 5_000,
  clientOrderId: "a",
  instrument: 1_025,
  side: 1,
  type: 1,
  timeInForce: 1,
  price: 300,
  quantity: 40,
  ...NO_OTHER_TERMS,
};
const LEG: NewOrder = {
  clientOrderId: "b",
  instrument: 1_025,
  side: 1,
  type: 4,
  timeInForce: 4,
  price: 300,
  quantity: 40,
  stopPrice: 310,
  display: 10,
  expires: 2 ** 50,
  selfTrade: SelfTrade.Decrement,
  postOnly: false,
  reprices: false,
  trail: 0,
  minQuantity: 0,
};
const LIMITS = { ordersPerDay: 1_000, openOrders: 20, requestsPerSecond: 300 };
const CANCEL: AmendOrder = {
  kind: "amend",
  account: 101,
  deadline: 0,
  request: OrderRequest.Cancel,
  orderId: 1_025,
  clientOrderId: "",
  leaves: 0,
  ...NO_NEW_TERMS,
};
const TRADE: TradeReport = {
  kind: "trade",
  instrument: 1_025,
  tradeId: 7,
  price: 300,
  quantity: 10,
  takerSide: Side.Sell,
  isAuction: false,
  makerOrder: 2_049,
  takerOrder: 3_074,
  makerLeaves: 0,
  takerLeaves: 5,
  sequence: 9,
};
const REDUCED = { kind: "reduced", orderId: 1_025, leaves: 5, code: Code.OK, sequence: 3 } as const;
const ORIGIN = { slot: 1, token: 2, number: 3 };

const bytes = (write: (writer: ByteWriter) => void): Uint8Array => {
  const writer = new ByteWriter();
  write(writer);
  return writer.take();
};

/** The bytes that were written before there were other orders than plain ones. */
const OLD: readonly (readonly [name: string, command: LedgerCommand, bytes: Uint8Array])[] = [
  [
    "a plain order",
    PLACE,
    bytes((writer) => {
      writer.u8(3).uint(101).uint(5_000).string("a").uint(1_025);
      writer.u8(1).u8(1).u8(1).uint(300).uint(40);
    }),
  ],
  [
    "a cancel",
    CANCEL,
    bytes((writer) => writer.u8(4).uint(101).uint(0).u8(1).uint(1_025).string("").uint(0)),
  ],
  [
    "a trade",
    TRADE,
    bytes((writer) => {
      writer.u8(18).uint(1_025).uint(7).uint(300).uint(10).u8(2);
      writer.uint(2_049).uint(3_074).uint(0).uint(5).uint(9);
    }),
  ],
  ["a reduction", REDUCED, bytes((writer) => writer.u8(21).uint(1_025).uint(5).uint(3))],
];

const NEW: readonly LedgerCommand[] = [
  { ...PLACE, stopPrice: 310, type: 4 },
  { ...PLACE, display: 10, expires: 2 ** 50, selfTrade: SelfTrade.Decrement, postOnly: true },
  { ...PLACE, type: 3, stopPrice: 310, trail: 2 ** 40 },
  { ...PLACE, minQuantity: 30 },
  { ...PLACE, postOnly: true, reprices: true, trail: 7, minQuantity: 30 },
  { kind: "place-pair", account: 101, deadline: 5, legs: [LEG, { ...LEG, postOnly: true }] },
  { kind: "place-pair", account: 101, deadline: 5, legs: [{ ...LEG, trail: 5 }, LEG] },
  { kind: "repriced", orderId: 1_025, price: 299, sequence: 3 },
  { kind: "withdraw", account: 101, deadline: 5, asset: 2, amount: 2 ** 50, key: "w" },
  {
    kind: "transfer",
    account: 101,
    deadline: 5,
    recipient: 2 ** 48,
    shard: 512,
    asset: 2,
    amount: 2 ** 50,
    key: "t",
  },
  {
    kind: "set-limits",
    account: 101,
    deadline: 5,
    ordersPerDay: 1_000,
    openOrders: 20,
    requestsPerSecond: 300,
  },
  { kind: "set-group", account: 101, deadline: 5, group: 2 ** 31 - 1 },
  { kind: "set-tier", account: 101, deadline: 5, tier: 15, limits: LIMITS, resetsLimits: true },
  { kind: "set-tier", account: 101, deadline: 5, tier: 0, limits: NO_LIMITS, resetsLimits: false },
  { kind: "open", account: 101, deadline: 5, limits: LIMITS },
  { kind: "set-review-limit", account: 101, deadline: 5, asset: 2, value: 2 ** 53 - 1 },
  {
    kind: "decide-review",
    account: 101,
    deadline: 5,
    orderId: 2_049,
    clientOrderId: "",
    isApproved: true,
  },
  { kind: "open-sub-account", account: 101, deadline: 5, parent: 2 ** 48 },
  { kind: "credit", sender: 101, key: "t", recipient: 102, asset: 2, amount: 2 ** 50 },
  { kind: "credited", sender: 101, key: "t", code: Code.RECIPIENT_CLOSED },
  { kind: "decide-withdrawal", account: 101, deadline: 5, key: "w", decision: 3 },
  { kind: "set-account", account: 101, deadline: 5, state: 2 },
  { ...CANCEL, request: OrderRequest.Amend, price: 5, quantity: 6, stopPrice: 7, display: 8 },
  { kind: "cancel-all", account: 101, deadline: 5, instrument: 1_025, side: 2 },
  { ...TRADE, isAuction: true },
  { ...TRADE, isAuction: true, takerSide: Side.Buy },
  { ...REDUCED, code: Code.SELF_TRADE_PREVENTED },
  { kind: "waiting", orderId: 1_025, leaves: 5, sequence: 3 },
  { kind: "triggered", orderId: 1_025, leaves: 5, sequence: 3 },
  {
    kind: "amended",
    orderId: 1_025,
    price: 5,
    leaves: 6,
    stopPrice: 7,
    display: 8,
    sequence: 3,
  },
  {
    kind: "refused",
    orderId: 1_025,
    request: OrderRequest.Amend,
    code: Code.MARKET_CLOSED,
    sequence: 3,
  },
];

describe("a ledger's inbox", () => {
  it.each(OLD)("has %s as it always had", (_, command, old) => {
    expect([...encodeLedgerCommand(command)]).toEqual([...old]);
    expect(decodeLedgerCommand(old)).toEqual(command);
  });

  it("gives back what is new", () => {
    for (const command of NEW) {
      expect(decodeLedgerCommand(encodeLedgerCommand(command))).toEqual(command);
    }
  });

  it("takes no amend in the form of a cancel, and no side that is none", () => {
    const amend = bytes((writer) => writer.u8(4).uint(1).uint(0).u8(3).uint(1).string("").uint(0));
    expect(() => decodeLedgerCommand(amend)).toThrow(MalformedError);
    const trade = encodeLedgerCommand(TRADE);
    for (const side of [0, 5]) {
      const spoiled = trade.slice();
      spoiled[trade.indexOf(10) + 1] = side;
      expect(() => decodeLedgerCommand(spoiled)).toThrow(MalformedError);
    }
  });
});

const ACCEPTED: AccountEvent = {
  kind: "accepted",
  origin: ORIGIN,
  orderId: 1_025,
  clientOrderId: "a",
  instrument: 1_025,
  side: 1,
  type: 1,
  timeInForce: 1,
  price: 300,
  quantity: 40,
  ...NO_OTHER_TERMS,
  pair: 0,
};

describe("a journal", () => {
  const written = (event: AccountEvent) => bytes((writer) => encodeAccountEvent(writer, event));

  it("has a plain order and a reduction as it always had", () => {
    const accepted = bytes((writer) => {
      writer.u8(3).uint(1).uint(2).uint(3).uint(1_025).string("a").uint(1_025);
      writer.u8(1).u8(1).u8(1).uint(300).uint(40);
    });
    const reduced = bytes((writer) => writer.u8(10).uint(1_025).uint(5).uint(3));
    expect([...written(ACCEPTED)]).toEqual([...accepted]);
    expect([...written(REDUCED)]).toEqual([...reduced]);
    expect(decodeAccountEvents(Uint8Array.from([...accepted, ...reduced]))).toEqual([
      ACCEPTED,
      REDUCED,
    ]);
  });

  it("gives back what is new", () => {
    const standing = { orderId: 1_025, leaves: 5, sequence: 3 };
    const events: AccountEvent[] = [
      { ...ACCEPTED, stopPrice: 310, type: 3 },
      { ...ACCEPTED, display: 10, expires: 2 ** 50, selfTrade: 4, postOnly: true },
      { ...ACCEPTED, pair: 2_049 },
      { ...ACCEPTED, trail: 5, minQuantity: 6, pair: 2_049 },
      { ...ACCEPTED, postOnly: true, reprices: true },
      { kind: "repriced", orderId: 1_025, price: 299, sequence: 3 },
      { kind: "withdrawal", origin: ORIGIN, asset: 2, amount: 2 ** 50, key: "w", status: 3 },
      { kind: "account-state", origin: ORIGIN, state: 2 },
      {
        kind: "account-limits",
        origin: ORIGIN,
        ordersPerDay: 1_000,
        openOrders: 20,
        requestsPerSecond: 300,
      },
      { kind: "account-group", origin: ORIGIN, group: 2 ** 31 - 1 },
      { kind: "account-tier", origin: ORIGIN, tier: 15, limits: LIMITS },
      { kind: "opened", origin: ORIGIN, limits: LIMITS },
      { kind: "review", orderId: 2_049, until: 2 ** 52 },
      { kind: "reviewed", origin: ORIGIN, orderId: 2_049, isApproved: false },
      { kind: "review-limit", origin: ORIGIN, asset: 2, value: 2 ** 53 - 1 },
      { kind: "opened", origin: ORIGIN, parent: 2 ** 48 },
      { kind: "transfer", origin: ORIGIN, recipient: 2 ** 48, asset: 2, amount: 2 ** 50, key: "t" },
      { kind: "transfer-ended", recipient: 2, asset: 3, amount: 4, key: "t", code: 143 },
      { kind: "transfer-received", sender: 2, asset: 3, amount: 4, key: "t" },
      { ...ACCEPTED, stopPrice: 310, type: 3, pair: 2_049 },
      { kind: "cancel-all", origin: ORIGIN, instrument: 0, side: 2, orders: 10_000 },
      { kind: "waiting", ...standing },
      { kind: "triggered", ...standing },
      { ...REDUCED, code: Code.SELF_TRADE_PREVENTED },
      { kind: "amended", ...standing, price: 5, quantity: 6, stopPrice: 7, display: 8 },
    ];
    expect(
      decodeAccountEvents(
        bytes((writer) => {
          for (const event of events) encodeAccountEvent(writer, event);
        }),
      ),
    ).toEqual(events);
  });
});

describe("replies", () => {
  const ONE: Reply = { origin: ORIGIN, account: 101, code: Code.OK, orderId: 5, repeated: true };

  it("are as they always were, but for those about pairs", () => {
    const old = bytes((writer) => {
      writer.uint(1).uint(2).uint(3).uint(101).uint(0).uint(5).u8(1);
    });
    expect([...bytes((writer) => encodeReply(writer, ONE))]).toEqual([...old]);
    expect(decodeReplies(old)).toEqual([ONE]);
    const replies: Reply[] = [
      { ...ONE, pair: { orderId: 2_049, leg: 0 } },
      { ...ONE, repeated: false, code: Code.UNKNOWN_SYMBOL, pair: { orderId: 0, leg: 2 } },
      { ...ONE, repeated: false },
    ];
    const written = bytes((writer) => {
      for (const reply of replies) encodeReply(writer, reply);
    });
    expect(decodeReplies(written)).toEqual(replies);
  });
});
