/** What gateways read of shards and accounts: committed rows, each answer of one moment (R3, R9). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { OrderStatus, OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import { decodeAccountEvents, decodeBlocks } from "../../actors/ledger/account-events.js";
import type { JournalRow, Reads } from "../../services/ports/reads.js";
import type { Batch } from "../../services/ports/store.js";
import { FIRST, NOBODY, SECOND, SHARDS, SUB, tradeABit, Venue } from "./actors.js";
import {
  COMMITS_WHILE_READING,
  DEFINITION,
  during,
  type OpenReadsBench,
  type ReadsBench,
} from "./reads-bench.js";

const dayOf = (time: number): number => Math.floor(time / 86_400_000_000);

export function describeAccountReads(adapter: string, open: OpenReadsBench): void {
  describe(`accounts read from ${adapter}`, () => {
    let bench: ReadsBench;
    let reads: Reads;
    let venue: Venue;

    beforeEach(async () => {
      bench = await open();
      ({ reads } = bench);
      const { id } = await reads.createInstrument(DEFINITION);
      venue = await Venue.open(bench.store, id);
    });

    afterEach(() => bench?.close());

    it("tell how many shards there are, what time it is, and where each actor stands", async () => {
      expect(await reads.shards()).toBe(SHARDS);
      const before = await reads.now();
      expect(await reads.now()).toBeGreaterThanOrEqual(before);
      await tradeABit(venue);
      expect(await reads.actorHeads()).toEqual(
        venue.all.map(({ record }) => {
          const { id, name, kind, token, batch, eventBatch, anchor } = record;
          return { actor: id, name, kind, token, batch, eventBatch, anchor };
        }),
      );
    });

    it("give a shard's events batch by batch, those of nothing but answers too", async () => {
      const shard = venue.shardOf(FIRST);
      const neighbour = accountBeside(FIRST);
      await venue.fund(FIRST, 1_000);
      await venue.ask(venue.cancel(FIRST, "never-sent"));
      await shard.commit();
      await venue.ask(
        { kind: "open", account: neighbour, deadline: 0 },
        venue.order(FIRST, "a", {}),
        venue.cancel(FIRST, "another-never-sent"),
      );
      const said = venue.batches.filter(
        ({ actor, effects }) => actor.id === shard.record.id && (effects.events ?? effects.replies),
      );
      const shape = said.map(({ effects }) => [effects.events !== null, effects.replies !== null]);
      expect(shape).toContainEqual([true, false]);
      expect(shape).toContainEqual([false, true]);
      expect(shape).toContainEqual([true, true]);

      const { id, batch: last } = shard.record;
      const all = await reads.eventsBetween(id, 0, last, last);
      expect(all.map(plainEvents)).toEqual(said.map(eventsOf));
      for (const size of [1, 2, 3]) {
        const pages = [];
        for (let after = 0; ; ) {
          const page = await reads.eventsBetween(id, after, last, size);
          pages.push(...page);
          if (page.length < size) break;
          after = page.at(-1)!.batch;
        }
        expect(pages).toEqual(all);
      }
      const [, second, third] = said.map(({ number }) => number) as [number, number, number];
      expect((await reads.eventsBetween(id, second, third, 9)).map(({ batch }) => batch)).toEqual([
        third,
      ]);
      expect(await reads.eventsBetween(id, third, third, 9)).toEqual([]);
      expect(await reads.eventsBetween(id, last, last + 9, 9)).toEqual([]);
      expect(await reads.eventsBetween(999, 0, last, 9)).toEqual([]);
    });

    it("give an account's journal from any number on, whole rows, in order", async () => {
      await venue.fund(FIRST, 1_000);
      for (const id of ["a", "b", "c"]) {
        await venue.ask(
          venue.order(FIRST, id, { quantity: 1 }),
          venue.order(FIRST, `${id}2`, { quantity: 1 }),
        );
      }
      const all = await reads.journalFrom(FIRST, 0, 100);
      expect(all.map(({ first }) => first)).toEqual([
        1,
        ...all.slice(0, -1).map(({ last }) => last + 1),
      ]);
      expect(all.some(({ first, last }) => last > first)).toBe(true);
      const head = all.at(-1)!.last;
      for (let from = 1; from <= head + 1; from++) {
        expect(await reads.journalFrom(FIRST, from, 100)).toEqual(
          all.filter(({ last }) => last >= from),
        );
        expect(await reads.journalRange(FIRST, from, from, 100)).toEqual(
          all.filter(({ first, last }) => first <= from && from <= last),
        );
      }
      expect(await reads.journalFrom(FIRST, 1, 2)).toEqual(all.slice(0, 2));
      expect(await reads.journalRange(FIRST, 1, head, 3)).toEqual(all.slice(0, 3));
      expect(await reads.journalFrom(SECOND, 1, 100)).toEqual([]);
      const heads = await reads.accountHeads([FIRST, SECOND, 99]);
      expect(heads).toEqual(new Map([[FIRST, { first: 1, last: head }]]));
      expect(await reads.accountHeads([])).toEqual(new Map());
    });

    it("give the journal rows that have warnings, and no others, in whole batches", async () => {
      const neighbour = accountBeside(FIRST);
      const tradesWithItself = (account: number) => [
        venue.order(account, "own-ask", { side: Side.Sell, price: 105 }),
        venue.order(account, "own-bid", { price: 105 }),
      ];
      for (const account of [FIRST, neighbour, SECOND]) await venue.fund(account, 10_000);
      await venue.ask(...tradesWithItself(FIRST), ...tradesWithItself(neighbour));
      await venue.ask(...tradesWithItself(SECOND));
      const shard = venue.shardOf(FIRST).record.id;
      const rows = await reads.warningRows(shard, 0, 0, 9);
      expect(rows.map(({ account }) => account).sort((a, b) => a - b)).toEqual(
        [FIRST, neighbour].sort((a, b) => a - b),
      );
      for (const { account, events, last } of rows) {
        expect(decodeAccountEvents(events).at(-1)).toMatchObject({ kind: "warning", warning: 2 });
        expect(await reads.journalFrom(account, last, 1)).toEqual(
          rows.filter((row) => row.account === account),
        );
      }
      const { batch, time } = rows[0]!;
      // Both are of one batch, which is never parted.
      expect(await reads.warningRows(shard, 0, 0, 1)).toHaveLength(2);
      expect(await reads.warningRows(shard, batch - 1, time, 9)).toHaveLength(2);
      expect(await reads.warningRows(shard, batch, 0, 9)).toEqual([]);
      expect(await reads.warningRows(shard, 0, time + 1, 9)).toEqual([]);
      expect(await reads.warningRows(venue.shardOf(SECOND).record.id, 0, 0, 9)).toHaveLength(1);
    });

    it("find an order by its id or its client's, of its own account only", async () => {
      await venue.fund(FIRST, 10_000);
      await venue.fund(SECOND, 10_000);
      const ids = ["plain", `it's "quoted"`, String.raw`back\slash`];
      await venue.ask(...ids.map((id) => venue.order(FIRST, id, { price: 90, quantity: 2 })));
      const rows = venue.shardOf(FIRST).tables.rows("orders");
      for (const [at, clientOrderId] of ids.entries()) {
        const row = rows[at] as Record<string, number>;
        const orderId = row["order_id"]!;
        const found = await reads.order(FIRST, 0, clientOrderId);
        expect(found).toEqual({
          orderId,
          account: FIRST,
          clientOrderId,
          instrument: venue.instrument.id,
          side: Side.Buy,
          type: 1,
          timeInForce: 1,
          price: 90,
          quantity: 2,
          filled: 0,
          leaves: 2,
          status: OrderStatus.New,
          code: 0,
          firstSequence: row["first_sequence"],
          lastSequence: row["last_sequence"],
          created: row["created"],
          updated: row["updated"],
          stopPrice: 0,
          display: 0,
          expires: 0,
          selfTrade: 0,
          postOnly: false,
          pair: 0,
          reprices: false,
          trail: 0,
          minQuantity: 0,
          fees: 0,
          reviewUntil: 0,
          isCancelling: false,
          isAmending: false,
          isWaiting: false,
        });
        expect(await reads.order(FIRST, orderId, "")).toEqual(found);
        expect(await reads.order(SECOND, orderId, "")).toBeNull();
        expect(await reads.order(SECOND, 0, clientOrderId)).toBeNull();
      }
      expect(await reads.order(FIRST, 0, "PLAIN")).toBeNull();
      const open = await reads.openOrders(FIRST, 10);
      expect(open.map(({ clientOrderId }) => clientOrderId)).toEqual(ids.toReversed());
      expect(open.at(-1)).toEqual(await reads.order(FIRST, 0, "plain"));
      expect(await reads.openOrders(FIRST, 2)).toEqual(open.slice(0, 2));
      expect(await reads.openOrders(SECOND, 10)).toEqual([]);
      await venue.ask(venue.cancel(FIRST, "plain"));
      expect(await reads.openOrders(FIRST, 10)).toEqual(open.slice(0, 2));
      const terms = {
        display: 1,
        expires: 2 ** 52,
        selfTrade: SelfTrade.CancelBoth,
        postOnly: true,
        reprices: true,
      };
      const timeInForce = TimeInForce.GoodTillDate;
      await venue.ask(
        venue.order(FIRST, "iceberg", { price: 90, quantity: 2, timeInForce, ...terms }),
        venue.order(FIRST, "stop", { type: OrderType.Stop, price: 0, stopPrice: 110, trail: 5 }),
        venue.order(FIRST, "least", { price: 90, quantity: 2, minQuantity: 1 }),
      );
      expect(await reads.order(FIRST, 0, "iceberg")).toMatchObject(terms);
      expect(await reads.order(FIRST, 0, "stop")).toMatchObject({
        price: 132,
        stopPrice: 110,
        trail: 5,
      });
      expect(await reads.order(FIRST, 0, "least")).toMatchObject({ minQuantity: 1 });
    });

    it("give an account's withdrawals, the newest first, and what it may do", async () => {
      await venue.fund(FIRST, 1_000);
      const account = FIRST;
      const cash = { account, deadline: 0, asset: 1 } as const;
      const before = (await reads.balances(FIRST))!.sequence;
      await venue.ask(
        { kind: "withdraw", ...cash, amount: 5, key: "first" },
        { kind: "withdraw", ...cash, amount: 7, key: "second" },
        { kind: "decide-withdrawal", account, deadline: 0, key: "first", decision: 2 },
        { kind: "set-account", account, deadline: 0, state: 2 },
      );
      const [first, second] = [
        {
          account,
          key: "first",
          asset: 1,
          amount: 5,
          status: 2,
          requested: before + 1,
          sequence: before + 3,
        },
        {
          account,
          key: "second",
          asset: 1,
          amount: 7,
          status: 1,
          requested: before + 2,
          sequence: before + 2,
        },
      ];
      expect(await reads.withdrawals(FIRST, 9)).toEqual([second, first]);
      expect(await reads.withdrawals(FIRST, 1)).toEqual([second]);
      expect(await reads.withdrawals(SECOND, 9)).toEqual([]);
      expect(await reads.openWithdrawals(9)).toEqual([first, second]);
      expect(await reads.openWithdrawals(1)).toEqual([first]);
      expect(await reads.balances(FIRST)).toMatchObject({ state: 2, sequence: before + 4 });
    });

    it("give an account's limits, and what it has sent today", async () => {
      expect(await reads.limits(FIRST)).toBeNull();
      await venue.fund(FIRST, 10_000);
      const none = { ordersPerDay: 0, openOrders: 0, requestsPerSecond: 0 };
      expect(await reads.limits(FIRST)).toEqual({ ...none, ordersToday: 0, own: false });
      const limits = { ordersPerDay: 9, openOrders: 8, requestsPerSecond: 7 };
      await venue.ask({ kind: "set-limits", account: FIRST, deadline: 0, ...limits });
      await venue.ask(venue.order(FIRST, "one", {}));
      // The venue's time may be another day than the server's.
      const isSameDay = dayOf(venue.shardOf(FIRST).record.time) === dayOf(await reads.now());
      expect(await reads.limits(FIRST)).toEqual({
        ...limits,
        ordersToday: isSameDay ? 1 : 0,
        own: true,
      });
      const tier = { tier: 3, limits: none, resetsLimits: true };
      await venue.ask({ kind: "set-tier", account: FIRST, deadline: 0, ...tier });
      expect(await reads.limits(FIRST)).toMatchObject({ ...none, own: false });
      expect(await reads.balances(FIRST)).toMatchObject({ tier: 3 });
    });

    it("give above which values orders are held for review, and those that are", async () => {
      const everything = { instrument: 0, account: 0, side: 0 };
      expect(await reads.reviewLimits(FIRST)).toEqual([]);
      expect(await reads.ordersUnderReview(everything, 9)).toEqual([]);
      for (const account of [FIRST, SECOND]) {
        await venue.fund(account, 10_000);
        for (const [asset, value] of [
          [2, 1_000],
          [1, 7],
          [3, 0],
        ] as const) {
          const limit = { kind: "set-review-limit", account, deadline: 0, asset, value } as const;
          await venue.ask(limit);
        }
      }
      await venue.ask({
        kind: "set-review-limit",
        account: SECOND,
        deadline: 0,
        asset: 1,
        value: 0,
      });
      expect(await reads.reviewLimits(FIRST)).toEqual([
        { asset: 1, value: 7 },
        { asset: 2, value: 1_000 },
      ]);
      expect(await reads.reviewLimits(SECOND)).toEqual([{ asset: 2, value: 1_000 }]);

      await venue.ask(venue.order(FIRST, "held", { quantity: 20 }));
      await venue.ask(venue.order(FIRST, "not held", {}));
      await venue.ask(venue.order(SECOND, "held", { quantity: 30, side: Side.Sell }));
      const [first, second] = await reads.ordersUnderReview(everything, 9);
      expect(first).toMatchObject({ account: FIRST, clientOrderId: "held", quantity: 20 });
      expect(first!.reviewUntil).toBeGreaterThan(first!.created);
      expect(second).toMatchObject({ account: SECOND, quantity: 30 });
      expect(await reads.ordersUnderReview(everything, 1)).toEqual([first]);
      const instrument = venue.instrument.id;
      const of = (filter: object) => reads.ordersUnderReview({ ...everything, ...filter }, 9);
      expect(await of({ instrument, account: SECOND, side: Side.Sell })).toEqual([second]);
      expect(await of({ instrument: instrument + 1 })).toEqual([]);
      expect(await of({ account: FIRST, side: Side.Sell })).toEqual([]);

      const { orderId } = first!;
      const decision = { orderId, clientOrderId: "", isApproved: true };
      await venue.ask({ kind: "decide-review", account: FIRST, deadline: 0, ...decision });
      expect(await reads.ordersUnderReview(everything, 9)).toEqual([second]);
      expect(await reads.order(FIRST, orderId, "")).toMatchObject({ reviewUntil: 0 });
    });

    it("give an account's sub-accounts, which have its group, tier and limits and may do no more", async () => {
      await venue.ask({ kind: "open", account: FIRST, deadline: 0 });
      expect(await reads.subAccounts(FIRST)).toEqual([]);
      const open = { kind: "open-sub-account", account: SUB, deadline: 0, parent: FIRST } as const;
      await venue.ask(open);
      expect(await reads.subAccounts(FIRST)).toEqual([{ account: SUB, state: 1 }]);
      expect(await reads.subAccounts(SUB)).toEqual([]);
      expect(await reads.subAccounts(0)).toEqual([]);
      const limits = { ordersPerDay: 9, openOrders: 8, requestsPerSecond: 7 };
      const tier = { tier: 3, limits, resetsLimits: false };
      const first = { account: FIRST, deadline: 0 } as const;
      await venue.ask({ kind: "set-tier", ...first, ...tier });
      await venue.ask({ kind: "set-group", ...first, group: 5 });
      await venue.ask({ kind: "set-account", ...first, state: 3 });
      const shared = { state: 3, group: 5, tier: 3 };
      expect(await reads.balances(FIRST)).toMatchObject({ ...shared, parent: 0 });
      expect(await reads.balances(SUB)).toMatchObject({ ...shared, parent: FIRST });
      expect(await reads.limits(SUB)).toMatchObject({ ...limits, own: false });
      expect(await reads.subAccounts(FIRST)).toEqual([{ account: SUB, state: 1 }]);
    });

    it("give what an account has sent and was given, the newest first", async () => {
      await venue.fund(FIRST, 1_000);
      await venue.fund(SECOND, 1_000);
      const [sent, given] = [FIRST, SECOND].map((account) => ({ account, deadline: 0, asset: 1 }));
      const terms = { kind: "transfer", ...sent!, shard: SHARDS } as const;
      await venue.ask(
        { ...terms, recipient: SECOND, amount: 5, key: "one" },
        { ...terms, recipient: NOBODY, amount: 7, key: "two" },
      );
      await venue.ask({
        kind: "transfer",
        ...given!,
        recipient: FIRST,
        shard: 1,
        amount: 3,
        key: "back",
      });
      const one = { sender: FIRST, recipient: SECOND, key: "one", asset: 1, amount: 5 };
      const two = { sender: FIRST, recipient: NOBODY, key: "two", asset: 1, amount: 7 };
      const back = { sender: SECOND, recipient: FIRST, key: "back", asset: 1, amount: 3 };
      expect(await reads.transfers(FIRST, 9)).toEqual([
        { ...back, status: 2, code: 0, sequence: 8 },
        { ...two, status: 3, code: Code.UNKNOWN_RECIPIENT, sequence: 7 },
        { ...one, status: 2, code: 0, sequence: 6 },
      ]);
      expect(await reads.transfers(FIRST, 1)).toHaveLength(1);
      expect(await reads.transfers(SECOND, 9)).toEqual([
        { ...back, status: 2, code: 0, sequence: 6 },
        { ...one, status: 2, code: 0, sequence: 4 },
      ]);
      expect(await reads.transfers(NOBODY, 9)).toEqual([]);
    });

    it("give balances and the journal number they stand at, of one moment", async () => {
      expect(await reads.balances(FIRST)).toBeNull();
      await venue.ask({ kind: "open", account: FIRST, deadline: 0 });
      expect(await reads.balances(FIRST)).toEqual({
        sequence: 1,
        state: 1,
        group: 0,
        tier: 0,
        parent: 0,
        balances: [],
      });
      const shard = venue.shardOf(FIRST);
      const commit = async () => {
        for (let at = 0; at < COMMITS_WHILE_READING; at++) {
          const deposit = { account: FIRST, deadline: 0, amount: 1, key: `key-${at}` };
          shard.ask({ kind: "deposit", asset: 1, ...deposit });
          await shard.commit();
        }
      };
      await during(commit(), async () => {
        const { sequence, balances } = (await reads.balances(FIRST))!;
        expect(balances).toEqual(
          sequence === 1 ? [] : [{ asset: 1, total: sequence - 1, held: 0 }],
        );
      });
      await venue.ask(venue.order(FIRST, "sell", { side: Side.Sell, quantity: 7 }));
      const { balances } = (await reads.balances(FIRST))!;
      expect(balances).toEqual([{ asset: 1, total: COMMITS_WHILE_READING, held: 7 }]);
    });

    /** Another account of the same shard. */
    function accountBeside(account: number): number {
      let other = account + 1;
      while (venue.shardOf(other) !== venue.shardOf(account)) other += 1;
      return other;
    }
  });
}

interface PlainEvents {
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly replies: string | null;
  readonly blocks: readonly { readonly account: number; readonly events: string }[];
}

/** What a committed batch said. */
function eventsOf({ number, token, time, effects }: Batch): PlainEvents {
  const blocks = effects.events ? decodeBlocks(effects.events) : [];
  return {
    batch: number,
    token,
    time,
    replies: effects.replies && hex(effects.replies),
    blocks: blocks
      .map(({ account, bytes }) => ({ account, events: hex(bytes) }))
      .sort((a, b) => a.account - b.account),
  };
}

/** The same as it is read. */
function plainEvents(stored: {
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly replies: Uint8Array | null;
  readonly journal: readonly JournalRow[];
}): PlainEvents {
  const { batch, token, time, replies, journal } = stored;
  for (const row of journal) expect([row.batch, row.token, row.time]).toEqual([batch, token, time]);
  const blocks = journal.map(({ account, events }) => ({ account, events: hex(events) }));
  return { batch, token, time, replies: replies && hex(replies), blocks };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
