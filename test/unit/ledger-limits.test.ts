/** How much an account may ask for (orders a day, open orders, requests a second), and whom its orders are taken for. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { ACCOUNT_ID_MAX, ACCOUNT_LIMIT_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import { type Limits, NO_LIMITS } from "../../actors/ledger/limit-terms.js";
import { type NewOrder, NO_NEW_TERMS, NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { ALICE, BOB, MARKET, codeOf, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 10_000_000 };
const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;

class Desk extends Teller {
  private ids = 0;

  limit(limits: Partial<Limits>, account = ALICE) {
    return codeOf(this.ask({ kind: "set-limits", account, ...NO_LIMITS, ...limits }));
  }

  /** What a new order is answered with: nothing when it is accepted or rejected, and has a record. */
  send(account = ALICE) {
    return codeOf(this.place({ account, clientOrderId: `o${++this.ids}` }));
  }

  pair() {
    const leg = (): NewOrder => ({
      clientOrderId: `o${++this.ids}`,
      instrument: MARKET,
      side: Side.Buy,
      type: 1,
      timeInForce: 1,
      price: 100,
      quantity: 10,
      ...NO_OTHER_TERMS,
    });
    return codeOf(this.ask({ kind: "place-pair", account: ALICE, legs: [leg(), leg()] }));
  }

  request(orderId: number, request: OrderRequest) {
    const named = { orderId, clientOrderId: "", ...NO_NEW_TERMS, price: 95, leaves: 0 };
    return codeOf(this.ask({ kind: "amend", account: ALICE, request, ...named }));
  }
}

describe("the limits of an account", () => {
  it("are told, and the same again change nothing", () => {
    const desk = new Desk(FUNDS);
    const limits = { ordersPerDay: 1_000, openOrders: 20, requestsPerSecond: 300 };
    const { events } = desk.ask({ kind: "set-limits", account: ALICE, ...limits });
    expect(events).toMatchObject([{ kind: "account-limits", ...limits }]);
    expect(desk.limit(limits)).toBe("OK again");
    expect(desk.limit(NO_LIMITS, BOB)).toBe("OK again");
    expect(desk.tables.rows("account_limits")).toHaveLength(1);
  });

  it.each([{ ordersPerDay: ACCOUNT_LIMIT_MAX + 1 }, { openOrders: 2 ** 40 }])(
    "are refused beyond what may be set: %j",
    (limits) => {
      expect(new Desk(FUNDS).limit(limits)).toBe("INVALID_ACCOUNT_LIMIT");
    },
  );

  it("let so many orders a day be sent, begin anew at midnight, and leave the id of a refused one free", () => {
    const desk = new Desk(FUNDS);
    desk.time = 5 * DAY - 1;
    desk.limit({ ordersPerDay: 3 });
    expect([desk.send(), desk.pair()]).toEqual([undefined, undefined]);
    const refused = desk.place({ clientOrderId: "later" });
    expect(codeOf(refused)).toBe("TOO_MANY_ORDERS_TODAY");
    expect(refused.sends).toEqual([]);
    expect(desk.send(BOB)).toBeUndefined();
    desk.restart();
    expect(codeOf(desk.place({ clientOrderId: "later" }))).toBe("TOO_MANY_ORDERS_TODAY");
    desk.time += 1;
    expect(codeOf(desk.place({ clientOrderId: "later" }))).toBeUndefined();
    expect(codeOf(desk.place({ clientOrderId: "later" }))).toBe("OK again");
  });

  it("do not let a pair in of which only one order would fit", () => {
    const desk = new Desk(FUNDS);
    desk.limit({ ordersPerDay: 3 });
    desk.pair();
    expect(desk.pair()).toBe("TOO_MANY_ORDERS_TODAY");
    expect(desk.send()).toBeUndefined();
  });

  it("let so many orders and amends a second be sent; cancels and reduces always", () => {
    const desk = new Desk(FUNDS);
    desk.time = 7 * SECOND;
    const first = desk.placed();
    desk.limit({ requestsPerSecond: 2 });
    expect([desk.send(), desk.request(first, OrderRequest.Amend)]).toEqual([undefined, undefined]);
    expect(desk.send()).toBe("TOO_MANY_REQUESTS");
    expect(desk.request(first, OrderRequest.Amend)).toBe("TOO_MANY_REQUESTS");
    desk.restart();
    expect(desk.send()).toBe("TOO_MANY_REQUESTS");
    expect(desk.request(first, OrderRequest.Cancel)).toBeUndefined();
    desk.time += SECOND;
    expect(desk.send()).toBeUndefined();
  });

  it("let so many orders be open at once", () => {
    const desk = new Desk(FUNDS);
    desk.limit({ openOrders: 2 });
    const first = desk.placed({ clientOrderId: "one" });
    desk.placed({ clientOrderId: "two" });
    const third = desk.place({ clientOrderId: "three" });
    expect(third.events).toMatchObject([{ kind: "rejected", code: Code.TOO_MANY_OPEN_ORDERS }]);
    desk.answer({
      kind: "ended",
      orderId: first,
      leaves: 10,
      code: Code.CANCELLED_BY_CLIENT,
      sequence: 1,
    });
    expect(desk.place({ clientOrderId: "four" }).events).toMatchObject([{ kind: "accepted" }]);
  });

  it("can be taken away again", () => {
    const desk = new Desk(FUNDS);
    desk.limit({ ordersPerDay: 1 });
    desk.send();
    expect(desk.send()).toBe("TOO_MANY_ORDERS_TODAY");
    desk.limit(NO_LIMITS);
    expect(desk.send()).toBeUndefined();
  });
});

