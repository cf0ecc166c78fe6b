/** Accounts under an account: of one shard with it, and as one with it but for what they have. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { SUB_ACCOUNTS_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import { AccountState } from "../../actors/ledger/account-state.js";
import { NO_LIMITS } from "../../actors/ledger/limit-terms.js";
import { NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import {
  ALICE,
  BASE,
  BOB,
  codeOf,
  INSTRUMENT,
  QUOTE,
  SHARD,
  SLOT,
  Teller,
} from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
/** Sub-accounts of Alice: one with a number below hers, so that it is read before her, and one above. */
const [LOW, HIGH] = [50, 500];

class Family extends Teller {
  private ids = 0;

  constructor() {
    super(FUNDS);
    for (const account of [LOW, HIGH]) {
      this.under(ALICE, account);
      this.deposit(account, BASE, FUNDS.base);
      this.deposit(account, QUOTE, FUNDS.quote);
    }
  }

  under(parent: number, account: number) {
    return this.ask({ kind: "open-sub-account", account, parent });
  }

  setState(account: number, state: AccountState) {
    return codeOf(this.ask({ kind: "set-account", account, state }));
  }

  /** What a new order is answered with, and what its market is sent. */
  send(account: number, side: Side = Side.Buy) {
    return this.place({ account, side, clientOrderId: `o${++this.ids}` });
  }

  /** What a new order was rejected with; nothing when it was accepted. */
  rejection(account: number, side?: Side) {
    const [event] = this.send(account, side).events;
    return event?.kind === "rejected" ? event.code : undefined;
  }

  owner(account: number) {
    const [entered] = this.send(account).sends;
    return entered?.kind === "enter" ? entered.owner : null;
  }
}

