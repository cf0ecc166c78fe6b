import { describe, expect, it } from "vitest";
import { InvariantError } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { PRICE_UNITS_MAX, QUANTITY_UNITS_MAX } from "../../actors/kernel/limits.js";
import {
  Liquidity,
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
} from "../../actors/kernel/order.js";
import { type AmendOrder, NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import { ALICE, BASE, INSTRUMENT, MARKET, QUOTE, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
const ELSEWHERE = 77 * 1_024 + 2;
/** Units of the quote asset per price unit and quantity unit. */
const FACTOR = INSTRUMENT.notionalFactor;

/** An order of Alice that rests, 30 at 100 but for what is said otherwise, and what may happen to it. */
class Story {
  readonly teller: Teller;
  readonly orderId: number;
  private trades = 0;

  constructor(terms: Parameters<Teller["placed"]>[0] = {}, funds = FUNDS) {
    this.teller = new Teller(funds);
    this.orderId = this.teller.placed({ quantity: 30, ...terms });
    const leaves = terms?.quantity ?? 30;
    this.teller.answer({ kind: "rested", orderId: this.orderId, leaves, sequence: 1 });
  }

  amend(changes: Partial<AmendOrder>) {
    return this.teller.ask({
      kind: "amend",
      account: ALICE,
      request: OrderRequest.Amend,
      orderId: this.orderId,
      clientOrderId: "",
      leaves: 0,
      ...NO_NEW_TERMS,
      ...changes,
    });
  }

  fill(price: number, quantity: number, leaves: number, isAuction = false) {
    this.trades += 1;
    const isBuy = this.order["side"] === Side.Buy;
    return this.teller.answer({
      kind: "trade",
      instrument: MARKET,
      tradeId: this.trades,
      price,
      quantity,
      takerSide: isBuy ? Side.Sell : Side.Buy,
      isAuction,
      makerOrder: this.orderId,
      takerOrder: ELSEWHERE,
      makerLeaves: leaves,
      takerLeaves: 0,
      sequence: 5,
    });
  }

  amended(price: number, leaves: number, stopPrice = 0, display = 0) {
    const { orderId } = this;
    const terms = { price, leaves, stopPrice, display };
    return this.teller.answer({ kind: "amended", orderId, ...terms, sequence: 6 });
  }

  refused(code: Code = Code.MARKET_HALTED) {
    const { orderId } = this;
    const request = OrderRequest.Amend;
    return this.teller.answer({ kind: "refused", orderId, request, code, sequence: 6 });
  }

  end(code: Code, leaves: number) {
    const { orderId } = this;
    return this.teller.answer({ kind: "ended", orderId, leaves, code, sequence: 7 });
  }

  get order(): Record<string, unknown> {
    return this.teller.order(this.orderId);
  }

  get held(): number {
    return this.teller.balance(ALICE, this.order["side"] === Side.Buy ? QUOTE : BASE)[1];
  }
}

describe("an amend", () => {
  it("is passed on as a difference, with what it may cost more held before", () => {
    const story = new Story();
    const { orderId } = story;
    expect(story.held).toBe(100 * 30 * FACTOR);
    const { events, sends } = story.amend({ price: 110, quantity: 50 });
    expect(events).toMatchObject([{ kind: "requested", orderId, request: OrderRequest.Amend }]);
    expect(sends).toEqual([
      { kind: "amend", orderId, price: 110, change: 20, stopPrice: 0, display: 0 },
    ]);
    expect(story.held).toBe(110 * 50 * FACTOR);
    expect(story.order).toMatchObject({ price: 100, quantity: 30, leaves: 30 });
    const answer = story.amended(110, 50);
    expect(answer.events).toEqual([
      {
        kind: "amended",
        orderId,
        price: 110,
        quantity: 50,
        leaves: 50,
        stopPrice: 0,
        display: 0,
        sequence: 6,
      },
    ]);
    expect(story.held).toBe(110 * 50 * FACTOR);
    expect(story.order).toMatchObject({
      price: 110,
      quantity: 50,
      leaves: 50,
      status: OrderStatus.New,
      amend_price: 0,
      worst_price: 110,
    });
  });

  it("counts its quantity with what is filled, and holds for fills that come before it", () => {
    const story = new Story();
    story.fill(100, 10, 20);
    // 60 in all are 50 open: 30 more than now.
    expect(story.amend({ price: 90, quantity: 60 }).sends).toMatchObject([
      { price: 90, change: 30 },
    ]);
    expect(story.held).toBe((100 * 20 + 90 * 30) * FACTOR);
    story.fill(100, 10, 10);
    expect(story.held).toBe((100 * 10 + 90 * 30) * FACTOR);
    story.amended(90, 40);
    expect(story.held).toBe(90 * 40 * FACTOR);
    expect(story.order).toMatchObject({ filled: 20, leaves: 40, quantity: 60, worst_price: 100 });
    story.fill(90, 40, 0);
    expect(story.held).toBe(0);
    expect(story.order).toMatchObject({ status: OrderStatus.Filled, filled: 60 });
  });

  it("releases what it asked for when it comes to nothing, or too late", () => {
    const refused = new Story();
    refused.amend({ price: 120, quantity: 60 });
    expect(refused.refused().events).toMatchObject([
      { kind: "refused", request: OrderRequest.Amend, code: Code.MARKET_HALTED },
    ]);
    expect(refused.held).toBe(100 * 30 * FACTOR);
    expect(refused.order).toMatchObject({ price: 100, leaves: 30, amend_price: 0 });

    const filled = new Story();
    filled.amend({ price: 120, quantity: 60 });
    filled.fill(100, 30, 0);
    expect(filled.held).toBe(0);
    filled.refused(Code.TOO_LATE);
    expect(filled.order).toMatchObject({ status: OrderStatus.Filled, amend_price: 0 });

    const ended = new Story({ side: Side.Sell });
    ended.amend({ quantity: 60 });
    expect(ended.held).toBe(60);
    ended.end(Code.CANCELLED_BY_CLIENT, 30);
    expect(ended.held).toBe(0);
    ended.refused(Code.TOO_LATE);
  });

  it("with less open needs no more than the dearer of the two", () => {
    const all = 100 * 30 * FACTOR;
    const story = new Story({}, { base: 0, quote: all });
    expect(story.amend({ price: 300, quantity: 10 }).events).toHaveLength(1);
    expect(story.held).toBe(all);
    story.fill(100, 10, 20);
    expect(story.held).toBe(100 * 20 * FACTOR);
    story.refused(Code.AMEND_BELOW_FILLED);
    expect(story.held).toBe(100 * 20 * FACTOR);
    expect(story.amend({ price: 300, quantity: 20 }).replies).toMatchObject([
      { code: Code.INSUFFICIENT_FUNDS },
    ]);
    expect(story.held).toBe(100 * 20 * FACTOR);
  });

  it("is one at a time, also after a restart", () => {
    const story = new Story();
    story.amend({ price: 110 });
    story.teller.restart();
    expect(story.amend({ price: 115 }).replies).toMatchObject([
      { code: Code.AMEND_PENDING, orderId: story.orderId },
    ]);
    expect(story.held).toBe(110 * 30 * FACTOR);
    story.amended(110, 30);
    expect(story.amend({ price: 115 }).events).toHaveLength(1);
  });

  it("of a stop moves the limit that it is held at", () => {
    const story = new Story({ type: OrderType.Stop, price: 0, stopPrice: 100 });
    expect(story.held).toBe(120 * 30 * FACTOR);
    expect(story.amend({ stopPrice: 200 }).sends).toMatchObject([{ price: 240, stopPrice: 200 }]);
    expect(story.held).toBe(240 * 30 * FACTOR);
    story.amended(240, 30, 200);
    expect(story.order).toMatchObject({ price: 240, stop_price: 200 });
    expect(story.amend({ quantity: 20 }).sends).toMatchObject([
      { price: 240, change: -10, stopPrice: 0 },
    ]);
  });

  it("of an iceberg may change what it shows", () => {
    const story = new Story({ display: 10 });
    expect(story.amend({ display: 20 }).sends).toMatchObject([
      { price: 100, change: 0, display: 20 },
    ]);
    story.amended(100, 30, 0, 20);
    expect(story.order).toMatchObject({ display: 20, quantity: 30 });
  });

  it("is refused when it makes no sense", () => {
    const story = new Story();
    const code = (changes: Partial<AmendOrder>, of = story) => of.amend(changes).replies[0]?.code;
    story.fill(100, 10, 20);
    expect(code({})).toBe(Code.AMEND_OF_NOTHING);
    expect(code({ price: 100, quantity: 30 })).toBe(Code.AMEND_OF_NOTHING);
    expect(code({ quantity: 10 })).toBe(Code.AMEND_BELOW_FILLED);
    expect(code({ quantity: 35 })).toBe(Code.QUANTITY_OFF_LOT);
    expect(code({ quantity: QUANTITY_UNITS_MAX + 10 })).toBe(Code.QUANTITY_TOO_LARGE);
    expect(code({ price: 101 })).toBe(Code.PRICE_OFF_TICK);
    expect(code({ price: PRICE_UNITS_MAX + 5 })).toBe(Code.PRICE_TOO_LARGE);
    expect(code({ price: PRICE_UNITS_MAX, quantity: QUANTITY_UNITS_MAX })).toBe(
      Code.NOTIONAL_TOO_LARGE,
    );
    expect(code({ stopPrice: 100 })).toBe(Code.AMEND_OF_OTHER_TERMS);
    expect(code({ display: 10 })).toBe(Code.AMEND_OF_OTHER_TERMS);
    expect(code({ price: 100_000 })).toBe(Code.INSUFFICIENT_FUNDS);
    const stop = new Story({ type: OrderType.Stop, price: 0, stopPrice: 100 });
    expect(code({ price: 100 }, stop)).toBe(Code.AMEND_OF_OTHER_TERMS);
    expect(code({ stopPrice: 101 }, stop)).toBe(Code.STOP_PRICE_OFF_TICK);
    expect(code({ stopPrice: PRICE_UNITS_MAX + 5 }, stop)).toBe(Code.STOP_PRICE_TOO_LARGE);
    const iceberg = new Story({ display: 10 });
    expect(code({ display: 15 }, iceberg)).toBe(Code.DISPLAY_OFF_LOT);
    expect(code({ display: 30 }, iceberg)).toBe(Code.DISPLAY_NOT_BELOW_QUANTITY);
    story.end(Code.CANCELLED_BY_OPERATOR, 20);
    expect(code({ price: 105 })).toBe(Code.ORDER_ALREADY_FINAL);
    expect(story.held).toBe(0);
  });

  it("stops the shard when the market says what nobody has asked for", () => {
    const story = new Story();
    expect(() => story.amended(110, 30)).toThrow(InvariantError);
    expect(() => story.refused()).toThrow(InvariantError);
    story.amend({ price: 110, quantity: 40 });
    expect(() => story.amended(110, 30)).toThrow(InvariantError);
    expect(() => story.amended(115, 40)).toThrow(InvariantError);
    story.amended(110, 40);
  });
});

describe("an order of another kind", () => {
  it("waits, is triggered, and rests", () => {
    const teller = new Teller(FUNDS);
    const terms = { type: OrderType.StopLimit, price: 110, stopPrice: 105, quantity: 20 };
    const orderId = teller.placed(terms);
    for (const kind of ["waiting", "triggered", "rested"] as const) {
      const answer = { kind, orderId, leaves: 20, sequence: 3 };
      expect(teller.answer(answer).events).toEqual([answer]);
      expect(teller.order(orderId)).toMatchObject({ status: OrderStatus.New, leaves: 20 });
    }
    expect(() => teller.answer({ kind: "waiting", orderId, leaves: 10, sequence: 3 })).toThrow(
      InvariantError,
    );
  });

  it("trades in an auction as neither maker nor taker", () => {
    const story = new Story();
    const { events } = story.fill(95, 10, 20, true);
    expect(events).toMatchObject([{ kind: "filled", liquidity: Liquidity.Auction, price: 95 }]);
  });

  it("is expired when its time in force runs out, and cancelled when anything else ends it", () => {
    for (const [code, status] of [
      [Code.EXPIRED, OrderStatus.Expired],
      [Code.DAY_ENDED, OrderStatus.Expired],
      [Code.AUCTION_REMAINDER, OrderStatus.Expired],
      [Code.IMMEDIATE_REMAINDER, OrderStatus.Cancelled],
      [Code.SELF_TRADE_PREVENTED, OrderStatus.Cancelled],
    ] as const) {
      const story = new Story();
      story.end(code, 30);
      expect(story.order).toMatchObject({ status, code, leaves: 0 });
      expect(story.held).toBe(0);
      // Whatever became of it, it was accepted.
      story.teller.restart();
      expect(story.teller.place().replies).toMatchObject([{ code: Code.OK, repeated: true }]);
    }
  });

  it("is decremented, and told why", () => {
    const story = new Story();
    const { orderId } = story;
    const reduced = {
      kind: "reduced",
      orderId,
      leaves: 10,
      code: Code.SELF_TRADE_PREVENTED,
      sequence: 4,
    } as const;
    const [event, warning] = story.teller.answer(reduced).events;
    expect(event).toEqual(reduced);
    expect(warning).toMatchObject({ kind: "warning", selfTrades: 1 });
    expect(story.held).toBe(100 * 10 * FACTOR);
  });
});