describe("the limits of a tier", () => {
  const three = { ...NO_LIMITS, ordersPerDay: 3 };
  const inTier = (desk: Desk, tier: number, limits = NO_LIMITS, resetsLimits = false) =>
    desk.ask({ kind: "set-tier", account: ALICE, tier, limits, resetsLimits });
  const rowOf = (desk: Desk) => desk.tables.rows("account_limits")[0];

  it("are those of an account that is opened, and told with that", () => {
    const desk = new Desk();
    const { events } = desk.ask({ kind: "open", account: ALICE, limits: three });
    expect(events).toMatchObject([{ kind: "opened", limits: three }]);
    expect(desk.ask({ kind: "open", account: BOB }).events).not.toHaveProperty("0.limits");
    expect(desk.tables.rows("account_limits")).toMatchObject([
      { account: ALICE, orders_per_day: 3, own: 0 },
    ]);
    desk.restart();
    for (let sent = 0; sent < 3; sent++) expect(desk.send()).toBeUndefined();
    desk.restart();
    expect(desk.send()).toBe("TOO_MANY_ORDERS_TODAY");
  });

  it("follow the account's tier, and what was counted stays counted", () => {
    const desk = new Desk(FUNDS);
    expect(inTier(desk, 1, three).events).toMatchObject([
      { kind: "account-tier", tier: 1, limits: three },
    ]);
    expect(codeOf(inTier(desk, 1, three))).toBe("OK again");
    for (let sent = 0; sent < 3; sent++) desk.send();
    expect(desk.send()).toBe("TOO_MANY_ORDERS_TODAY");
    inTier(desk, 2, { ...three, ordersPerDay: 4 });
    desk.restart();
    expect([desk.send(), desk.send()]).toEqual([undefined, "TOO_MANY_ORDERS_TODAY"]);
    // The tier's limits have changed meanwhile: what is said last holds.
    expect(codeOf(inTier(desk, 2))).toBeUndefined();
    expect(desk.send()).toBeUndefined();
  });

  it("give way to limits of the account's own, until those are reset", () => {
    const desk = new Desk(FUNDS);
    inTier(desk, 1, three);
    expect(desk.limit(three)).toBeUndefined();
    expect(desk.limit(three)).toBe("OK again");
    const own = { ...NO_LIMITS, openOrders: 9 };
    desk.limit(own);
    expect(inTier(desk, 2, three).events).toMatchObject([
      { kind: "account-tier", tier: 2, limits: own },
    ]);
    expect(rowOf(desk)).toMatchObject({ orders_per_day: 0, open_orders: 9, own: 1 });
    expect(codeOf(inTier(desk, 2, three))).toBe("OK again");
    desk.restart();
    expect(inTier(desk, 2, three, true).events).toMatchObject([{ tier: 2, limits: three }]);
    expect(rowOf(desk)).toMatchObject({ orders_per_day: 3, open_orders: 0, own: 0 });
    desk.restart();
    expect(codeOf(inTier(desk, 2, three, true))).toBe("OK again");
  });

  it("cost an account nothing where there are none", () => {
    const desk = new Desk(FUNDS);
    inTier(desk, 1);
    desk.send();
    expect(desk.tables.rows("account_limits")).toEqual([]);
  });

  it("are refused beyond what may be set, and nothing is opened or changed", () => {
    const desk = new Desk();
    const tooMuch = { ...NO_LIMITS, openOrders: ACCOUNT_LIMIT_MAX + 1 };
    const open = { kind: "open", account: ALICE } as const;
    expect(codeOf(desk.ask({ ...open, limits: tooMuch }))).toBe("INVALID_ACCOUNT_LIMIT");
    expect(codeOf(inTier(desk, 1))).toBe("UNKNOWN_ACCOUNT");
    desk.ask(open);
    expect(codeOf(inTier(desk, 1, tooMuch))).toBe("INVALID_ACCOUNT_LIMIT");
    expect(desk.tables.rows("accounts")).toMatchObject([{ tier: 0 }]);
  });
});

describe("the group of an account", () => {
  const inGroup = (desk: Desk, group: number, account = ALICE) =>
    desk.ask({ kind: "set-group", account, group });

  it("owns the orders that it sends from then on, as it does those of the group's others", () => {
    const desk = new Desk(FUNDS);
    const owners = () =>
      [ALICE, BOB].map((account, at) => {
        const { sends } = desk.place({ account, clientOrderId: `${desk.time}-${at}` });
        desk.time += 1;
        return sends[0]?.kind === "enter" ? sends[0].owner : null;
      });
    expect(owners()).toEqual([ALICE, BOB]);
    expect(inGroup(desk, 7).events).toMatchObject([{ kind: "account-group", group: 7 }]);
    inGroup(desk, 7, BOB);
    desk.restart();
    const [alice, bob] = owners();
    expect(alice).toBe(bob);
    expect(alice).toBeGreaterThan(ACCOUNT_ID_MAX);
    expect(codeOf(inGroup(desk, 7))).toBe("OK again");
    inGroup(desk, 0);
    expect(owners()).toEqual([ALICE, bob]);
  });

  it("is a number", () => {
    expect(codeOf(inGroup(new Desk(FUNDS), 2 ** 31))).toBe("INVALID_ACCOUNT_GROUP");
  });
});
