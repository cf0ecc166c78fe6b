/** What gateways read of shards and accounts: committed rows, each answer of one moment (R3, R9). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OrderStatus, OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import { decodeAccountEvents, decodeBlocks } from "../../actors/ledger/account-events.js";
import type { JournalRow, Reads } from "../../services/ports/reads.js";
import type { Batch } from "../../services/ports/store.js";
import { FIRST, SECOND, SHARDS, tradeABit, Venue } from "./actors.js";
import {
  COMMITS_WHILE_READING,
  DEFINITION,
  during,
  type OpenReadsBench,
  type ReadsBench,
} from "./reads-bench.js";

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
      const { identity, shards } = await reads.exchange();
      expect([identity, shards]).toEqual([expect.stringMatching(/^.+$/), SHARDS]);
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
