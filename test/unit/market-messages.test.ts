import { describe, expect, it } from "vitest";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import {
  decodeMarketCommand,
  encodeMarketCommand,
  type MarketCommand,
  plainOrder,
  readOrderEntry,
} from "../../actors/market/messages.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { INSTRUMENT } from "../helpers/market.js";

const PLAIN = plainOrder({
  orderId: 1_025,
  account: 7,
  side: Side.Sell,
  price: 300,
  quantity: 10,
  timeInForce: TimeInForce.ImmediateOrCancel,
});

const STOP_LIMIT = {
  ...PLAIN,
  type: OrderType.StopLimit,
  timeInForce: TimeInForce.GoodTillDate,
  owner: 99,
  stopPrice: 290,
  display: 4,
  expires: 1_766_000_000_000_000,
  pair: 2_049,
  selfTrade: SelfTrade.CancelOldest,
};

const COMMANDS: readonly MarketCommand[] = [
  { kind: "list", instrument: INSTRUMENT, shards: 2 },
  { kind: "list", instrument: { ...INSTRUMENT, makerFee: -5, takerFee: 9 }, shards: 2 },
  {
    kind: "list",
    instrument: { ...INSTRUMENT, feeTiers: [{ makerFee: 0, takerFee: 7 }] },
    shards: 2,
  },
  {
    kind: "list",
    instrument: {
      ...INSTRUMENT,
      makerFee: -5,
      takerFee: 9,
      feeTiers: [
        { makerFee: -6, takerFee: 8 },
        { makerFee: 100_000, takerFee: 6 },
      ],
    },
    shards: 2,
  },
  PLAIN,
  { ...PLAIN, timeInForce: TimeInForce.GoodTillCancel },
  { ...PLAIN, timeInForce: TimeInForce.Day },
  { ...PLAIN, type: OrderType.Market },
  { ...PLAIN, owner: 8 },
  { ...PLAIN, postOnly: true },
  { ...PLAIN, postOnly: true, reprices: true },
  { ...PLAIN, minQuantity: 3 },
  { ...STOP_LIMIT, trail: 2 ** 40 },
  STOP_LIMIT,
  { kind: "cancel", orderId: 1_025 },
  { kind: "reduce", orderId: 1_025, leaves: 3 },
  { kind: "amend", orderId: 1_025, price: 0, change: -7, stopPrice: 295, display: 2 },
  { kind: "amend", orderId: 1_025, price: 310, change: 7, stopPrice: 0, display: 0 },
  { kind: "phase", phase: Phase.VolatilityAuction, until: 1_766_000_000_000_000 },
  { kind: "rules", rules: { ...DEFAULT_RULES, breakerBps: 500, breakerHaltSeconds: [60] } },
  { kind: "schedule", schedule: [{ time: 5, phase: Phase.Closed }] },
  { kind: "mass-cancel", account: 7, side: Side.Buy },
  { kind: "mass-cancel", account: 0, side: 0 },
];

describe("a market's commands", () => {
  it.each(COMMANDS)("are read as they were written ($kind)", (command) => {
    expect(decodeMarketCommand(encodeMarketCommand(command))).toEqual(command);
  });

  it("have the bytes that they always had, where they are of a kind that there always was", () => {
    const bytes = (command: MarketCommand) => [...encodeMarketCommand(command)];
    expect(bytes(PLAIN)).toEqual([2, 0x81, 8, 7, 2, 2, 0xac, 2, 10]);
    expect(bytes({ kind: "cancel", orderId: 1_025 })).toEqual([3, 0x81, 8]);
    expect(bytes({ kind: "reduce", orderId: 1_025, leaves: 3 })).toEqual([4, 0x81, 8, 3]);
    const list = { kind: "list", instrument: INSTRUMENT, shards: 2 } as const;
    const plain = bytes(list);
    const instrument = { ...INSTRUMENT, makerFee: -5, takerFee: 9 };
    const charging = bytes({ ...list, instrument });
    expect(plain.slice(0, 4)).toEqual([1, 0x81, 8, INSTRUMENT.symbol.length]);
    expect(charging.slice(-3)).toEqual([9, 9, 2]);
    const at = charging.findIndex((byte, at) => byte !== plain[at]);
    expect(charging[at]).toBe(INSTRUMENT.priceDecimals + 16);
    expect([
      ...charging.slice(0, at),
      INSTRUMENT.priceDecimals,
      ...charging.slice(at + 1, -3),
      2,
    ]).toEqual(plain);
    // An order with any other term has all of them.
    for (const terms of [{ owner: 8 }, { display: 1 }, { pair: 9 }, { postOnly: true }]) {
      expect(bytes({ ...PLAIN, ...terms })[0]).toBe(5);
    }
  });

  it("fill one entry again and again, which keeps nothing of the order before", () => {
    const entry = new OrderEntry();
    for (const order of [STOP_LIMIT, PLAIN, { ...PLAIN, postOnly: true }, PLAIN]) {
      expect(readOrderEntry(encodeMarketCommand(order), entry)).toBe(true);
      const { kind: _, ...terms } = order;
      expect(Object.fromEntries(Object.entries(entry))).toEqual(terms);
    }
    expect(readOrderEntry(encodeMarketCommand({ kind: "cancel", orderId: 1 }), entry)).toBe(false);
    expect(readOrderEntry(new Uint8Array(0), entry)).toBe(false);
  });

  it("are malformed where a value is none that there is, or bytes are missing or left over", () => {
    const plain = encodeMarketCommand(PLAIN);
    const terms = encodeMarketCommand(STOP_LIMIT);
    const phase = encodeMarketCommand({ kind: "phase", phase: Phase.Halted, until: 0 });
    const changed = (bytes: Uint8Array, at: number, value: number) =>
      bytes.map((byte, n) => (n === at ? value : byte));
    const wrong = [
      ...[plain, terms, phase].map((bytes) => bytes.slice(0, -1)),
      ...[plain, terms, phase].map((bytes) => Uint8Array.from([...bytes, 0])),
      changed(plain, 4, 3), // The side.
      changed(plain, 5, TimeInForce.Day), // No plain order's time in force.
      changed(terms, terms.length - 1, 4), // A trail that is missing.
      changed(terms, terms.length - 1, 16), // A flag that there is not.
      changed(terms, terms.length - 2, 9), // The self-trade mode.
      changed(phase, 1, 10),
      Uint8Array.from([11]),
    ];
    for (const bytes of wrong) expect(() => decodeMarketCommand(bytes)).toThrow(MalformedError);
  });
});
