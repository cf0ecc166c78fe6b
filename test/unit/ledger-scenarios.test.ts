/** Short stories of shards and a market together, with the numbers that a trader would work out on paper. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { FIRST_MARKET_ID } from "../../actors/kernel/ids.js";
import {
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../actors/kernel/order.js";
import { decodeAccountEvents } from "../../actors/ledger/account-events.js";
import { NO_NEW_TERMS, NO_OTHER_TERMS, type PlaceOrder } from "../../actors/ledger/messages.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { WiredExchange } from "../helpers/wired-exchange.js";

const ETH = 1;
const XBT = 2;
const ALICE = 101;
const BOB = 202;
/** Each account has a shard of its own, so every trade is settled on two. */
const SHARD_OF = new Map([
  [ALICE, 1],
  [BOB, 2],
]);

class Story {
  private readonly exchange = new WiredExchange(2, [
    {
      id: FIRST_MARKET_ID,
      symbol: "ETH/XBT",
      baseAsset: ETH,
      quoteAsset: XBT,
      priceDecimals: 0,
      quantityDecimals: 0,
      tick: 1,
      lot: 1,
      notionalFactor: 10,
      referencePrice: 30_000,
      makerFee: 0,
      takerFee: 0,
      feeTiers: [],
    },
  ]);
  private keys = 0;

  constructor() {
    // These stories go far.
    const rules = { ...DEFAULT_RULES, staticBandBps: 0 };
    this.exchange.operate(FIRST_MARKET_ID, { kind: "rules", rules });
    for (const [account, shard] of SHARD_OF) {
      this.exchange.ask(shard, { kind: "open", account, deadline: 0 });
    }
  }

  deposit(account: number, asset: number, amount: number): void {
    const key = `${++this.keys}`;
    const shard = SHARD_OF.get(account)!;
    this.exchange.ask(shard, { kind: "deposit", account, deadline: 0, asset, amount, key });
    this.exchange.drain();
  }

  place(account: number, side: Side, price: number, quantity: number, more?: Partial<PlaceOrder>) {
    const command: PlaceOrder = {
      kind: "place",
      account,
      deadline: 0,
      clientOrderId: `${++this.keys}`,
      instrument: FIRST_MARKET_ID,
      side,
      type: OrderType.Limit,
      timeInForce: TimeInForce.GoodTillCancel,
      price,
      quantity,
      ...NO_OTHER_TERMS,
      ...more,
    };
    this.exchange.ask(SHARD_OF.get(account)!, command);
    this.exchange.drain();
    return this.tables(account).rows("orders").at(-1)!;
  }

  amend(account: number, orderId: number, request: OrderRequest, leaves = 0): void {
    this.exchange.ask(SHARD_OF.get(account)!, {
      kind: "amend",
      account,
      deadline: 0,
      request,
      orderId,
      clientOrderId: "",
      leaves,
      ...NO_NEW_TERMS,
    });
    this.exchange.drain();
  }

  available(account: number, asset: number): number {
    const row = this.tables(account)
      .rows("balances")
      .find((row) => row["asset"] === asset);
    return row ? Number(row["total"]) - Number(row["held"]) : 0;
  }

  order(account: number, orderId: number) {
    return this.tables(account)
      .rows("orders")
      .find((row) => row["order_id"] === orderId)!;
  }

  /** What the account was told from its journal's number `from` on. */
  told(account: number, from: number): string[] {
    const rows = this.tables(account).rows("journal");
    return rows
      .flatMap((row) => decodeAccountEvents(row["events"] as Uint8Array))
      .slice(from - 1)
      .map(({ kind }) => kind);
  }

  private tables(account: number) {
    return this.exchange.shards[SHARD_OF.get(account)! - 1]!.tables;
  }
}

