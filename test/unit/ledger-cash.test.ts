/** What leaves accounts, and what accounts may do. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { ASSET_ID_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, OrderType, Side } from "../../actors/kernel/order.js";
import { AccountState } from "../../actors/ledger/account-state.js";
import {
  type AmendOrder,
  type NewOrder,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import { WithdrawalStatus } from "../../actors/ledger/withdrawals.js";
import { ALICE, BASE, BOB, MARKET, QUOTE, codeOf, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
const { Requested, Approved, Settled, Refused } = WithdrawalStatus;

/** A teller whom somebody asks for money. */
class Cash extends Teller {
  withdraw(amount: number, key = "w", account = ALICE, asset = QUOTE) {
    return this.ask({ kind: "withdraw", account, asset, amount, key });
  }

  decide(decision: number, key = "w", account = ALICE) {
    return this.ask({ kind: "decide-withdrawal", account, key, decision });
  }

  setState(state: number, account = ALICE) {
    return this.ask({ kind: "set-account", account, state });
  }

  amend(orderId: number, changes: Partial<AmendOrder>) {
    const request = OrderRequest.Amend;
    const named = { orderId, clientOrderId: "", leaves: 0, ...NO_NEW_TERMS };
    return this.ask({ kind: "amend", account: ALICE, request, ...named, ...changes });
  }

  get quote(): [total: number, held: number] {
    return this.balance(ALICE, QUOTE);
  }

  get totals(): number {
    const row = this.tables.rows("shard_totals").find(({ asset }) => asset === QUOTE);
    return row!["deposits"] as number;
  }
}

