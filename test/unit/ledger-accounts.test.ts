import { describe, expect, it } from "vitest";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Code } from "../../actors/kernel/codes.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { ASSET_ID_MAX, SHARD_DEPOSITS_UNITS_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, OrderStatus } from "../../actors/kernel/order.js";
import { AccountState } from "../../actors/ledger/account-state.js";
import { decodeAccountEvents } from "../../actors/ledger/account-events.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { encodeLedgerCommand, NO_NEW_TERMS, NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import {
  ALICE,
  BASE,
  BOB,
  give,
  INSTRUMENT,
  MARKET,
  NOON,
  QUOTE,
  restored,
  SHARD,
  SLOT,
  Teller,
} from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };

describe("an account", () => {
  it("is opened by the first event of its journal", () => {
    const teller = new Teller();
    const { events, effects } = teller.ask({ kind: "open", account: ALICE });
    expect(events).toEqual([{ kind: "opened", origin: { slot: SLOT, token: 1, number: 1 } }]);
    expect(Object.keys(effects.rows)).toEqual(["accounts", "journal"]);
    expect(teller.tables.rows("accounts")).toEqual([
      {
        account: ALICE,
        opened: NOON,
        state: AccountState.Active,
        account_group: 0,
        tier: 0,
        parent: 0,
      },
    ]);
    expect(teller.tables.rows("journal")).toMatchObject([
      {
        first_sequence: 1,
        last_sequence: 1,
        assets: "{}",
        total_changes: "{}",
        held_changes: "{}",
      },
    ]);
  });

  it("is opened once", () => {
    const teller = new Teller(FUNDS);
    const again = { code: Code.ACCOUNT_EXISTS, account: ALICE, repeated: true };
    expect(teller.ask({ kind: "open", account: ALICE }).replies).toMatchObject([again]);
    expect(teller.ask({ kind: "open", account: 0 }).replies[0]?.code).toBe(Code.MALFORMED_COMMAND);
    expect(teller.tables.rows("accounts")).toHaveLength(2);
  });
});

describe("a deposit", () => {
  it("adds to the balance and to the shard's total", () => {
    const teller = new Teller(FUNDS);
    const { events, effects } = teller.deposit(ALICE, QUOTE, 5, "pay day");
    expect(events).toMatchObject([{ kind: "deposited", asset: QUOTE, amount: 5, key: "pay day" }]);
    expect(effects.replies).toBeNull();
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_005, 0]);
    expect(teller.tables.rows("shard_totals")).toContainEqual({
      asset: QUOTE,
      deposits: 2_000_005,
      transferred_in: 0,
      transferred_out: 0,
    });
    expect(teller.tables.rows("deposits").at(-1)).toEqual({
      account: ALICE,
      key: "pay day",
      asset: QUOTE,
      amount: 5,
      sequence: 4,
    });
    expect(teller.tables.rows("journal").at(-1)).toMatchObject({
      assets: "{2}",
      total_changes: "{5}",
      held_changes: "{0}",
    });
  });

  it("is the same deposit under the same key, also after a restart", () => {
    const teller = new Teller(FUNDS);
    teller.deposit(ALICE, QUOTE, 5, "k");
    for (let round = 0; round < 2; round++) {
      const again = teller.deposit(ALICE, QUOTE, 5, "k");
      expect(again.replies).toMatchObject([{ code: Code.OK, repeated: true }]);
      expect(again.events).toEqual([]);
      const reused = { code: Code.DEPOSIT_KEY_REUSED, repeated: false };
      expect(teller.deposit(ALICE, QUOTE, 6, "k").replies).toMatchObject([reused]);
      expect(teller.deposit(ALICE, BASE, 5, "k").replies).toMatchObject([reused]);
      teller.restart();
    }
    expect(teller.deposit(BOB, QUOTE, 5, "k").events).toHaveLength(1);
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_005, 0]);
  });

  it("is refused with what is wrong with it", () => {
    const teller = new Teller(FUNDS);
    const code = (...deposit: Parameters<Teller["deposit"]>) =>
      teller.deposit(...deposit).replies[0]?.code;
    expect(code(999, QUOTE, 5)).toBe(Code.UNKNOWN_ACCOUNT);
    expect(code(ALICE, 0, 5)).toBe(Code.UNKNOWN_ASSET);
    expect(code(ALICE, ASSET_ID_MAX + 1, 5)).toBe(Code.UNKNOWN_ASSET);
    expect(code(ALICE, QUOTE, 0)).toBe(Code.AMOUNT_NOT_POSITIVE);
    expect(code(ALICE, QUOTE, 2 ** 53 - 1)).toBe(Code.AMOUNT_TOO_LARGE);
    expect(code(ALICE, QUOTE, 5, "")).toBe(Code.DEPOSIT_KEY_MISSING);
    expect(code(ALICE, QUOTE, 5, "\n")).toBe(Code.MALFORMED_COMMAND);
  });

  it("never takes the shard's total of an asset beyond its part of what is exact", () => {
    const teller = new Teller(FUNDS);
    const room = SHARD_DEPOSITS_UNITS_MAX - 2 * FUNDS.quote;
    const tooMuch = teller.deposit(ALICE, QUOTE, room + 1);
    expect(tooMuch.replies).toMatchObject([{ code: Code.AMOUNT_TOO_LARGE }]);
    expect(teller.deposit(BOB, QUOTE, room, "all").events).toHaveLength(1);
    expect(teller.deposit(ALICE, QUOTE, 1).replies).toMatchObject([
      { code: Code.AMOUNT_TOO_LARGE },
    ]);
    expect(teller.deposit(BOB, QUOTE, room, "all").replies).toMatchObject([{ repeated: true }]);
  });
});

