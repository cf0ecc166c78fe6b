/** Post-only orders that their market takes at another limit than they came with. */
import { describe, expect, it } from "vitest";
import { InvariantError } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import { NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import { ALICE, BASE, QUOTE, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };

describe("an order that reprices", () => {
  const terms = { postOnly: true, reprices: true, quantity: 30, price: 100 } as const;
  const entered = (changes: Parameters<Teller["placed"]>[0] = {}) => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed({ ...terms, ...changes });
    const repriced = (price: number) =>
      teller.answer({ kind: "repriced", orderId, price, sequence: 6 });
    return { teller, orderId, repriced };
  };

  it("is held for at its new limit, told of it, and kept so", () => {
    const { teller, orderId, repriced } = entered();
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 100 * 30 * 3]);
    const { events, effects } = repriced(95);
    expect(events).toEqual([{ kind: "repriced", orderId, price: 95, sequence: 6 }]);
    expect(Object.keys(effects.rows)).toEqual(["balances_changed", "orders_amended", "journal"]);
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 95 * 30 * 3]);
    teller.restart();
    expect(teller.order(orderId)).toMatchObject({ price: 95, worst_price: 100, reprices: 1 });
  });

  it("may be amended on its way, which its market answers later", () => {
    const { teller, orderId, repriced } = entered({ price: 100 });
    teller.ask({
      kind: "amend",
      account: ALICE,
      request: OrderRequest.Amend,
      orderId,
      clientOrderId: "",
      leaves: 0,
      ...NO_NEW_TERMS,
      price: 110,
    });
    repriced(95);
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 110 * 30 * 3]);
    const request = OrderRequest.Amend;
    const code = Code.POST_ONLY_WOULD_TRADE;
    teller.answer({ kind: "refused", orderId, request, code, sequence: 7 });
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 95 * 30 * 3]);
    expect(teller.order(orderId)).toMatchObject({ price: 95, amend_price: 0 });
  });

  it("of a seller holds what it held", () => {
    const { teller, repriced } = entered({ side: Side.Sell });
    repriced(105);
    expect(teller.balance(ALICE, BASE)).toEqual([FUNDS.base, 30]);
  });

  it("never gets a worse limit, nor does one that does not reprice get another", () => {
    expect(() => entered().repriced(105)).toThrow(InvariantError);
    expect(() => entered({ side: Side.Sell }).repriced(95)).toThrow(InvariantError);
    expect(() => entered({ reprices: false }).repriced(95)).toThrow(InvariantError);
  });
});