describe("a withdrawal", () => {
  it("is held for when it is asked for, and gone when it is settled", () => {
    const cash = new Cash(FUNDS);
    const row = { asset: QUOTE, amount: 400, key: "w" };
    const terms = { kind: "withdrawal", ...row };
    expect(cash.withdraw(400).events).toMatchObject([{ ...terms, status: Requested }]);
    expect(cash.quote).toEqual([1_000_000, 400]);
    expect(cash.decide(Approved).events).toMatchObject([{ ...terms, status: Approved }]);
    expect(cash.quote).toEqual([1_000_000, 400]);
    expect(cash.totals).toBe(2_000_000);
    expect(cash.decide(Settled).events).toMatchObject([{ ...terms, status: Settled }]);
    expect(cash.quote).toEqual([999_600, 0]);
    expect(cash.totals).toBe(1_999_600);
    expect(cash.tables.rows("withdrawals")).toEqual([
      { account: ALICE, ...row, status: Settled, requested: 4, sequence: 6 },
    ]);
  });

  it.each([[[]], [[Approved]]])("is given back when it is refused, after %j", (before) => {
    const cash = new Cash(FUNDS);
    cash.withdraw(400);
    for (const decision of before) cash.decide(decision);
    cash.decide(Refused);
    expect(cash.quote).toEqual([1_000_000, 0]);
    expect(cash.totals).toBe(2_000_000);
  });

  it("is the same withdrawal under the same key, whatever has become of it, also after a restart", () => {
    const cash = new Cash(FUNDS);
    const ask = (amount: number, asset = QUOTE) => codeOf(cash.withdraw(amount, "w", ALICE, asset));
    for (const decision of [Requested, Approved, Settled]) {
      if (decision === Requested) expect(ask(400)).toBeUndefined();
      else expect(codeOf(cash.decide(decision))).toBeUndefined();
      cash.restart();
      expect(ask(400)).toBe("OK again");
      expect(ask(401)).toBe("WITHDRAWAL_KEY_REUSED");
      expect(ask(400, BASE)).toBe("WITHDRAWAL_KEY_REUSED");
      if (decision !== Requested) expect(codeOf(cash.decide(decision))).toBe("OK again");
    }
    expect(cash.quote).toEqual([999_600, 0]);
    expect(codeOf(cash.withdraw(400, "w", BOB))).toBeUndefined();
  });

  it("never leaves without an operator's word, nor twice, nor after it was refused", () => {
    const cash = new Cash(FUNDS);
    cash.withdraw(400);
    expect(codeOf(cash.decide(Settled))).toBe("WITHDRAWAL_NOT_APPROVED");
    cash.decide(Approved);
    cash.decide(Settled);
    for (const decision of [Approved, Refused]) {
      expect(codeOf(cash.decide(decision))).toBe("WITHDRAWAL_FINAL");
    }
    cash.withdraw(500, "other");
    cash.decide(Refused, "other");
    for (const decision of [Approved, Settled]) {
      expect(codeOf(cash.decide(decision, "other"))).toBe("WITHDRAWAL_FINAL");
    }
    expect(cash.quote).toEqual([999_600, 0]);
  });

  it("takes nothing that orders or other withdrawals hold, and leaves nothing to them", () => {
    const cash = new Cash(FUNDS);
    cash.placed({ price: 1_000, quantity: 300 });
    expect(cash.quote).toEqual([1_000_000, 900_000]);
    expect(codeOf(cash.withdraw(100_001))).toBe("INSUFFICIENT_FUNDS");
    expect(codeOf(cash.withdraw(60_000))).toBeUndefined();
    expect(codeOf(cash.withdraw(40_001, "more"))).toBe("INSUFFICIENT_FUNDS");
    expect(cash.place({ clientOrderId: "b", price: 1_000, quantity: 20 }).events).toMatchObject([
      { kind: "rejected", code: Code.INSUFFICIENT_FUNDS },
    ]);
    expect(codeOf(cash.withdraw(40_000, "rest"))).toBeUndefined();
  });

  it("stays held when the account's last order ends", () => {
    const cash = new Cash(FUNDS);
    const orderId = cash.placed({ price: 100, quantity: 10 });
    cash.withdraw(400);
    const code = Code.CANCELLED_BY_CLIENT;
    cash.answer({ kind: "ended", orderId, leaves: 10, code, sequence: 1 });
    expect(cash.quote).toEqual([1_000_000, 400]);
  });

  it("is refused with what is wrong with it", () => {
    const cash = new Cash(FUNDS);
    expect(codeOf(cash.withdraw(5, "w", 999))).toBe("UNKNOWN_ACCOUNT");
    expect(codeOf(cash.withdraw(5, "w", ALICE, 0))).toBe("UNKNOWN_ASSET");
    expect(codeOf(cash.withdraw(5, "w", ALICE, ASSET_ID_MAX + 1))).toBe("UNKNOWN_ASSET");
    expect(codeOf(cash.withdraw(0))).toBe("AMOUNT_NOT_POSITIVE");
    expect(codeOf(cash.withdraw(2 ** 53 - 1))).toBe("AMOUNT_TOO_LARGE");
    expect(codeOf(cash.withdraw(5, ""))).toBe("WITHDRAWAL_KEY_MISSING");
    expect(codeOf(cash.withdraw(5, "\n"))).toBe("MALFORMED_COMMAND");
    expect(codeOf(cash.withdraw(5, "w", ALICE, 9))).toBe("INSUFFICIENT_FUNDS");
    expect(codeOf(cash.decide(Approved))).toBe("UNKNOWN_WITHDRAWAL");
    cash.withdraw(5);
    for (const decision of [0, 5]) expect(codeOf(cash.decide(decision))).toBe("INVALID_DECISION");
    cash.decide(Approved);
    expect(codeOf(cash.decide(Requested))).toBe("INVALID_DECISION");
  });
});

