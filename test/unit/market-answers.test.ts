import { describe, expect, it } from "vitest";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { Market } from "../../actors/market/market.js";
import {
  encodeMarketCommand,
  type OperatorCommand,
  plainOrder,
} from "../../actors/market/messages.js";
import { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { InvariantError } from "../../actors/kernel/assert.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Code } from "../../actors/kernel/codes.js";
import { QUANTITY_UNITS_MAX, UNITS_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, Side, TimeInForce } from "../../actors/kernel/order.js";
import {
  accountOf,
  answersTo,
  Floor,
  give,
  giveBytes,
  INSTRUMENT,
  list,
  MARKET_ID,
  OPERATOR,
  orderOf,
  withoutBands,
} from "../helpers/market.js";
import { rowsOf } from "../helpers/tables.js";

const TOO_LATE = { kind: "refused", code: Code.TOO_LATE };

describe("a market's answers", () => {
  it("says that a new order rests, to the shard that issued it", () => {
    const { effects } = new Floor().buy(2, 100, 10);
    expect(answersTo(effects, 1)).toEqual([]);
    expect(answersTo(effects, 2)).toEqual([
      { kind: "rested", orderId: orderOf(2), leaves: 10, sequence: 1 },
    ]);
  });

  it("tells a trade once to each shard that has a side of it, under the numbers in its row", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    const { effects } = floor.buy(2, 101, 4);
    const trade = {
      kind: "trade",
      instrument: MARKET_ID,
      tradeId: 1,
      price: 100,
      quantity: 4,
      takerSide: Side.Buy,
      isAuction: false,
      makerOrder: orderOf(1),
      takerOrder: orderOf(2),
      makerLeaves: 6,
      takerLeaves: 0,
      sequence: 2,
    };
    expect(answersTo(effects, 1)).toEqual([trade]);
    expect(answersTo(effects, 2)).toEqual([trade]);
    // Shard 1 was told of the instrument and of order 1 before; shard 2 of the instrument only.
    expect(rowsOf(effects.rows["trades"]!)).toEqual([
      {
        trade_id: 1,
        sequence: 2,
        price: 100,
        quantity: 4,
        taker_side: Side.Buy,
        maker_order: orderOf(1),
        taker_order: orderOf(2),
        maker_account: accountOf(1),
        taker_account: accountOf(2),
        maker_number: 3,
        taker_number: 2,
      },
    ]);
  });

  it("tells a trade of two orders of one shard once", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    const { effects } = floor.buy(3, 100, 10);
    expect(answersTo(effects, 1).map((answer) => answer.kind)).toEqual(["trade"]);
    expect(answersTo(effects, 2)).toEqual([]);
    const [row] = rowsOf(effects.rows["trades"]!);
    expect([row!["maker_number"], row!["taker_number"]]).toEqual([3, 3]);
  });

  it("says what rests of a partly filled order after its trades", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    const { effects } = floor.buy(2, 100, 25);
    expect(answersTo(effects, 2)).toMatchObject([
      { kind: "trade", takerLeaves: 15 },
      { kind: "rested", leaves: 15, sequence: 2 },
    ]);
  });

  it("ends what an immediate order leaves, and says nothing more when it leaves nothing", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    expect(answersTo(floor.buyNow(2, 100, 4).effects, 2)).toMatchObject([
      { kind: "trade", takerLeaves: 0 },
    ]);
    expect(answersTo(floor.buyNow(4, 100, 10).effects, 2)).toMatchObject([
      { kind: "trade", takerLeaves: 4 },
      { kind: "ended", orderId: orderOf(4), leaves: 4, code: Code.IMMEDIATE_REMAINDER },
    ]);
    expect(floor.buyNow(6, 100, 5).answers).toMatchObject([{ kind: "ended", leaves: 5 }]);
    expect(floor.market.depth()).toEqual({ bids: 0, asks: 0 });
  });

  it("ends a cancelled order with what was left of it", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    floor.buy(2, 100, 3);
    expect(floor.cancel(1).answers).toEqual([
      {
        kind: "ended",
        orderId: orderOf(1),
        leaves: 7,
        code: Code.CANCELLED_BY_CLIENT,
        sequence: 3,
      },
    ]);
  });

  it("refuses to cancel or reduce what does not rest: filled, cancelled, or never there", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    floor.buy(2, 100, 10);
    floor.sell(3, 100, 10);
    floor.cancel(3);
    for (const order of [1, 2, 3, 9]) {
      const orderId = orderOf(order);
      expect(floor.cancel(order).answers).toMatchObject([
        { ...TOO_LATE, orderId, request: OrderRequest.Cancel },
      ]);
      expect(floor.reduce(order, 1).answers).toMatchObject([
        { ...TOO_LATE, orderId, request: OrderRequest.Reduce },
      ]);
    }
  });

  it("reduces only below what is left", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    floor.buy(2, 100, 4);
    for (const leaves of [6, 7, 10]) {
      expect(floor.reduce(1, leaves).answers).toMatchObject([
        { kind: "refused", request: OrderRequest.Reduce, code: Code.REDUCE_NOT_BELOW_LEAVES },
      ]);
    }
    expect(floor.reduce(1, 5).answers).toEqual([
      { kind: "reduced", orderId: orderOf(1), leaves: 5, code: Code.OK, sequence: 6 },
    ]);
  });

  it("takes a reduce to nothing as a cancel", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    expect(floor.reduce(1, 0).answers).toMatchObject([
      { kind: "ended", leaves: 10, code: Code.CANCELLED_BY_CLIENT },
    ]);
    expect(floor.reduce(1, 0).answers).toMatchObject([
      { ...TOO_LATE, request: OrderRequest.Reduce },
    ]);
  });

  it("gives every order command one number of its sequence, a refused one too", () => {
    const floor = new Floor();
    const sequences = [
      floor.sell(1, 100, 10),
      floor.cancel(9),
      floor.reduce(1, 50),
      floor.reduce(1, 5),
      floor.buyNow(2, 99, 1),
      floor.buy(4, 100, 5),
      floor.cancel(1),
    ].map(({ answers }) => answers[0]);
    expect(sequences).toMatchObject([1, 2, 3, 4, 5, 6, 7].map((sequence) => ({ sequence })));
  });

  it("ends what would rest on a full book, after it has traded", () => {
    const floor = new Floor((state) => new FastEngine(state, { restingOrdersMax: 2 }));
    floor.sell(1, 100, 10);
    floor.sell(3, 101, 10);
    expect(floor.buy(2, 99, 5).answers).toMatchObject([
      { kind: "ended", leaves: 5, code: Code.BOOK_FULL },
    ]);
    expect(floor.buy(4, 100, 5).fills).toEqual([[1, 100, 5]]);
    // It empties one place and takes it.
    expect(answersTo(floor.buy(6, 100, 20).effects, 2)).toMatchObject([
      { kind: "trade" },
      { kind: "rested", leaves: 15 },
    ]);
    expect(floor.market.depth()).toEqual({ bids: 1, asks: 1 });
  });

  it("calls the book full where the sum of a side would leave the exact integers", () => {
    const floor = new Floor();
    withoutBands(floor.market);
    const whole = Math.floor(UNITS_MAX / QUANTITY_UNITS_MAX);
    const rest = UNITS_MAX - whole * QUANTITY_UNITS_MAX;
    for (let count = 1; count <= whole; count++) {
      const terms = { orderId: orderOf(2 * count), account: 1, side: Side.Buy, price: 1 };
      const quantity = QUANTITY_UNITS_MAX;
      const timeInForce = TimeInForce.GoodTillCancel;
      give(floor.market, plainOrder({ ...terms, quantity, timeInForce }));
    }
    floor.market.takeEffects();
    expect(floor.buy(1, 1, rest + 1).answers).toMatchObject([{ code: Code.BOOK_FULL }]);
    expect(floor.buy(3, 1, rest).answers).toMatchObject([{ kind: "rested" }]);
    expect(floor.sell(5, 9, rest).answers).toMatchObject([{ kind: "rested" }]);
  });
});

