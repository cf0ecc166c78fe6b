/** What a ledger shard is given in its property tests: commands of clients that make sense or none, and markets' whims. */
import fc from "fast-check";
import { orderIdOf } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderType } from "../../actors/kernel/order.js";
import {
  type AmendOrder,
  type ClientCommand,
  NO_NEW_TERMS,
  type NewOrder,
  NO_OTHER_TERMS,
  type PlacePair,
} from "../../actors/ledger/messages.js";
import { NO_LIMITS } from "../../actors/ledger/limit-terms.js";
import { INSTRUMENT, MARKET, SHARD } from "./ledger.js";
import { OTHER_SHARD, type ShardWhim, STRANGER } from "./other-shard.js";
import type { Whim } from "./whimsical-market.js";

/**
 * Two markets that share an asset, which is the quote of one and the base of the other. Both sides pay in the first, in the second
 * the maker is given something. In each it depends on the account's tier how much; one tier of the first pays nothing.
 */
export const INSTRUMENTS: readonly Instrument[] = [
  {
    ...INSTRUMENT,
    makerFee: 1_500,
    takerFee: 2_500,
    feeTiers: [
      { makerFee: 90_000, takerFee: 10_000 },
      { makerFee: 0, takerFee: 0 },
    ],
  },
  {
    ...INSTRUMENT,
    id: MARKET + 1,
    symbol: "B",
    baseAsset: 2,
    quoteAsset: 3,
    tick: 1,
    lot: 1,
    notionalFactor: 1,
    referencePrice: 7,
    makerFee: -20_000,
    takerFee: 50_000,
    feeTiers: [
      { makerFee: -30_000, takerFee: 35_000 },
      { makerFee: 30_000, takerFee: 100_000 },
    ],
  },
];
export const ACCOUNTS = [101, 102, 103];
/** The last is a sub-account of the first. */
export const PARENTS: ReadonlyMap<number, number> = new Map([[103, 101]]);
export const ASSETS = [1, 2, 3];
export const FUNDS = 40_000;
/** Above which value the last account's orders are held for review, to begin with. */
export const REVIEW_LIMIT = 6_000;

export type Draw =
  | { readonly kind: "client"; readonly command: ClientCommand }
  /** A request that names one of the orders that are live then. */
  | { readonly kind: "aimed"; readonly command: Aimed; readonly pick: number }
  | { readonly kind: "whim"; readonly market: number; readonly whim: Whim }
  | { readonly kind: "shard"; readonly whim: ShardWhim }
  | { readonly kind: "commit" }
  /** Nobody says anything for a while. */
  | { readonly kind: "later" };

/** What names an order. */
export type Aimed = AmendOrder | Extract<ClientCommand, { readonly kind: "decide-review" }>;

/** What an order has that is nothing but a price and a quantity. */
const PLAIN = { timeInForce: 1, ...NO_OTHER_TERMS };

function constants<T extends object>(values: T): { [Key in keyof T]: fc.Arbitrary<T[Key]> } {
  const entries = Object.entries(values).map(([key, value]) => [key, fc.constant(value)]);
  return Object.fromEntries(entries) as { [Key in keyof T]: fc.Arbitrary<T[Key]> };
}

/** Mostly none, sometimes one that has passed. */
const deadline = fc.constantFrom(...Array<number>(20).fill(0), 1);
const account = fc.constantFrom(...ACCOUNTS, ...ACCOUNTS, ...ACCOUNTS, ...ACCOUNTS, 104);
const clientOrderId = fc.nat(36).map((at) => (at === 0 ? "" : `id-${at}`));