describe("an account's state", () => {
  const order = (side: Side, clientOrderId: string): NewOrder => ({
    clientOrderId,
    instrument: MARKET,
    side,
    type: OrderType.Limit,
    timeInForce: 1,
    price: 100,
    quantity: 10,
    ...NO_OTHER_TERMS,
  });
  const told = ({ events }: ReturnType<Teller["ask"]>) =>
    events.map((event) => (event.kind === "rejected" ? event.code : event.kind));

  it.each([
    ["CloseOnly", "accepted", Code.ACCOUNT_CLOSE_ONLY, undefined, undefined],
    ["Frozen", Code.ACCOUNT_FROZEN, Code.ACCOUNT_FROZEN, "ACCOUNT_FROZEN", undefined],
    ["Closed", Code.ACCOUNT_CLOSED, Code.ACCOUNT_CLOSED, "ACCOUNT_CLOSED", "ACCOUNT_CLOSED"],
    ["Active", "accepted", "accepted", undefined, undefined],
  ] as const)("%s says what it may do", (name, sell, buy, withdrawal, deposit) => {
    const cash = new Cash(name === "Closed" ? {} : FUNDS);
    cash.setState(AccountState.Frozen);
    cash.setState(AccountState[name]);
    cash.restart();
    expect(told(cash.place(order(Side.Sell, "s")))).toEqual([sell]);
    expect(told(cash.place(order(Side.Buy, "b")))).toEqual([buy]);
    const legs = [order(Side.Buy, "p"), order(Side.Buy, "q")] as const;
    const pair = cash.ask({ kind: "place-pair", account: ALICE, legs });
    expect(told(pair)).toEqual([buy, buy]);
    if (name !== "Closed") expect(codeOf(cash.withdraw(5))).toBe(withdrawal);
    expect(codeOf(cash.deposit(ALICE, QUOTE, 5))).toBe(deposit);
  });

  it("takes nothing away: orders stay, and may be cancelled", () => {
    const cash = new Cash(FUNDS);
    const orderId = cash.placed();
    const { events } = cash.setState(AccountState.Frozen);
    expect(events).toMatchObject([{ kind: "account-state", state: AccountState.Frozen }]);
    expect(codeOf(cash.setState(AccountState.Frozen))).toBe("OK again");
    const request = OrderRequest.Cancel;
    const named = { orderId, clientOrderId: "", leaves: 0, ...NO_NEW_TERMS };
    expect(told(cash.ask({ kind: "amend", account: ALICE, request, ...named }))).toEqual([
      "requested",
    ]);
    expect(codeOf(cash.amend(orderId, { quantity: 20 }))).toBe("ACCOUNT_FROZEN");
    expect(told(cash.ask({ kind: "cancel-all", account: ALICE, instrument: 0, side: 0 }))).toEqual([
      "cancel-all",
    ]);
  });

  it("close-only lets a buyer ask for less, and for no more", () => {
    const cash = new Cash(FUNDS);
    const orderId = cash.placed({ quantity: 30 });
    cash.answer({ kind: "rested", orderId, leaves: 30, sequence: 1 });
    cash.setState(AccountState.CloseOnly);
    expect(codeOf(cash.amend(orderId, { quantity: 40 }))).toBe("ACCOUNT_CLOSE_ONLY");
    expect(codeOf(cash.amend(orderId, { price: 105 }))).toBe("ACCOUNT_CLOSE_ONLY");
    expect(told(cash.amend(orderId, { quantity: 20 }))).toEqual(["requested"]);
  });

  it("is closed only when there is nothing", () => {
    const cash = new Cash(FUNDS);
    const { Closed } = AccountState;
    expect(codeOf(cash.setState(Closed))).toBe("ACCOUNT_NOT_EMPTY");
    for (const [asset, amount, key] of [
      [QUOTE, FUNDS.quote, "q"],
      [BASE, FUNDS.base, "b"],
    ] as const) {
      cash.withdraw(amount, key, ALICE, asset);
      cash.decide(Approved, key);
      expect(codeOf(cash.setState(Closed))).toBe("ACCOUNT_NOT_EMPTY");
      cash.decide(Settled, key);
    }
    expect(codeOf(cash.setState(Closed))).toBeUndefined();
    expect(codeOf(cash.setState(AccountState.Active))).toBeUndefined();
    expect(codeOf(cash.setState(0))).toBe("INVALID_ACCOUNT_STATE");
    expect(codeOf(cash.setState(5))).toBe("INVALID_ACCOUNT_STATE");
  });
});