describe("a market's events", () => {
  it("are a command's trades and then each changed level once, with its final quantity", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    floor.sell(3, 100, 10);
    floor.sell(5, 101, 10);
    floor.sell(7, 102, 10);
    const trade = { kind: "trade", sequence: 5, takerSide: Side.Buy };
    const depth = { kind: "depth", sequence: 5, side: Side.Sell };
    expect(floor.buy(2, 101, 24).events).toEqual([
      { ...trade, tradeId: 1, price: 100, quantity: 10 },
      { ...trade, tradeId: 2, price: 100, quantity: 10 },
      { ...trade, tradeId: 3, price: 101, quantity: 4 },
      { ...depth, price: 100, quantity: 0 },
      { ...depth, price: 101, quantity: 6 },
    ]);
    expect(floor.buy(4, 101, 8).events).toMatchObject([
      { kind: "trade", price: 101, quantity: 6 },
      { kind: "depth", side: Side.Sell, price: 101, quantity: 0 },
      { kind: "depth", side: Side.Buy, price: 101, quantity: 2 },
    ]);
  });

  it("show a level's sum when one of its orders comes, shrinks or goes", () => {
    const floor = new Floor();
    const depth = { kind: "depth", side: Side.Buy, price: 100 };
    expect(floor.buy(1, 100, 10).events).toEqual([{ ...depth, sequence: 1, quantity: 10 }]);
    expect(floor.buy(2, 100, 5).events).toEqual([{ ...depth, sequence: 2, quantity: 15 }]);
    expect(floor.reduce(1, 7).events).toEqual([{ ...depth, sequence: 3, quantity: 12 }]);
    expect(floor.cancel(1).events).toEqual([{ ...depth, sequence: 4, quantity: 5 }]);
  });

  it("are nothing when nothing changed", () => {
    const floor = new Floor();
    expect(floor.cancel(1).effects.events).toBeNull();
    expect(floor.buyNow(2, 100, 5).effects.events).toBeNull();
  });
});