describe("a sub-account", () => {
  it("is opened under an account, once, and told so", () => {
    const family = new Teller(FUNDS);
    const open = { kind: "open-sub-account", account: LOW, parent: ALICE } as const;
    const { events } = family.ask(open);
    const origin = { slot: SLOT, token: 1, number: expect.any(Number) };
    expect(events).toEqual([{ kind: "opened", origin, parent: ALICE }]);
    expect(family.tables.rows("accounts").at(-1)).toMatchObject({ account: LOW, parent: ALICE });
    expect(codeOf(family.ask(open))).toBe("ACCOUNT_EXISTS again");
    expect(codeOf(family.ask({ ...open, parent: BOB }))).toBe("ACCOUNT_EXISTS");
    expect(codeOf(family.ask({ ...open, account: BOB }))).toBe("ACCOUNT_EXISTS");
    expect(codeOf(family.ask({ kind: "open", account: LOW }))).toBe("ACCOUNT_EXISTS again");
    const hash = family.shard.stateHash();
    family.restart();
    expect(family.shard.stateHash()).toBe(hash);
    expect(codeOf(family.ask(open))).toBe("ACCOUNT_EXISTS again");
  });

  it("is of an account that is there and no sub-account itself", () => {
    const family = new Family();
    expect(codeOf(family.under(999, 60))).toBe("UNKNOWN_PARENT");
    expect(codeOf(family.under(0, 60))).toBe("UNKNOWN_PARENT");
    expect(codeOf(family.under(60, 60))).toBe("UNKNOWN_PARENT");
    expect(codeOf(family.under(houseAccountOf(SHARD), 60))).toBe("UNKNOWN_PARENT");
    expect(codeOf(family.under(LOW, 60))).toBe("PARENT_IS_SUB_ACCOUNT");
    expect(codeOf(family.under(ALICE, ALICE))).toBe("ACCOUNT_EXISTS");
    family.setState(BOB, AccountState.Frozen);
    expect(codeOf(family.under(BOB, 60))).toBe("ACCOUNT_FROZEN");
  });

  it("is one of so many at most", () => {
    const family = new Teller(FUNDS);
    const open = (at: number) =>
      codeOf(family.ask({ kind: "open-sub-account", account: 1_000 + at, parent: ALICE }));
    const codes = Array.from({ length: SUB_ACCOUNTS_MAX + 1 }, (_, at) => open(at));
    expect(codes.slice(0, -1).every((code) => code === undefined)).toBe(true);
    expect(codes.at(-1)).toBe("TOO_MANY_SUB_ACCOUNTS");
  });

  it("owns its orders as its parent does, in whatever group that is", () => {
    const family = new Family();
    expect([ALICE, LOW, HIGH].map((account) => family.owner(account))).toEqual([
      ALICE,
      ALICE,
      ALICE,
    ]);
    family.ask({ kind: "set-group", account: ALICE, group: 7 });
    family.ask({ kind: "set-group", account: BOB, group: 7 });
    family.restart();
    const owners = [ALICE, LOW, HIGH, BOB].map((account) => family.owner(account));
    expect(new Set(owners).size).toBe(1);
    expect(owners[0]).not.toBe(ALICE);
  });

  it("is charged the fees of its parent's tier", () => {
    const family = new Family();
    const feeTiers = [{ makerFee: 0, takerFee: 10_000 }];
    const instrument = { ...INSTRUMENT, makerFee: 0, takerFee: 50_000, feeTiers };
    family.answer({ kind: "instrument", instrument });
    const terms = { tier: 1, limits: NO_LIMITS, resetsLimits: false };
    family.ask({ kind: "set-tier", account: ALICE, ...terms });
    const orderId = family.placed({ account: LOW });
    expect(family.order(orderId)).toMatchObject({ taker_fee: 10_000 });
    expect(family.balance(LOW, QUOTE)[1]).toBe(3_030);
  });

  it("has no group, tier or limits of its own", () => {
    const family = new Family();
    const terms = { tier: 1, limits: NO_LIMITS, resetsLimits: true };
    const commands = [
      { kind: "set-group", account: LOW, group: 7 },
      { kind: "set-tier", account: LOW, ...terms },
      { kind: "set-limits", account: LOW, ...NO_LIMITS, openOrders: 5 },
    ] as const;
    for (const command of commands) expect(codeOf(family.ask(command))).toBe("SHARED_WITH_PARENT");
  });

  it("is counted with its parent and that one's others", () => {
    const family = new Family();
    const limits = { ...NO_LIMITS, ordersPerDay: 4 };
    family.ask({ kind: "set-limits", account: ALICE, ...limits });
    for (const account of [ALICE, LOW, HIGH, LOW]) {
      expect(codeOf(family.send(account))).toBeUndefined();
    }
    family.restart();
    for (const account of [ALICE, LOW, HIGH]) {
      expect(codeOf(family.send(account))).toBe("TOO_MANY_ORDERS_TODAY");
    }
    expect(codeOf(family.send(BOB))).toBeUndefined();
    expect(family.tables.rows("account_limits")).toHaveLength(1);
  });

  it("has orders open with its parent and that one's others, so many together", () => {
    const family = new Family();
    family.ask({ kind: "set-limits", account: ALICE, ...NO_LIMITS, openOrders: 3 });
    const first = family.placed({ account: LOW, clientOrderId: "first" });
    family.placed({ account: HIGH, clientOrderId: "second" });
    family.placed({ account: ALICE, clientOrderId: "third" });
    for (const account of [ALICE, LOW, HIGH]) {
      expect(family.rejection(account)).toBe(Code.TOO_MANY_OPEN_ORDERS);
    }
    const code = Code.CANCELLED_BY_CLIENT;
    family.answer({ kind: "ended", orderId: first, leaves: 10, code, sequence: 1 });
    expect(family.rejection(HIGH)).toBeUndefined();
    expect(family.rejection(BOB)).toBeUndefined();
  });

  it("may do no more than its parent may, and no more than it may itself", () => {
    const family = new Family();
    const orderId = family.placed({ account: LOW, clientOrderId: "open" });
    const amend = { kind: "amend", account: LOW, request: OrderRequest.Amend, orderId } as const;
    const more = { ...amend, clientOrderId: "", leaves: 0, ...NO_NEW_TERMS, quantity: 20 };
    const withdraw = { kind: "withdraw", account: LOW, asset: QUOTE, amount: 5, key: "w" } as const;
    family.setState(ALICE, AccountState.CloseOnly);
    family.restart();
    expect(family.rejection(LOW)).toBe(Code.ACCOUNT_CLOSE_ONLY);
    expect(family.rejection(LOW, Side.Sell)).toBeUndefined();
    family.setState(ALICE, AccountState.Frozen);
    expect(family.rejection(HIGH, Side.Sell)).toBe(Code.ACCOUNT_FROZEN);
    expect(codeOf(family.ask(more))).toBe("ACCOUNT_FROZEN");
    expect(codeOf(family.ask(withdraw))).toBe("ACCOUNT_FROZEN");
    const transfer = { kind: "transfer", account: LOW, recipient: BOB, shard: SHARD } as const;
    const gift = { ...transfer, asset: QUOTE, amount: 5, key: "t" };
    expect(codeOf(family.ask(gift))).toBe("ACCOUNT_FROZEN");
    family.setState(ALICE, AccountState.Active);
    family.setState(LOW, AccountState.Frozen);
    expect(family.rejection(LOW)).toBe(Code.ACCOUNT_FROZEN);
    expect([family.rejection(ALICE), family.rejection(HIGH)]).toEqual([undefined, undefined]);
  });

  it("gives to its parent and is given to, at once", () => {
    const family = new Family();
    const terms = { kind: "transfer", shard: SHARD, asset: QUOTE, key: "t" } as const;
    family.ask({ ...terms, account: ALICE, recipient: HIGH, amount: 300 });
    family.ask({ ...terms, account: LOW, recipient: ALICE, amount: 100 });
    expect([ALICE, LOW, HIGH].map((account) => family.balance(account, QUOTE)[0])).toEqual([
      FUNDS.quote - 200,
      FUNDS.quote - 100,
      FUNDS.quote + 300,
    ]);
  });

  it("is closed before its parent", () => {
    const family = new Teller();
    for (const account of [ALICE, LOW]) {
      if (account === ALICE) family.ask({ kind: "open", account });
      else family.ask({ kind: "open-sub-account", account, parent: ALICE });
    }
    const close = (account: number) =>
      codeOf(family.ask({ kind: "set-account", account, state: AccountState.Closed }));
    expect(close(ALICE)).toBe("ACCOUNT_NOT_EMPTY");
    expect([close(LOW), close(ALICE)]).toEqual([undefined, undefined]);
    expect(codeOf(family.ask({ kind: "open-sub-account", account: HIGH, parent: ALICE }))).toBe(
      "ACCOUNT_CLOSED",
    );
    family.ask({ kind: "set-account", account: LOW, state: AccountState.Active });
    expect(codeOf(family.deposit(LOW, QUOTE, 5))).toBe("ACCOUNT_CLOSED");
  });
});