describe("a client order id that is asked about", () => {
  const resolve = (teller: Teller, clientOrderId = "a") =>
    teller.ask({ kind: "resolve", account: ALICE, clientOrderId });

  it("is voided when it was never seen, and can never execute then", () => {
    const teller = new Teller(FUNDS);
    const { events, replies } = resolve(teller);
    expect(events).toMatchObject([{ kind: "voided", orderId: 1_025, clientOrderId: "a" }]);
    expect(replies).toEqual([]);
    expect(teller.order(1_025)).toMatchObject({ status: OrderStatus.Voided, leaves: 0 });
    for (let round = 0; round < 2; round++) {
      const placed = teller.place();
      expect(placed.events).toEqual([]);
      expect(placed.sends).toEqual([]);
      expect(placed.replies).toMatchObject([
        { code: Code.CLIENT_ORDER_ID_VOIDED, orderId: 1_025, repeated: false },
      ]);
      expect(resolve(teller).replies).toMatchObject([
        { code: Code.CLIENT_ORDER_ID_VOIDED, orderId: 1_025, repeated: true },
      ]);
      teller.restart();
    }
  });

  it("is answered as the first time when it was seen", () => {
    const teller = new Teller(FUNDS);
    const accepted = teller.placed({ clientOrderId: "good" });
    teller.place({ clientOrderId: "bad", price: 1 });
    expect(resolve(teller, "good").replies).toMatchObject([
      { code: Code.OK, orderId: accepted, repeated: true },
    ]);
    expect(resolve(teller, "bad").replies).toMatchObject([
      { code: Code.PRICE_OFF_TICK, orderId: accepted + 1_024, repeated: true },
    ]);
  });

  it("must be one", () => {
    const teller = new Teller(FUNDS);
    expect(resolve(teller, "").replies).toMatchObject([{ code: Code.CLIENT_ORDER_ID_MISSING }]);
    expect(teller.ask({ kind: "resolve", account: 999, clientOrderId: "a" }).replies).toMatchObject(
      [{ code: Code.UNKNOWN_ACCOUNT }],
    );
  });
});

describe("any other command", () => {
  it("is refused after its deadline, and not before", () => {
    const teller = new Teller(FUNDS);
    const late = { account: ALICE, deadline: NOON - 1 };
    const cancel = { request: OrderRequest.Cancel, orderId: 0, clientOrderId: "a", leaves: 0 };
    const cancelThat = { kind: "amend", ...late, ...cancel, ...NO_NEW_TERMS } as const;
    for (const { replies } of [
      teller.ask({ kind: "open", ...late, account: 103 }),
      teller.ask({ kind: "deposit", ...late, asset: QUOTE, amount: 1, key: "k" }),
      teller.ask(cancelThat),
      teller.ask({ kind: "cancel-all", ...late, instrument: 0, side: 0 }),
      teller.ask({ kind: "resolve", ...late, clientOrderId: "a" }),
    ]) {
      expect(replies).toMatchObject([{ code: Code.DEADLINE_PASSED, repeated: false }]);
    }
    expect(teller.ask({ kind: "open", account: 103, deadline: NOON }).events).toHaveLength(1);
  });

  it("is refused from a gateway when it cannot be read, or only a market may say it", () => {
    const teller = new Teller(FUNDS);
    const hash = teller.shard.stateHash();
    const trade = encodeLedgerCommand({ kind: "reference", instrument: MARKET, price: 5 });
    for (const payload of [new Uint8Array(0), Uint8Array.of(99, 1, 2), trade]) {
      const { replies, effects } = teller.bytes(sourceOfSlot(SLOT), payload);
      expect(replies).toMatchObject([{ account: 0, code: Code.MALFORMED_COMMAND }]);
      expect(effects.rows).toEqual({});
    }
    expect(teller.shard.stateHash()).toBe(hash);
  });

  it("stops the shard from an actor when it cannot be read, or only a client may say it", () => {
    const teller = new Teller(FUNDS);
    const open = encodeLedgerCommand({ kind: "open", account: 103, deadline: 0 });
    expect(() => teller.bytes(MARKET, Uint8Array.of(99))).toThrow(MalformedError);
    expect(() => teller.bytes(MARKET, open)).toThrow(MalformedError);
  });
});