describe("a market's instrument", () => {
  it("is told to every shard, also when it is listed again", () => {
    const market = Market.create(MARKET_ID);
    list(market, 3);
    list(market, 3);
    const effects = market.takeEffects();
    const told = { kind: "instrument", instrument: INSTRUMENT };
    for (const shard of [1, 2, 3]) expect(answersTo(effects, shard)).toEqual([told, told]);
    expect([...effects.sends.keys()]).toEqual([1, 2, 3]);
  });

  it("changes its tick by a command, but not what orders are held by", () => {
    const market = Market.create(MARKET_ID);
    list(market);
    list(market, 2, { tick: 5 });
    const answers = answersTo(market.takeEffects(), 1);
    expect(answers.at(-1)).toEqual({ kind: "instrument", instrument: { ...INSTRUMENT, tick: 5 } });
    const before = market.stateHash();
    list(market, 2, { quoteAsset: 3 });
    list(market, 2, { notionalFactor: 10 });
    list(market, 2, { symbol: "2317.TW" });
    list(market, 2, { id: MARKET_ID + 1 });
    list(market, 3);
    list(market, 0);
    list(market, 513);
    expect(market.takeEffects().sends.size).toBe(0);
    expect(market.stateHash()).toBe(before);
  });

  it("is needed before an order can be entered", () => {
    const market = Market.create(MARKET_ID);
    const orderId = orderOf(1);
    const order = { orderId, account: 1, side: Side.Buy, price: 100, quantity: 5 } as const;
    give(market, plainOrder({ ...order, timeInForce: TimeInForce.GoodTillCancel }));
    const effects = market.takeEffects();
    const code = Code.INSTRUMENT_UNKNOWN_TO_MARKET;
    expect(answersTo(effects, 1)).toEqual([
      { kind: "ended", orderId, leaves: 5, code, sequence: 1 },
    ]);
    expect(effects.events).toBeNull();
  });

  it("has a reference price that follows trades a hundredth away", () => {
    const floor = new Floor();
    list(floor.market, 2, { referencePrice: 1_000 });
    floor.market.takeEffects();
    const trade = (price: number): unknown[] => {
      floor.sell(1, price, 1);
      const { effects } = floor.buy(3, price, 1);
      const told = (shard: number): unknown[] =>
        answersTo(effects, shard).filter((answer) => answer.kind === "reference");
      expect(told(2)).toEqual(told(1));
      return told(1);
    };
    const reference = { kind: "reference", instrument: MARKET_ID };
    expect(trade(1_009)).toEqual([]);
    expect(trade(991)).toEqual([]);
    expect(trade(1_010)).toEqual([{ ...reference, price: 1_010 }]);
    expect(trade(1_001)).toEqual([]);
    expect(trade(999)).toEqual([{ ...reference, price: 999 }]);
    list(floor.market, 2, { referencePrice: 1_000 });
    expect(answersTo(floor.market.takeEffects(), 1)).toEqual([
      { kind: "instrument", instrument: { ...INSTRUMENT, referencePrice: 1_000 } },
      { ...reference, price: 999 },
    ]);
  });

  it("tells the reference once for a command, with its last trade", () => {
    const floor = new Floor();
    withoutBands(floor.market);
    floor.sell(1, 1_100, 1);
    floor.sell(3, 1_200, 1);
    const references = floor.buy(5, 1_200, 2).answers.filter(({ kind }) => kind === "reference");
    expect(references).toMatchObject([{ price: 1_200 }, { price: 1_200 }]);
  });
});

/** One of each kind that only an operator may give. */
const OPERATORS: readonly OperatorCommand[] = [
  { kind: "list", instrument: INSTRUMENT, shards: 2 },
  { kind: "phase", phase: Phase.Halted, until: 0 },
  { kind: "rules", rules: DEFAULT_RULES },
  { kind: "schedule", schedule: [] },
  { kind: "mass-cancel", account: 0, side: 0 },
];

describe("what is not a market's command", () => {
  const garbage = [new Uint8Array(0), new Uint8Array([99]), new Uint8Array([3, 1, 1])];

  it("is ignored when a gateway's slot sends it", () => {
    const { market } = new Floor();
    const before = market.stateHash();
    const order = encodeMarketCommand({ kind: "cancel", orderId: orderOf(1) });
    for (const payload of [...garbage, order]) giveBytes(market, OPERATOR, payload);
    expect(market.takeEffects().sends.size).toBe(0);
    expect(market.stateHash()).toBe(before);
  });

  it("stops it when an actor sends it", () => {
    for (const payload of garbage) {
      expect(() => giveBytes(new Floor().market, 1, payload)).toThrow(MalformedError);
    }
    for (const command of OPERATORS) {
      const payload = encodeMarketCommand(command);
      expect(() => giveBytes(new Floor().market, 1, payload)).toThrow(MalformedError);
    }
    const foreign = encodeMarketCommand({ kind: "cancel", orderId: orderOf(2) });
    expect(() => giveBytes(new Floor().market, 1, foreign)).toThrow(InvariantError);
  });
});