const places = fc.record({
  kind: fc.constant("place" as const),
  account,
  deadline,
  clientOrderId,
  instrument: fc.constantFrom(
    ...Array<number>(9).fill(MARKET),
    MARKET + 1,
    MARKET + 1,
    MARKET + 1,
    MARKET + 9,
  ),
  side: fc.constantFrom(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 3),
  price: fc.constantFrom(5, 10, 95, 100, 105, 110, 100, 105, 1_000, 7, 0),
  quantity: fc.constantFrom(10, 20, 30, 50, 100, 10, 20, 30, 15, 0),
});
/** Orders that make sense, of every kind; and seldom ones that do not. */
const terms = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN }) },
  {
    weight: 1,
    arbitrary: fc.constant({ type: OrderType.Market, ...PLAIN, timeInForce: 2, price: 0 }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...constants({ type: OrderType.Stop, ...PLAIN, price: 0 }),
      stopPrice: fc.constantFrom(10, 90, 100, 110),
      trail: fc.constantFrom(0, 0, 5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...constants({ type: OrderType.StopLimit, ...PLAIN }),
      stopPrice: fc.constantFrom(90, 110),
      timeInForce: fc.constantFrom(1, 3),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN, display: 10 }) },
  { weight: 1, arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN, minQuantity: 10 }) },
  {
    weight: 4,
    arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN, postOnly: true, reprices: true }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...constants({ type: OrderType.Limit, ...PLAIN, timeInForce: 4 }),
      expires: fc.constantFrom(1, 10 ** 9, 10 ** 10),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom(1, 2, 3, 4, 5),
      timeInForce: fc.nat(8),
      stopPrice: fc.constantFrom(0, 7, 100),
      display: fc.constantFrom(0, 5, 10),
      expires: fc.constantFrom(0, 1),
      selfTrade: fc.nat(5),
      postOnly: fc.boolean(),
      reprices: fc.boolean(),
      trail: fc.constantFrom(0, 0, 7, 100),
      minQuantity: fc.constantFrom(0, 0, 10, 15),
    }),
  },
);
const placesWithTerms = fc.tuple(places, terms).map(([place, terms]) => ({ ...place, ...terms }));
/** Two orders, mostly of a kind that makes a pair. */
const pairIds = fc.oneof(
  { weight: 9, arbitrary: fc.nat(9).map((at) => [`pair-${at}-a`, `pair-${at}-b`] as const) },
  { weight: 1, arbitrary: fc.tuple(clientOrderId, clientOrderId) },
);
const legTerms = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN }) },
  { weight: 1, arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN, display: 10 }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...constants({ type: OrderType.Stop, ...PLAIN, price: 0 }),
      stopPrice: fc.constantFrom(10, 90, 100, 110),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...constants({ type: OrderType.StopLimit, ...PLAIN }),
      stopPrice: fc.constantFrom(90, 110),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: OrderType.Limit, ...PLAIN, timeInForce: 2 }) },
);
const legs = fc.tuple(
  fc.record({
    clientOrderId,
    instrument: fc.constantFrom(...Array<number>(20).fill(MARKET), MARKET + 1),
    side: fc.constantFrom(1, 2),
    price: fc.constantFrom(5, 10, 95, 100, 105, 110, 15),
    quantity: fc.constantFrom(10, 20, 30, 50, 10, 20, 30),
  }),
  legTerms,
);
const pairs = fc
  .record({ account, deadline, ids: pairIds, first: legs, second: legs, choice: fc.nat(14) })
  .map(({ account, deadline, ids, first, second, choice }): PlacePair => {
    const one: NewOrder = { ...first[0], ...first[1], clientOrderId: ids[0] };
    const other: NewOrder = { ...second[0], ...second[1], clientOrderId: ids[1] };
    const { instrument, side } = one;
    const alike = choice === 0 ? {} : choice === 1 ? { side } : { side, instrument };
    return { kind: "place-pair", account, deadline, legs: [one, { ...other, ...alike }] };
  });
const names = {
  account,
  deadline,
  orderId: fc.constantFrom(0, 0, 0, orderIdOf(1, SHARD), orderIdOf(2, SHARD)),
  clientOrderId,
};
const requests = fc.record({
  ...constants({ kind: "amend" as const, ...NO_NEW_TERMS }),
  ...names,
  request: fc.constantFrom(1 as const, 2 as const),
  leaves: fc.constantFrom(10, 20, 40, 5, 0),
});
const amends = fc.record({
  ...constants({ kind: "amend" as const, request: 3 as const, leaves: 0 }),
  ...names,
  price: fc.constantFrom(0, 0, 0, 5, 90, 95, 100, 105, 110, 110, 1_000, 7),
  quantity: fc.constantFrom(0, 0, 10, 20, 30, 40, 50, 60, 80, 100, 200, 15),
  stopPrice: fc.constantFrom(0, 0, 0, 0, 85, 115),
  display: fc.constantFrom(0, 0, 0, 0, 0, 20, 15),
});
const cancelAlls = fc.record({
  ...constants({ kind: "cancel-all" as const }),
  account,
  deadline,
  instrument: fc.constantFrom(0, MARKET, MARKET + 1),
  side: fc.constantFrom(0, 1, 2),
});
const deposits = fc.record({
  kind: fc.constant("deposit" as const),
  account,
  deadline,
  asset: fc.constantFrom(0, ...ASSETS),
  amount: fc.constantFrom(0, 5, 500),
  key: fc.constantFrom("k", "l", "m", ""),
});
const withdrawalKey = fc.constantFrom("v", "w", "x", "y", "z", "");
const withdrawals = fc.record({
  kind: fc.constant("withdraw" as const),
  account,
  deadline,
  asset: fc.constantFrom(0, ...ASSETS, ...ASSETS),
  amount: fc.constantFrom(0, 5, 500, 5_000, 30_000),
  key: withdrawalKey,
});
/** To accounts of this shard, of the other, to nobody. */
const transfers = fc
  .record({
    account,
    deadline,
    recipient: fc.constantFrom(...ACCOUNTS, 104, 0, STRANGER, STRANGER, STRANGER, STRANGER),
    asset: fc.constantFrom(0, ...ASSETS, ...ASSETS),
    amount: fc.constantFrom(0, 5, 500, 5_000, 30_000),
    key: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", ""),
  })
  .map((terms): ClientCommand => {
    const shard = terms.recipient === STRANGER ? OTHER_SHARD : SHARD;
    return { kind: "transfer", ...terms, shard };
  });
