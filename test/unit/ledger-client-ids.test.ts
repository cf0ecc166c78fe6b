/** For how long a client order id stays with its order (R10): as long as that lives, and a day more, and as long as a command lives. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS as DAY } from "../../actors/kernel/limits.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { Links } from "../../actors/kernel/links.js";
import { OrderRequest, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  type ClientCommand,
  encodeLedgerCommand,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import { COMMAND_DEADLINE_MS } from "../../services/gateway/limits.js";
import { ALICE, codeOf, eventsOf, give, MARKET, SHARD, SLOT, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000_000, quote: 1_000_000 };

const PLACE: ClientCommand = {
  kind: "place",
  account: ALICE,
  deadline: 0,
  clientOrderId: "a",
  instrument: MARKET,
  side: Side.Buy,
  type: OrderType.Limit,
  timeInForce: TimeInForce.GoodTillCancel,
  price: 100,
  quantity: 10,
  ...NO_OTHER_TERMS,
};

function end(teller: Teller, orderId: number, leaves = 10): void {
  const code = Code.CANCELLED_BY_CLIENT;
  teller.answer({ kind: "ended", orderId, leaves, code, sequence: 1 });
}

function resolve(teller: Teller, clientOrderId = "a") {
  return teller.ask({ kind: "resolve", account: ALICE, clientOrderId });
}

function cancel(teller: Teller, clientOrderId: string) {
  const request = OrderRequest.Cancel;
  const named = { orderId: 0, clientOrderId, leaves: 0, ...NO_NEW_TERMS };
  return teller.ask({ kind: "amend", account: ALICE, request, ...named });
}

describe("a client order id", () => {
  it("stays with an order that lives, however long", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed();
    teller.time += 400 * DAY;
    expect(teller.place().replies).toMatchObject([{ orderId, code: Code.OK, repeated: true }]);
    expect(resolve(teller).replies).toMatchObject([{ orderId, code: Code.OK, repeated: true }]);
  });

  it("stays with one that has ended for a day, to the microsecond, and is free then", () => {
    const teller = new Teller(FUNDS);
    const first = teller.placed();
    end(teller, first);
    teller.time += DAY - 1;
    expect(teller.place().replies).toMatchObject([{ orderId: first, repeated: true }]);
    teller.time += 1;
    const second = teller.placed();
    expect(second).toBeGreaterThan(first);
    expect(teller.place().replies).toMatchObject([{ orderId: second, repeated: true }]);
    expect(teller.order(first)["released"]).toBe(1);
    // Nothing of the first is touched: it is history.
    expect(teller.order(first)["leaves"]).toBe(0);
    expect(cancel(teller, "a").events).toMatchObject([{ kind: "requested", orderId: second }]);
  });

  it("is kept a day from the last that was heard of its order", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed();
    cancel(teller, "a");
    end(teller, orderId);
    teller.time += DAY / 2;
    const request = OrderRequest.Cancel;
    teller.answer({ kind: "refused", orderId, request, code: Code.TOO_LATE, sequence: 2 });
    teller.time += DAY - 1;
    expect(codeOf(teller.place())).toBe("OK again");
    teller.time += 1;
    expect(teller.placed()).not.toBe(orderId);
  });

  it("that was voided or rejected is void or rejected for a day", () => {
    const teller = new Teller(FUNDS);
    resolve(teller, "void");
    teller.place({ clientOrderId: "rejected", price: 0 });
    teller.time += DAY - 1;
    expect(codeOf(teller.place({ clientOrderId: "void" }))).toBe("CLIENT_ORDER_ID_VOIDED");
    expect(codeOf(teller.place({ clientOrderId: "rejected" }))).toBe("PRICE_NOT_POSITIVE again");
    teller.time += 1;
    teller.placed({ clientOrderId: "void" });
    teller.placed({ clientOrderId: "rejected" });
    expect(codeOf(resolve(teller, "void"))).toBe("OK again");
  });

  it("was never seen, when it is asked for after that, and is void again", () => {
    const teller = new Teller(FUNDS);
    end(teller, teller.placed());
    teller.time += DAY;
    expect(codeOf(cancel(teller, "a"))).toBe("UNKNOWN_ORDER");
    expect(resolve(teller).events).toMatchObject([{ kind: "voided" }]);
    expect(codeOf(teller.place())).toBe("CLIENT_ORDER_ID_VOIDED");
  });

  it("is free to what came in when it was, and to nothing that came in before, however late it comes", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed();
    end(teller, orderId);
    const free = teller.time + DAY - COMMAND_DEADLINE_MS * 1_000;
    const cameIn = (time: number) => ({ deadline: time + COMMAND_DEADLINE_MS * 1_000 });
    teller.time = cameIn(free).deadline;
    // Its client may have been told meanwhile that the id is the first order's.
    expect(teller.place(cameIn(free - 1)).replies).toMatchObject([{ orderId, repeated: true }]);
    const asked = { kind: "resolve", account: ALICE, clientOrderId: "a" } as const;
    teller.time = cameIn(free - 1).deadline;
    expect(teller.ask({ ...asked, ...cameIn(free - 1) }).replies).toMatchObject([{ orderId }]);
    teller.time = cameIn(free).deadline;
    expect(teller.place(cameIn(free)).events).toMatchObject([{ kind: "accepted" }]);
  });

  it("is not free before its time to who came in by a clock that is ahead", () => {
    const teller = new Teller(FUNDS);
    end(teller, teller.placed());
    const free = teller.time + DAY;
    teller.time = free - 1;
    const deadline = free + 1_000 + COMMAND_DEADLINE_MS * 1_000;
    expect(codeOf(teller.place({ deadline }))).toBe("OK again");
  });

  it("is as free to a shard that was rebuilt, also to one that has forgotten who had it", () => {
    const teller = new Teller(FUNDS);
    end(teller, teller.placed());
    teller.time += DAY;
    const { effects } = teller.commit();
    const hashes = [0, 100].map((finishedMax) => {
      const links = Links.restore(teller.shard.links.all());
      const shard = LedgerShard.restore({ id: SHARD, state: effects.state }, links);
      teller.tables.loadLedger((table, rows) => shard.loadPage(table, rows), 3, finishedMax);
      shard.finishLoading();
      give(shard, sourceOfSlot(SLOT), encodeLedgerCommand(PLACE), teller.time);
      expect(eventsOf(shard.takeEffects())).toMatchObject([{ kind: "accepted" }]);
      return shard.stateHash();
    });
    const second = teller.placed();
    expect(hashes).toEqual([teller.shard.stateHash(), teller.shard.stateHash()]);
    // The row of the first is not read any more: the second has the id.
    teller.restart();
    teller.shard.checkInvariants();
    expect(teller.place().replies).toMatchObject([{ orderId: second, repeated: true }]);
  });
});

describe("the ids of a pair", () => {
  const leg = (clientOrderId: string, price: number) =>
    ({
      clientOrderId,
      instrument: MARKET,
      side: 1,
      type: OrderType.StopLimit,
      timeInForce: 1,
      price,
      quantity: 10,
      ...NO_OTHER_TERMS,
      stopPrice: price,
    }) as const;
  const legs = [leg("one", 110), leg("other", 120)] as const;
  const place = (teller: Teller) => teller.ask({ kind: "place-pair", account: ALICE, legs });
  const idsOf = (step: ReturnType<typeof place>): number[] =>
    step.events.map((event) => (event as { readonly orderId: number }).orderId);

  it("give the pair's first answer as long as one of the two is not free, and then make another", () => {
    const teller = new Teller(FUNDS);
    const [first, second] = idsOf(place(teller)) as [number, number];
    end(teller, first);
    teller.time += 5;
    end(teller, second);
    teller.time += DAY - 5;
    const answer = { orderId: first, repeated: true, pair: { orderId: second, leg: 0 } };
    expect(place(teller).replies).toMatchObject([answer]);
    teller.time += 5;
    expect(idsOf(place(teller))).toEqual([second + 1_024, second + 2 * 1_024]);
  });

  it("do not make a pair when another order has taken one of them", () => {
    const teller = new Teller(FUNDS);
    const [first, second] = idsOf(place(teller)) as [number, number];
    end(teller, first);
    teller.time += 5;
    end(teller, second);
    teller.time += DAY - 5;
    const orderId = teller.placed({ clientOrderId: "one" });
    expect(codeOf(place(teller))).toBe("CLIENT_ORDER_ID_USED");
    teller.time += 5;
    expect(place(teller).replies).toMatchObject([
      { code: Code.CLIENT_ORDER_ID_USED, orderId, pair: { leg: 1 } },
    ]);
  });
});