describe("a buyer and a seller of two shards", () => {
  it("trade with what they have and not a unit more", () => {
    const story = new Story();
    story.deposit(ALICE, XBT, 2_000_000);
    story.deposit(BOB, ETH, 6);
    const insufficient = { status: OrderStatus.Rejected, code: Code.INSUFFICIENT_FUNDS };
    expect(story.place(ALICE, Side.Buy, 30_000, 7)).toMatchObject(insufficient);
    expect(story.available(ALICE, XBT)).toBe(2_000_000);
    story.deposit(ALICE, XBT, 100_000);
    expect(story.place(ALICE, Side.Buy, 30_000, 7)).toMatchObject({ status: OrderStatus.New });
    expect(story.available(ALICE, XBT)).toBe(0);

    const now = { timeInForce: TimeInForce.ImmediateOrCancel };
    expect(story.place(BOB, Side.Sell, 30_000, 7, now)).toMatchObject(insufficient);
    story.deposit(BOB, ETH, 1);
    expect(story.place(BOB, Side.Sell, 29_000, 7, now)).toMatchObject({ status: 4, filled: 7 });
    expect([story.available(ALICE, ETH), story.available(ALICE, XBT)]).toEqual([7, 0]);
    expect([story.available(BOB, ETH), story.available(BOB, XBT)]).toEqual([0, 2_100_000]);
  });

  it("get back all that a cancelled order held", () => {
    const story = new Story();
    story.deposit(ALICE, XBT, 94_000_000);
    const { order_id } = story.place(ALICE, Side.Buy, 18_500, 500);
    expect(story.available(ALICE, XBT)).toBe(1_500_000);
    story.amend(ALICE, order_id as number, OrderRequest.Cancel);
    expect(story.available(ALICE, XBT)).toBe(94_000_000);
    expect(story.told(ALICE, 3)).toEqual(["accepted", "rested", "requested", "ended"]);
  });

  it("pay the maker's price, and the buyer gets back what its limit held beyond it", () => {
    const story = new Story();
    story.deposit(ALICE, XBT, 1_000_000);
    story.deposit(BOB, ETH, 10);
    story.place(BOB, Side.Sell, 1_000, 4);
    story.place(BOB, Side.Sell, 1_100, 6);
    const order = story.place(ALICE, Side.Buy, 1_200, 12);
    expect(order).toMatchObject({ status: OrderStatus.PartiallyFilled, filled: 10, leaves: 2 });
    const paid = (1_000 * 4 + 1_100 * 6) * 10;
    expect(story.available(ALICE, XBT)).toBe(1_000_000 - paid - 1_200 * 2 * 10);
    expect(story.available(BOB, XBT)).toBe(paid);
    expect(story.told(ALICE, 3)).toEqual(["accepted", "filled", "filled", "rested"]);
  });
});

describe("an order's quantities, whatever crosses on the way", () => {
  it("end at zero leaves, with all that was filled, when it is cancelled in part-filled state", () => {
    const story = new Story();
    story.deposit(ALICE, XBT, 1_000_000);
    story.deposit(BOB, ETH, 100);
    const id = story.place(ALICE, Side.Buy, 100, 100)["order_id"] as number;
    story.place(BOB, Side.Sell, 100, 20);
    expect(story.order(ALICE, id)).toMatchObject({ status: 3, filled: 20, leaves: 80 });
    story.amend(ALICE, id, OrderRequest.Reduce, 50);
    expect(story.order(ALICE, id)).toMatchObject({ status: 3, filled: 20, leaves: 50 });
    story.amend(ALICE, id, OrderRequest.Reduce, 60);
    expect(story.told(ALICE, 7)).toEqual(["reduced", "requested", "refused"]);
    story.place(BOB, Side.Sell, 100, 10);
    story.amend(ALICE, id, OrderRequest.Cancel);
    expect(story.order(ALICE, id)).toMatchObject({
      status: OrderStatus.Cancelled,
      quantity: 100,
      filled: 30,
      leaves: 0,
    });
    expect(story.available(ALICE, XBT)).toBe(1_000_000 - 30 * 100 * 10);
  });

  it("are those of an immediate order's fills, and its remainder ends at once", () => {
    const story = new Story();
    story.deposit(ALICE, XBT, 1_000_000);
    story.deposit(BOB, ETH, 100);
    story.place(BOB, Side.Sell, 100, 5);
    const now = { timeInForce: TimeInForce.ImmediateOrCancel };
    expect(story.place(ALICE, Side.Buy, 100, 8, now)).toMatchObject({
      status: OrderStatus.Cancelled,
      code: Code.IMMEDIATE_REMAINDER,
      filled: 5,
      leaves: 0,
    });
    expect(story.available(ALICE, XBT)).toBe(1_000_000 - 5 * 100 * 10);
  });
});