const decisions = fc.record({
  kind: fc.constant("decide-withdrawal" as const),
  account,
  deadline,
  key: withdrawalKey,
  decision: fc.constantFrom(2, 2, 3, 3, 4, 1, 9),
});
/** Mostly back to what lets it trade. */
const states = fc.record({
  kind: fc.constant("set-account" as const),
  account,
  deadline,
  state: fc.constantFrom(1, 1, 1, 1, 2, 3, 4, 7),
});
/** Mostly none: they are to trade. */
const limitTerms = {
  ordersPerDay: fc.constantFrom(0, 0, 0, 0, 30),
  openOrders: fc.constantFrom(0, 0, 0, 6),
  requestsPerSecond: fc.constantFrom(0, 0, 0, 0, 25, 2 ** 40),
};
const limits = fc.record({
  kind: fc.constant("set-limits" as const),
  account,
  deadline,
  ...limitTerms,
});
const tiers = fc.record({
  kind: fc.constant("set-tier" as const),
  account,
  deadline,
  tier: fc.constantFrom(0, 0, 1, 1, 2, 2, 9, 16),
  limits: fc.oneof(
    { weight: 6, arbitrary: fc.constant(NO_LIMITS) },
    { weight: 1, arbitrary: fc.record(limitTerms) },
  ),
  resetsLimits: fc.boolean(),
});
/** Mostly such that few orders are held. */
const reviewLimits = fc.record({
  kind: fc.constant("set-review-limit" as const),
  account,
  deadline,
  asset: fc.constantFrom(0, ...ASSETS, ...ASSETS),
  value: fc.constantFrom(0, 3_000, 3_000, 6_000, 9_000),
});
const reviews = fc.record({
  ...constants({ kind: "decide-review" as const }),
  ...names,
  isApproved: fc.constantFrom(true, true, false),
});
const resolves = fc.record({
  kind: fc.constant("resolve" as const),
  account,
  deadline,
  clientOrderId,
});
const openSubs = fc.record({
  kind: fc.constant("open-sub-account" as const),
  account,
  deadline,
  parent: fc.constantFrom(101, 102, 103, 104, 0),
});
const openTerms = { kind: fc.constant("open" as const), account, deadline };
const opens = fc.oneof(
  openSubs,
  fc.record(openTerms),
  fc.record({ ...openTerms, limits: fc.record(limitTerms) }),
);
const clients = fc.oneof(
  { weight: 15, arbitrary: placesWithTerms },
  { weight: 7, arbitrary: pairs },
  { weight: 3, arbitrary: requests },
  { weight: 2, arbitrary: amends },
  { weight: 1, arbitrary: cancelAlls },
  { weight: 1, arbitrary: deposits },
  { weight: 1, arbitrary: withdrawals },
  { weight: 1, arbitrary: decisions },
  { weight: 3, arbitrary: transfers },
  { weight: 1, arbitrary: states },
  { weight: 1, arbitrary: limits },
  { weight: 1, arbitrary: tiers },
  { weight: 1, arbitrary: reviewLimits },
  { weight: 1, arbitrary: reviews },
  { weight: 1, arbitrary: resolves },
  { weight: 1, arbitrary: opens },
);
const whims: fc.Arbitrary<Whim> = fc.record({
  act: fc.constantFrom(
    ...Array<"take">(8).fill("take"),
    ...(["trade", "trade", "trade"] as const),
    ...(["tradeOutside", "tradeOutside", "tradeOutside", "rest", "wait", "wait"] as const),
    ...(["decrement", "end", "reference", "reprice", "reprice", "reprice"] as const),
  ),
  first: fc.nat(200),
  second: fc.nat(200),
  third: fc.nat(200),
});
const shardWhims: fc.Arbitrary<ShardWhim> = fc.record({
  act: fc.constantFrom("take", "take", "return", "send"),
  recipient: account,
  asset: fc.constantFrom(...ASSETS),
  amount: fc.constantFrom(1, 70, 9_000),
});
export const draws: fc.Arbitrary<Draw[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ kind: fc.constant("client" as const), command: clients }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("aimed" as const),
        command: fc.oneof<fc.WeightedArbitrary<Aimed>[]>(
          { weight: 2, arbitrary: requests },
          { weight: 10, arbitrary: amends },
          { weight: 6, arbitrary: reviews },
        ),
        pick: fc.nat(20),
      }),
    },
    {
      weight: 18,
      arbitrary: fc.record({
        kind: fc.constant("whim" as const),
        market: fc.nat(INSTRUMENTS.length - 1),
        whim: whims,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("shard" as const), whim: shardWhims }),
    },
    { weight: 7, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("later" as const) }) },
  ),
  { minLength: 60, maxLength: 240, size: "max" },
);