describe("a batch", () => {
  it("writes each thing once, with the events of each account in one block", () => {
    const teller = new Teller(FUNDS);
    const { shard } = teller;
    const place = (account: number, clientOrderId: string) =>
      give(
        shard,
        sourceOfSlot(SLOT),
        encodeLedgerCommand({
          kind: "place",
          account,
          deadline: 0,
          clientOrderId,
          instrument: MARKET,
          side: 1,
          type: 1,
          timeInForce: 1,
          price: 100,
          quantity: 10,
          ...NO_OTHER_TERMS,
        }),
        NOON,
      );
    place(BOB, "1");
    place(ALICE, "2");
    place(BOB, "3");
    const answer = { kind: "ended", orderId: 1_025, leaves: 10, code: 41, sequence: 9 } as const;
    give(shard, MARKET, encodeLedgerCommand(answer), NOON);
    const { effects } = teller.commit();
    const { rows } = effects;
    expect(rows["orders_changed"]).toBeUndefined();
    expect(rows["orders_new"]?.columns["status"]).toEqual([
      OrderStatus.Cancelled,
      OrderStatus.PendingNew,
      OrderStatus.PendingNew,
    ]);
    expect(rows["balances"]).toBeUndefined();
    expect(rows["balances_changed"]?.columns).toEqual({
      account: [BOB, ALICE],
      asset: [QUOTE, QUOTE],
      total: [FUNDS.quote, FUNDS.quote],
      held: [3_000, 3_000],
    });
    expect(rows["journal"]?.columns).toMatchObject({
      account: [BOB, ALICE],
      first_sequence: [4, 4],
      last_sequence: [6, 4],
      held_changes: ["{3000}", "{3000}"],
    });
    expect(rows["journal"]?.bytes).toBe(effects.events);
    const bobs = teller.tables.rows("journal").at(-2)?.["events"] as Uint8Array;
    expect(decodeAccountEvents(bobs).map(({ kind }) => kind)).toEqual([
      "accepted",
      "accepted",
      "ended",
    ]);
  });

  it("of nothing says nothing", () => {
    const teller = new Teller(FUNDS);
    const { effects } = teller.commit();
    expect(effects).toMatchObject({ rows: {}, events: null, replies: null });
    expect(effects.sends.size).toBe(0);
  });
});

describe("a restored shard", () => {
  it("has the same hash, and knows reference prices and order numbers", () => {
    const teller = new Teller(FUNDS);
    teller.answer({ kind: "reference", instrument: MARKET, price: 2_000 });
    teller.placed();
    const hash = teller.shard.stateHash();
    teller.restart();
    expect(teller.shard.stateHash()).toBe(hash);
    teller.shard.checkInvariants();
    const { events } = teller.place({ clientOrderId: "m", type: 2, timeInForce: 2, price: 0 });
    expect(events).toMatchObject([{ orderId: 2 * 1_024 + 1, price: 2_400 }]);
    teller.answer({ kind: "instrument", instrument: { ...INSTRUMENT, tick: 1 } });
    expect(
      teller.place({ clientOrderId: "n", type: 2, timeInForce: 2, price: 0 }).events,
    ).toMatchObject([{ price: 2_400 }]);
  });

  it("is a fresh one when nothing was ever stored", () => {
    const fresh = LedgerShard.create(SHARD);
    const { state } = fresh.takeEffects();
    expect(restored(fresh, new Teller().tables, state).id).toBe(SHARD);
    expect(() => LedgerShard.restore({ id: SHARD, state: Uint8Array.of(9) }, fresh.links)).toThrow(
      MalformedError,
    );
  });

  it("is told of ids that memory had forgotten, without a change of its state", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed();
    teller.answer({ kind: "ended", orderId, leaves: 10, code: 41, sequence: 1 });
    const rows = teller.tables.rows("orders");
    const forgetful = LedgerShard.restore(
      { id: SHARD, state: Uint8Array.of(1, 1) },
      teller.shard.links,
    );
    teller.tables.loadLedger((table, page) => forgetful.loadPage(table, page), 3, 0);
    forgetful.finishLoading();
    const hash = forgetful.stateHash();
    expect(hash).toBe(teller.shard.stateHash());
    forgetful.remember(rows);
    forgetful.remember(rows);
    expect(forgetful.stateHash()).toBe(hash);
    teller.shard = forgetful;
    expect(teller.place().replies).toMatchObject([{ orderId, code: Code.OK, repeated: true }]);
  });
});
