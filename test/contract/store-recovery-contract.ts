/** What an actor is rebuilt from: all of it, in pages, whatever its size. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { FINISHED_ORDERS_RECOVERED_MAX } from "../../actors/kernel/limits.js";
import { Links } from "../../actors/kernel/links.js";
import { isFinal, type OrderStatus, Side } from "../../actors/kernel/order.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { encodeLedgerCommand, NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { emptyRecord, type Loaded, type Row } from "../../services/ports/store.js";
import {
  Committer,
  FIRST,
  pagesOf,
  restored,
  SECOND,
  SHARDS,
  SYMBOL,
  tradeABit,
  Venue,
} from "./actors.js";
import type { OpenStoreBench, StoreBench } from "./store-bench.js";

const RACES = 20;
/** More than one page of each table, and not a multiple of a round number. */
const MANY = 4_321;
const COMMANDS_PER_BATCH = 1_000;
const REDUCED = 200;

/** What text columns and array literals are easily broken by. */
const ODD_TEXTS = [
  `"`,
  `""`,
  "'",
  String.raw`\ `.trim(),
  String.raw`\\"\'`,
  "{",
  "}",
  "{}",
  ",",
  "NULL",
  "null",
  "(1,2)",
  "$1",
  "%s",
  "~",
  "--",
  " ",
  " a ",
];

