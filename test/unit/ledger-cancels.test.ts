/** Cancels of one order, and of all of an account: each order's goes to its market once. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import { type AmendOrder, NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import { ALICE, BOB, INSTRUMENT, MARKET, NOON, type Step, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
const ELSEWHERE = 77 * 1_024 + 2;
const TOLD = [{ kind: "requested", request: OrderRequest.Cancel }];

/** An order of Alice that rests, 30 at 100. */
class Story {
  readonly teller = new Teller(FUNDS);
  readonly orderId = this.teller.placed({ quantity: 30 });

  cancel(): Step {
    return this.ask({ request: OrderRequest.Cancel });
  }

  amend(price: number): Step {
    return this.ask({ request: OrderRequest.Amend, price });
  }

  refuse(request: OrderRequest): Step {
    const { orderId } = this;
    return this.teller.answer({ kind: "refused", orderId, request, code: 1, sequence: 6 });
  }

  fill(quantity: number, makerLeaves: number): Step {
    return this.teller.answer({
      kind: "trade",
      instrument: MARKET,
      tradeId: 1 + makerLeaves,
      price: 100,
      quantity,
      takerSide: Side.Sell,
      isAuction: false,
      makerOrder: this.orderId,
      takerOrder: ELSEWHERE,
      makerLeaves,
      takerLeaves: 0,
      sequence: 5,
    });
  }

  get order(): Record<string, unknown> {
    return this.teller.order(this.orderId);
  }

  private ask(changes: Partial<AmendOrder>): Step {
    const { orderId } = this;
    const named = { kind: "amend", account: ALICE, orderId, clientOrderId: "" } as const;
    const request = OrderRequest.Cancel;
    return this.teller.ask({ ...named, request, leaves: 0, ...NO_NEW_TERMS, ...changes });
  }
}

describe("a cancel", () => {
  it("goes to the market once, however often it is taken, also after a restart", () => {
    const story = new Story();
    const { orderId, teller } = story;
    expect(story.cancel().sends).toEqual([{ kind: "cancel", orderId }]);
    for (let again = 0; again < 3; again++) {
      const { events, sends } = story.cancel();
      expect(events).toMatchObject(TOLD);
      expect(sends).toEqual([]);
      teller.restart();
    }
    expect(story.order).toMatchObject({ cancelling: 1, last_sequence: 8 });
    // A fill that comes before it changes nothing of that.
    story.fill(10, 20);
    expect(story.cancel().sends).toEqual([]);
    const ended = { kind: "ended", orderId, leaves: 20, code: 40, sequence: 7 } as const;
    expect(teller.answer(ended).events).toEqual([ended]);
    expect(story.cancel().replies).toMatchObject([{ code: Code.ORDER_ALREADY_FINAL, orderId }]);
  });

  it("is not sent again after a cancel of all orders", () => {
    const story = new Story();
    const all = { kind: "cancel-all", account: ALICE, instrument: 0, side: 0 } as const;
    expect(story.teller.ask(all).sends).toEqual([{ kind: "cancel", orderId: story.orderId }]);
    const { events, sends } = story.cancel();
    expect(events).toMatchObject(TOLD);
    expect(sends).toEqual([]);
  });

  it("that its market has refused may be asked for again, and an amend's refusal is no answer to it", () => {
    const story = new Story();
    const { orderId } = story;
    story.cancel();
    story.amend(110);
    expect(story.refuse(OrderRequest.Cancel).events).toMatchObject([{ kind: "refused", orderId }]);
    expect(story.order).toMatchObject({ cancelling: 0, amend_price: 110 });
    story.teller.restart();
    expect(story.cancel().sends).toEqual([{ kind: "cancel", orderId }]);
    story.refuse(OrderRequest.Amend);
    expect(story.order).toMatchObject({ cancelling: 1, amend_price: 0 });
    expect(story.cancel().sends).toEqual([]);
    story.fill(30, 0);
    expect(story.refuse(OrderRequest.Cancel).events).toMatchObject([{ kind: "refused", orderId }]);
  });
});

describe("a cancel of all orders", () => {
  const cancelAll = (teller: Teller, instrument = 0, side = 0) =>
    teller.ask({ kind: "cancel-all", account: ALICE, instrument, side });

  it("asks for the live orders of the account that are meant, in the order of their ids", () => {
    const teller = new Teller(FUNDS);
    const other = { ...INSTRUMENT, id: MARKET + 1, symbol: "B" };
    teller.answer({ kind: "instrument", instrument: other }, MARKET + 1);
    const buys = ["a", "b"].map((clientOrderId) => teller.placed({ clientOrderId }));
    const sell = teller.placed({ clientOrderId: "c", side: Side.Sell });
    const elsewhere = teller.placed({ clientOrderId: "d", instrument: MARKET + 1 });
    teller.placed({ account: BOB, clientOrderId: "e" });
    teller.answer({ kind: "ended", orderId: buys[0]!, leaves: 10, code: 41, sequence: 1 });
    const sells = cancelAll(teller, MARKET, Side.Sell);
    expect(sells.sends).toEqual([{ kind: "cancel", orderId: sell }]);
    expect(sells.events).toMatchObject([
      { kind: "cancel-all", instrument: MARKET, side: Side.Sell, orders: 1 },
    ]);
    const rest = cancelAll(teller);
    expect(rest.sends).toEqual([
      { kind: "cancel", orderId: buys[1] },
      { kind: "cancel", orderId: elsewhere },
    ]);
    expect(rest.events).toMatchObject([{ kind: "cancel-all", orders: 2 }]);
  });

  it("asks once for each, however often it comes, also after a restart", () => {
    const teller = new Teller(FUNDS);
    teller.placed();
    expect(cancelAll(teller).events).toMatchObject([{ orders: 1 }]);
    teller.restart();
    const again = cancelAll(teller);
    expect(again.events).toMatchObject([{ kind: "cancel-all", orders: 0 }]);
    expect(again.sends).toEqual([]);
  });

  it("is refused after its deadline, and for nobody", () => {
    const teller = new Teller(FUNDS);
    const ask = { kind: "cancel-all", instrument: 0, side: 0 } as const;
    expect(teller.ask({ ...ask, account: ALICE, deadline: NOON - 1 }).replies).toMatchObject([
      { code: Code.DEADLINE_PASSED },
    ]);
    expect(teller.ask({ ...ask, account: 999 }).replies).toMatchObject([
      { code: Code.UNKNOWN_ACCOUNT },
    ]);
  });
});
