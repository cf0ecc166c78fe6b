/** The commit: fenced, whole or not at all, and of known outcome (R1, R2). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { OrderStatus } from "../../actors/kernel/order.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  type Batch,
  ClientOrderIdConflict,
  FencedError,
  type Row,
} from "../../services/ports/store.js";
import {
  Committer,
  FIRST,
  holderOf,
  pagesOf,
  recordAfter,
  restored,
  SECOND,
  SYMBOL,
  tradeABit,
  Venue,
} from "./actors.js";
import { type OpenStoreBench, rowSets, type StoreBench } from "./store-bench.js";

const LEDGER_PARTS = [
  "accounts",
  "accounts_changed",
  "balances",
  "balances_changed",
  "deposits",
  "flows",
  "journal",
  "orders_amended",
  "orders_marked",
  "orders_reviewed",
  "orders_changed",
  "orders_new",
  "orders_new_with_terms",
  "shard_instruments",
  "shard_totals",
  "withdrawals",
  "account_limits",
  "review_limits",
  "transfers",
  "credits",
];
const MARKET_PARTS = [
  "book",
  "book_changed",
  "book_removed",
  "order_terms",
  "order_terms_removed",
  "trades",
];
const REMEMBERED_BATCH_MAX = 50;

export function describeCommits(adapter: string, open: OpenStoreBench): void {
  describe(`commits to ${adapter}`, () => {
    let bench: StoreBench;
    let venue: Venue;

    beforeEach(async () => {
      bench = await open();
      venue = await Venue.open(bench.store, await bench.addMarket(marketName(SYMBOL)));
    });

    afterEach(() => bench?.close());

    /** A batch that its store refuses for this reason, and of which nothing is stored. */
    async function expectRefused(batch: Batch, reason: RegExp | typeof FencedError) {
      const before = await bench.contents();
      await expect(bench.store.commit(batch)).rejects.toThrow(reason);
      expect(await bench.contents()).toEqual(before);
    }

    it("write every part that actors have, and the actor's row with it", async () => {
      await tradeABit(venue);
      const written = venue.batches.flatMap(({ effects }) =>
        Object.entries(effects.rows).flatMap(([part, { count }]) => (count > 0 ? [part] : [])),
      );
      expect([...new Set(written)].sort()).toEqual([...LEDGER_PARTS, ...MARKET_PARTS].sort());
      const contents = await bench.contents();
      for (const { record, tables } of venue.all) {
        expect(await bench.store.record(record.id)).toEqual(record);
        const ofLedgers = ["accounts", "balances", "orders", "journal", "deposits"];
        for (const table of [...ofLedgers, "book", "order_terms"]) {
          expect(contents[table]!.filter(({ actor }) => actor === record.id)).toEqual(
            expect.arrayContaining(
              tables.rows(table).map((row) => expect.objectContaining(asStored(row))),
            ),
          );
        }
        for (const table of ["trades", "shard_totals", "shard_instruments"]) {
          const rows = contents[table]!.filter(({ actor }) => actor === record.id);
          expect(rows).toHaveLength(tables.rows(table).length);
        }
      }
      expect(contents["trades"]).toHaveLength(2);
      expect(contents["book"]).toHaveLength(4);
      expect(contents["order_terms"]).toMatchObject([{ display: 2 }]);
    });

    it("keep a log of the batches as they were applied", async () => {
      await tradeABit(venue);
      const logged = (await bench.contents())["batch_log"]!;
      expect(logged).toHaveLength(venue.batches.length);
      for (const batch of venue.batches) {
        expect(logged).toContainEqual({
          actor: batch.actor.id,
          batch: batch.number,
          token: batch.token,
          anchor: batch.anchor,
          position_before: batch.positionBefore,
          position_after: batch.positionAfter,
          time: batch.time,
          hash: batch.hash,
          commands: Buffer.from(batch.commands),
          replies: batch.effects.replies && Buffer.from(batch.effects.replies),
        });
      }
    });

    it("answer with the clock, which never goes back", async () => {
      const before = await bench.store.now();
      const { time } = await bench.store.commit(venue.market.seal());
      expect(time).toBeGreaterThanOrEqual(before);
      expect(await bench.store.now()).toBeGreaterThanOrEqual(time);
    });

    it("of a ledger shard are fenced by token, previous batch and incarnation", async () => {
      await venue.fund(FIRST, 1_000);
      const shard = venue.shardOf(FIRST);
      shard.ask(
        venue.order(FIRST, "a", {}),
        { kind: "deposit", account: FIRST, deadline: 0, asset: 1, amount: 5, key: "more" },
        { kind: "resolve", account: FIRST, deadline: 0, clientOrderId: "b" },
      );
      const sent = { destination: venue.market.record.id, upTo: Number.MAX_SAFE_INTEGER };
      await expectFenced(shard.seal({ confirmed: [sent] }));
    });

    it("of a market are fenced by token, previous batch and incarnation", async () => {
      await venue.fund(FIRST, 1_000);
      await venue.fund(SECOND, 1_000);
      await venue.ask(venue.order(FIRST, "a", { quantity: 7 }));
      for (const quantity of [3, 9]) {
        venue.shardOf(SECOND).ask(venue.order(SECOND, `b-${quantity}`, { side: 2, quantity }));
      }
      venue.deliver(await venue.shardOf(SECOND).commit());
      await expectFenced(venue.market.seal());
    });

    async function expectFenced(batch: Batch) {
      const { token, number, actor } = batch;
      for (const other of [token - 1, token + 1]) {
        await expectRefused({ ...batch, token: other }, FencedError);
      }
      for (const other of [number - 1, number + 1]) {
        await expectRefused({ ...batch, number: other }, FencedError);
      }
      await expectRefused({ ...batch, actor: { ...actor, incarnation: 2 } }, FencedError);
      await bench.store.commit(batch);
      expect(await bench.store.record(actor.id)).toEqual(recordAfter(actor, batch));
      // The same again is the batch before.
      await expectRefused(batch, FencedError);
    }

    it("are void when the actor was claimed by another, or an incarnation has begun", async () => {
      const [shard] = venue.shards;
      expect(await bench.rival.raise(1, shard!.record.token, holderOf("node-2"), 0)).not.toBeNull();
      await expectRefused(shard!.seal(), FencedError);
      await bench.reincarnate();
      await expectRefused(venue.market.seal(), FencedError);
    });

    it("that race with a claim are in what the claimant sees, or nowhere", async () => {
      let stored = 0;
      for (let round = 0; round < REMEMBERED_BATCH_MAX; round++) {
        const { record } = venue.market;
        const batch = venue.market.seal();
        const [commit, claim] = await Promise.allSettled([
          bench.store.commit(batch),
          bench.rival.raise(record.id, record.token, holderOf("node-2"), 0),
        ]);
        if (commit.status === "rejected") expect(commit.reason).toBeInstanceOf(FencedError);
        else stored += 1;
        expect(claim.status === "fulfilled" && claim.value?.batch).toBe(
          commit.status === "fulfilled" ? batch.number : record.batch,
        );
        venue.market.record = (await bench.store.record(record.id))!;
      }
      const log = (await bench.contents())["batch_log"]!;
      expect(log.filter(({ actor }) => actor === venue.market.record.id)).toHaveLength(stored + 1);
    });

    it("stop at a row that is not there, or is there already, and write nothing", async () => {
      await venue.fund(FIRST, 1_000);
      await venue.ask(venue.order(FIRST, "a", {}));
      const shard = venue.shardOf(FIRST);
      const [balance, account, order] = ["balances", "accounts", "orders"].map(
        (table) => shard.tables.rows(table)[0]!,
      ) as [Row, Row, Row];
      const changed = changeOf(order);
      const spoiled: [parts: Record<string, readonly Row[]>, reason: RegExp][] = [
        [{ orders_changed: [changeOf(order), { ...changed, order_id: 99 }] }, /orders_changed/],
        [{ orders_changed: [changed, changed] }, /orders_changed/],
        [{ accounts: [account] }, /accounts/],
        [{ balances: [balance] }, /balances/],
        [{ balances_changed: [balance, balance] }, /balances_changed/],
        [{ balances_changed: [{ ...balance, asset: 99 }] }, /balances_changed/],
        [{ balances_changed: [{ ...balance, held: 9_999 }] }, /balances/],
        [{ balances_changed: [{ ...balance, total: -1, held: 0 }] }, /balances/],
        [{ nonsense: [{ account: 1 }] }, /nonsense/],
      ];
      for (const [parts, reason] of spoiled) {
        const batch = shard.seal();
        const rows = rowSets({ balances_changed: [balance], ...parts });
        const error = await refusalOf({ ...batch, effects: { ...batch.effects, rows } });
        expect(error.message).toMatch(reason);
        expect(error.name).not.toMatch(/Fenced|Unknown|Conflict/);
      }
      const removed = rowSets({ book_removed: [{ order_id: 99 }] });
      const batch = venue.market.seal();
      await expectRefused(
        { ...batch, effects: { ...batch.effects, rows: removed } },
        /book_removed/,
      );
      await shard.commit();
      await venue.market.commit();
    });

    async function refusalOf(batch: Batch): Promise<Error> {
      const before = await bench.contents();
      const error = await bench.store.commit(batch).then(
        () => new Error("it was committed"),
        (reason: Error) => reason,
      );
      expect(await bench.contents()).toEqual(before);
      return error;
    }

    it("tell all orders whose client ids memory had forgotten, and write nothing", async () => {
      const ids = ["plain", `it's "quoted"`, String.raw`back\slash`, "{a,b}", "NULL"];
      await venue.fund(FIRST, 10_000);
      await venue.ask(...ids.map((id) => venue.order(FIRST, id, {})));
      await venue.ask(...ids.map((id) => venue.cancel(FIRST, id)));
      const shard = venue.shardOf(FIRST);
      const known = shard.tables.rows("orders");
      expect(known.map(({ status }) => status)).toEqual(ids.map(() => OrderStatus.Cancelled));

      const forgetful = new Committer(
        bench.store,
        shard.record,
        await restored(bench.store, shard.record.id, (table) => table === "orders"),
      );
      // Plain ones and others, which are two parts of the batch.
      const again = [...ids, "new"].map((id, at) =>
        venue.order(FIRST, id, at % 2 === 0 ? { display: 2 } : {}),
      );
      forgetful.ask(...again);
      const before = await bench.contents();
      const conflict = await bench.store.commit(forgetful.seal()).catch((error: unknown) => error);
      expect(conflict).toBeInstanceOf(ClientOrderIdConflict);
      const found = [...(conflict as ClientOrderIdConflict).orderIds].sort((a, b) => a - b);
      expect(found).toEqual(known.map((row) => row["order_id"]));
      expect(await bench.contents()).toEqual(before);

      // Done again with what is stored: the known ids get their first answer, the new one is an order.
      const reminded = await restored(bench.store, shard.record.id, (table) => table === "orders");
      (reminded as LedgerShard).remember(await bench.store.orders(found));
      const second = new Committer(bench.store, shard.record, reminded, shard.tables);
      second.ask(...again);
      const batch = await second.commit();
      expect(batch.effects.rows["orders_new"]!.columns["client_order_id"]).toEqual(["new"]);
    });

    it("keep what is sent until it is confirmed, in order and byte for byte", async () => {
      await venue.fund(FIRST, 10_000);
      const shard = venue.shardOf(FIRST);
      const { id } = shard.record;
      const market = venue.market.record.id;
      const sent = [];
      for (const name of ["a", "b", "c", "d"]) {
        shard.ask(venue.order(FIRST, name, {}));
        sent.push(...(await shard.commit()).outbox);
      }
      const kept = async (of: number) => {
        const standing = await bench.store.correspondence(of);
        expect(standing.batch).toBe((await bench.store.record(of))!.batch);
        return standing.outbox.map(plainOutbox);
      };
      expect(await kept(id)).toEqual(sent.map(plainOutbox));
      expect(sent.map(({ first, last }) => [first, last])).toEqual([1, 2, 3, 4].map((n) => [n, n]));
      const ofMarket = await kept(market);
      expect(ofMarket.map(({ destination }) => destination)).toEqual([1, 2]);

      shard.ask(venue.order(FIRST, "e", {}));
      const batch = shard.seal({
        confirmed: [
          { destination: market, upTo: 2 },
          { destination: 77, upTo: 4 },
        ],
      });
      await shard.commit(batch);
      expect(await kept(id)).toEqual([...sent.slice(2), ...batch.outbox].map(plainOutbox));
      expect(await kept(market)).toEqual(ofMarket);
    });

    it("move a link's numbers and leave its running totals, unless its trades moved them", async () => {
      await tradeABit(venue);
      const market = venue.market.record.id;
      const linkOf = async (actor: number) =>
        (await bench.contents())["links"]!.find(
          (row) => row["actor"] === actor && row["peer"] === market,
        )!;
      for (const shard of venue.shards) {
        const [flow] = shard.tables.rows("flows");
        const { base_in: baseIn, base_out: baseOut } = flow!;
        expect(Number(baseIn) + Number(baseOut)).toBe(7);
        const { received, sent, ...link } = await linkOf(shard.record.id);
        expect(link).toEqual(expect.objectContaining({ ...flow }));
        // An order that rests moves nothing.
        const account = [FIRST, SECOND][shard.record.id - 1]!;
        await venue.ask(venue.order(account, "late", { price: 1 }));
        const later = await linkOf(shard.record.id);
        expect(later).toEqual({ ...link, received: Number(received) + 1, sent: Number(sent) + 1 });
      }
      for (const { record, actor } of venue.all) {
        const byPeer = (a: { peer: number }, b: { peer: number }) => a.peer - b.peer;
        const loaded = await bench.store.load(
          record.id,
          () => undefined,
          () => undefined,
        );
        const links = [...actor.links.all()].sort(byPeer);
        expect([...loaded!.links].sort(byPeer)).toEqual(links);
        const before = await bench.store.now();
        const standing = await bench.store.correspondence(record.id);
        expect([...standing.links].sort(byPeer)).toEqual(links);
        expect(standing.now).toBeGreaterThanOrEqual(before);
        expect(await bench.store.now()).toBeGreaterThanOrEqual(standing.now);
      }
      expect((await pagesOf(bench.store, venue.shards[0]!.record.id)).get("flows")).toHaveLength(1);
    });
  });
}

function changeOf(order: Row): Row {
  const { order_id, filled, leaves, status, code, last_sequence, updated } = order as Record<
    string,
    number
  >;
  return { order_id, filled, leaves, status, code, last_sequence, updated } as Row;
}

function plainOutbox(row: { destination: number; first: number; last: number; frame: Uint8Array }) {
  return { ...row, frame: Buffer.from(row.frame).toString("hex") };
}

/** A row as actors write it, as tables hold it: array literals as arrays, bytes as buffers. */
function asStored(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, Buffer.from(value)];
      if (["assets", "total_changes", "held_changes"].includes(name)) {
        return [name, JSON.parse(`[${String(value).slice(1, -1)}]`)];
      }
      return [name, value];
    }),
  );
}