export function describeRecovery(adapter: string, open: OpenStoreBench): void {
  describe(`recovery from ${adapter}`, () => {
    let bench: StoreBench;
    let venue: Venue;

    beforeEach(async () => {
      bench = await open();
      venue = await Venue.open(bench.store, await bench.addMarket(marketName(SYMBOL)));
    });

    afterEach(() => bench?.close());

    it("knows all actors, new ones too, and no others", async () => {
      const added = await bench.addMarket("market.NEW");
      const actors = await bench.store.actors(0);
      const market = venue.market.record.id;
      expect(actors.map(({ id, kind }) => [id, kind])).toEqual([
        ...Array.from({ length: SHARDS }, (_, at) => [at + 1, "ledger"]),
        [market, "market"],
        [added, "market"],
      ]);
      const { id, name, kind, token, anchor } = venue.shards[0]!.record;
      expect(actors[0]).toEqual({ id, name, kind, token, anchor });
      expect(await bench.store.actors(market)).toEqual([actors.at(-1)]);
      expect(await bench.store.actors(added)).toEqual([]);
      expect(await bench.store.record(1)).toEqual(venue.shards[0]!.record);
      expect(await bench.store.record(added)).toEqual({
        ...emptyRecord(added, "market.NEW", "market"),
        incarnation: expect.any(Number) as number,
        state: expect.anything() as Uint8Array,
      });
      expect((await bench.store.record(added))!.state).toHaveLength(0);
      expect(await bench.store.record(999)).toBeNull();
    });

    it("gives back what was written, to the same state, and the actors go on", async () => {
      await tradeABit(venue);
      for (const committer of venue.all) {
        const pages = await pagesOf(bench.store, committer.record.id);
        const expected = new Map<string, Row[]>();
        const take = (table: string, rows: readonly Row[]) =>
          expected.set(table, [...(expected.get(table) ?? []), ...rows]);
        if (committer.record.kind === "market") committer.tables.loadMarket(take);
        else committer.tables.loadLedger(take);
        for (const [table, rows] of expected) {
          const found = pages.get(table)!.flat();
          expect(found).toHaveLength(rows.length);
          expect(found.map(withHexBytes)).toEqual(
            expect.arrayContaining(rows.map((row) => expect.objectContaining(withHexBytes(row)))),
          );
        }
        await expectSameState(committer);
      }
      const again = await Venue.open(bench.rival, venue.market.record.id, venue);
      expect(again.market.record.token).toBe(venue.market.record.token + 1);
      await again.ask(again.order(FIRST, "lift", { price: 105 }));
      await again.ask(again.order(SECOND, "sell", { side: Side.Sell, price: 95 }));
      for (const committer of again.all) await expectSameState(committer);
    });

    async function expectSameState(committer: Committer) {
      const record = await bench.store.record(committer.record.id);
      const again = await restored(bench.store, record!.id);
      again.checkInvariants();
      expect(again.stateHash()).toBe(committer.actor.stateHash());
      expect(again.stateHash()).toBe(record!.hash);
    }

    it("loads rows of one batch, though others are committed meanwhile", async () => {
      await venue.fund(FIRST, 1_000_000);
      const shard = venue.shardOf(FIRST);
      let overtaken = 0;
      for (let round = 0; round < RACES; round++) {
        let committed: Promise<void> | undefined;
        let actor!: LedgerShard;
        const begin = ({ record, links }: Loaded) => {
          actor = LedgerShard.restore(record, Links.restore(links));
          committed = venue.ask(venue.order(FIRST, `${round}`, { price: 1, quantity: 1 }));
        };
        const page = (table: string, rows: readonly Row[]) => actor.loadPage(table, rows);
        const loaded = await bench.rival.load(shard.record.id, begin, page);
        actor.finishLoading();
        expect(actor.stateHash()).toBe(loaded!.record.hash);
        if (shard.record.batch > loaded!.record.batch) overtaken += 1;
        await committed;
      }
      // A load that nothing overtakes would prove nothing.
      expect(overtaken).toBeGreaterThan(0);
    });

    it("says first what the actor is made of, and of no actor nothing", async () => {
      const { record, actor } = venue.market;
      const calls: unknown[] = [];
      const begin = (loaded: Loaded) => calls.push(loaded);
      const page = (table: string) => calls.push(table);
      await venue.fund(FIRST, 1_000);
      await venue.ask(venue.order(FIRST, "rests", {}));
      const loaded = await bench.store.load(record.id, begin, page);
      expect(calls).toEqual([loaded, "book"]);
      expect(loaded!.record).toEqual(venue.market.record);
      expect(loaded!.links).toEqual(expect.arrayContaining([...actor.links.all()]));
      expect(await bench.store.load(999, begin, page)).toBeNull();
      expect(calls).toHaveLength(2);
    });

    it("ends with the error of whoever takes the pages, however often, and then goes on", async () => {
      await venue.fund(FIRST, 1_000);
      const { id, hash } = venue.shardOf(FIRST).record;
      const refuse = () => {
        throw new RangeError("not mine");
      };
      for (let n = 0; n < RACES; n++) {
        const load = n % 2 === 0 ? [refuse, () => undefined] : [() => undefined, refuse];
        await expect(bench.store.load(id, load[0]!, load[1]!)).rejects.toThrow(RangeError);
      }
      expect((await restored(bench.store, id)).stateHash()).toBe(hash);
    });

    it("reads the batch log after any batch, in order, as it was committed", async () => {
      await tradeABit(venue);
      for (const { record } of venue.all) {
        const logged = venue.batches
          .filter(({ actor }) => actor.id === record.id)
          .map(({ number, token, time, hash, commands }) => ({
            actor: record.id,
            batch: number,
            token,
            time,
            hash,
            commands: Buffer.from(commands),
          }));
        expect(logged.map(({ batch }) => batch)).toEqual(
          Array.from({ length: record.batch }, (_, at) => at + 1),
        );
        for (const [after, most] of [
          [0, 99],
          [0, 2],
          [1, 1],
          [record.batch - 1, 99],
        ] as const) {
          expect(await bench.rival.batches(record.id, after, most)).toEqual(
            logged.slice(after, after + most),
          );
        }
        expect(await bench.rival.batches(record.id, record.batch, 99)).toEqual([]);
      }
      expect(await bench.rival.batches(999, 0, 99)).toEqual([]);
    });

    it("reads more than a page of every table, each row once and in order", async () => {
      const shard = venue.shardOf(FIRST);
      const { id } = shard.record;
      const accounts = accountsOf(venue, shard, MANY);
      const { baseAsset, quoteAsset } = venue.instrument;
      const money = { deadline: 0, amount: 1_000_000 };
      await inBatches(accounts, (account) => {
        shard.ask(
          { kind: "open", account, deadline: 0 },
          { kind: "deposit", account, asset: baseAsset, key: "base", ...money },
        );
      });
      const rich = accounts[0]!;
      // Half of the orders by one account, whose keys and ids fill pages too.
      await inBatches(accounts, (account, at) => {
        const key = `${ODD_TEXTS[at % ODD_TEXTS.length]}${at}`;
        const owner = at % 2 === 0 ? rich : account;
        const place = venue.order(owner, key, { price: 50 + (at % 10), quantity: 2 });
        shard.ask({ kind: "deposit", account: owner, asset: quoteAsset, key, ...money }, place);
      });
      // An order that is written again lies elsewhere, and keeps its place in the queue.
      await venue.ask(
        ...Array.from({ length: REDUCED }, (_, n) => {
          const at = n * 2 * 7;
          return venue.reduce(rich, `${ODD_TEXTS[at % ODD_TEXTS.length]}${at}`, 1);
        }),
      );
      for (const { record } of venue.all) {
        const pages = await pagesOf(bench.store, record.id);
        for (const rows of pages.values())
          expect(Math.max(...rows.map(({ length }) => length))).toBeLessThan(MANY);
        const count = (table: string) => pages.get(table)?.flat().length ?? 0;
        if (record.id === id) {
          expect([count("accounts"), count("orders"), count("deposits")]).toEqual([
            MANY,
            MANY,
            2 * MANY,
          ]);
          expect(
            pages
              .get("orders")!
              .flat()
              .map(({ order_id }) => order_id),
          ).toEqual(shard.tables.rows("orders").map(({ order_id }) => order_id));
        }
        if (record.kind === "market") {
          const book = pages.get("book")!.flat();
          expect(book).toHaveLength(MANY);
          expect(book.filter(({ leaves }) => leaves === 1)).toHaveLength(REDUCED);
          for (const price of new Set(book.map((row) => row["price"]))) {
            const rows = book.filter((row) => row["price"] === price);
            const priorities = rows.map(({ priority }) => Number(priority));
            expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
          }
        }
      }
      for (const committer of venue.all) await expectSameState(committer);
    });

    /** Gives something to do for each thing, so many in a batch. */
    async function inBatches<T>(things: readonly T[], task: (thing: T, at: number) => void) {
      for (const [at, thing] of things.entries()) {
        task(thing, at);
        if (at % COMMANDS_PER_BATCH === COMMANDS_PER_BATCH - 1) await venue.settle();
      }
      await venue.settle();
    }

    it("reads all live orders and the newest finished ones, no more of these than are kept", async () => {
      await venue.fund(FIRST, 1_000);
      await venue.ask(venue.order(FIRST, "old", { price: 1 }));
      const voided = Array.from({ length: FINISHED_ORDERS_RECOVERED_MAX + 10 }, (_, at) => at);
      await inBatches(voided, (at) => {
        venue
          .shardOf(FIRST)
          .ask({ kind: "resolve", account: FIRST, deadline: 0, clientOrderId: `${at}` });
      });
      await venue.ask(venue.order(FIRST, "young", { price: 1 }));
      const shard = venue.shardOf(FIRST);
      const orders = (await pagesOf(bench.store, shard.record.id)).get("orders")!.flat();
      const isFinished = (row: Row) => isFinal(row["status"] as OrderStatus);
      const kept = voided.slice(-FINISHED_ORDERS_RECOVERED_MAX).map(String);
      const idsOf = (rows: readonly Row[]) => rows.map((row) => row["client_order_id"]);
      expect(idsOf(orders.filter((row) => !isFinished(row)))).toEqual(["old", "young"]);
      expect(idsOf(orders.filter(isFinished))).toEqual(kept);
      await expectSameState(shard);
    });

    it("knows again which orders are a pair, and that one has ended by the other's trade", async () => {
      await venue.fund(FIRST, 5_000);
      const shard = venue.shardOf(FIRST);
      const { id } = venue.instrument;
      const terms = { instrument: id, side: Side.Buy, timeInForce: 1, quantity: 10 };
      const limit = { ...NO_OTHER_TERMS, ...terms, clientOrderId: "limit", type: 1, price: 90 };
      const stop = { ...limit, clientOrderId: "stop", type: 4, price: 120, stopPrice: 110 };
      await venue.ask({ kind: "place-pair", account: FIRST, deadline: 0, legs: [limit, stop] });
      for (const committer of venue.all) await expectSameState(committer);
      const held = async () => {
        const rows = (await bench.contents())["balances"]!;
        return rows.find(({ account, asset }) => account === FIRST && asset === 2)!["held"];
      };
      expect(await held()).toBe(120 * 10);
      const [first, second] = shard.tables.rows("orders").map((row) => row["order_id"] as number);
      const trade = {
        kind: "trade",
        instrument: id,
        tradeId: 1,
        price: 90,
        quantity: 4,
        takerSide: Side.Sell,
        isAuction: false,
        makerOrder: first!,
        takerOrder: 1_024 * 9 + 500,
        makerLeaves: 6,
        takerLeaves: 0,
        sequence: 50,
      } as const;
      shard.take(id, venue.market.record.token, [encodeLedgerCommand(trade)]);
      await shard.commit();
      await expectSameState(shard);
      expect(await held()).toBe(90 * 6);
      const row = (await bench.contents())["orders"]!.find((each) => each["order_id"] === second);
      expect(row).toMatchObject({ pair: first, pair_done: 1, leaves: 10 });
    });

    it("keeps client order ids and deposit keys as they were given", async () => {
      await venue.fund(FIRST, 10_000);
      await venue.ask(...ODD_TEXTS.map((id) => venue.order(FIRST, id, { quantity: 1 })));
      const money = { account: FIRST, deadline: 0, asset: 1, amount: 1 };
      await venue.ask(...ODD_TEXTS.map((key) => ({ kind: "deposit", key, ...money }) as const));
      const { record, tables } = venue.shardOf(FIRST);
      const pages = await pagesOf(bench.store, record.id);
      expect(
        pages
          .get("orders")!
          .flat()
          .map((row) => row["client_order_id"]),
      ).toEqual(ODD_TEXTS);
      expect(
        pages
          .get("deposits")!
          .flat()
          .map((row) => String(row["key"]))
          .sort(),
      ).toEqual([...ODD_TEXTS, "base", "quote"].sort());
      const byId = await bench.store.orders(
        tables.rows("orders").map((row) => row["order_id"] as number),
      );
      expect(byId.map((row) => String(row["client_order_id"])).sort()).toEqual(
        [...ODD_TEXTS].sort(),
      );
      expect(await bench.store.orders([])).toEqual([]);
    });
  });
}

function accountsOf(venue: Venue, shard: Committer, count: number): number[] {
  const accounts: number[] = [];
  for (let account = 1_000; accounts.length < count; account++) {
    if (venue.shardOf(account) === shard) accounts.push(account);
  }
  return accounts;
}

function withHexBytes(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
    ]),
  );
}
