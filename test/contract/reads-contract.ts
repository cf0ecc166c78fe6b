/** What gateways and feeds read: committed rows, each answer of one moment (R3, R9). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { OrderStatus, Side } from "../../actors/kernel/order.js";
import { decodeBlocks } from "../../actors/ledger/account-events.js";
import {
  InstrumentConflictError,
  type InstrumentDefinition,
  type JournalRow,
  type Reads,
} from "../../services/ports/reads.js";
import type { Batch, Row, Store } from "../../services/ports/store.js";
import { FIRST, SECOND, SHARDS, SYMBOL, tradeABit, Venue } from "./actors.js";

export interface ReadsBench {
  readonly reads: Reads;
  /** What another gateway has. */
  readonly rival: Reads;
  /** For the actors whose rows are read. */
  readonly store: Store;
  contents(): Promise<Readonly<Record<string, readonly Row[]>>>;
  close(): Promise<void>;
}

const COMMITS_WHILE_READING = 50;
const RACES = 8;

export const DEFINITION: InstrumentDefinition = {
  symbol: SYMBOL,
  base: { name: "2330", decimals: 0 },
  quote: { name: "TWD", decimals: 2 },
  priceDecimals: 2,
  quantityDecimals: 0,
  tick: 1,
  lot: 1,
  notionalFactor: 1,
  referencePrice: 100,
};

export function describeReads(adapter: string, open: () => Promise<ReadsBench>): void {
  describe(`reads from ${adapter}`, () => {
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
      expect(await reads.accountHeads([FIRST, SECOND, 99])).toEqual(new Map([[FIRST, head]]));
      expect(await reads.accountHeads([])).toEqual(new Map());
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
        });
        expect(await reads.order(FIRST, orderId, "")).toEqual(found);
        expect(await reads.order(SECOND, orderId, "")).toBeNull();
        expect(await reads.order(SECOND, 0, clientOrderId)).toBeNull();
      }
      expect(await reads.order(FIRST, 0, "PLAIN")).toBeNull();
    });

    it("give balances and the journal number they stand at, of one moment", async () => {
      expect(await reads.balances(FIRST)).toBeNull();
      await venue.ask({ kind: "open", account: FIRST, deadline: 0 });
      expect(await reads.balances(FIRST)).toEqual({ sequence: 1, balances: [] });
      const shard = venue.shardOf(FIRST);
      let isCommitting = true;
      const commits = (async () => {
        for (let at = 0; at < COMMITS_WHILE_READING; at++) {
          const deposit = { account: FIRST, deadline: 0, amount: 1, key: `key-${at}` };
          shard.ask({ kind: "deposit", asset: 1, ...deposit });
          await shard.commit();
        }
        isCommitting = false;
      })();
      while (isCommitting) {
        const { sequence, balances } = (await reads.balances(FIRST))!;
        expect(balances).toEqual(
          sequence === 1 ? [] : [{ asset: 1, total: sequence - 1, held: 0 }],
        );
      }
      await commits;
      await venue.ask(venue.order(FIRST, "sell", { side: Side.Sell, quantity: 7 }));
      const { balances } = (await reads.balances(FIRST))!;
      expect(balances).toEqual([{ asset: 1, total: COMMITS_WHILE_READING, held: 7 }]);
    });

    it("give a market's book and where its events stand, of one moment", async () => {
      await venue.fund(FIRST, 1_000_000);
      const { market } = venue;
      expect((await reads.marketSnapshot(market.record.id)).levels).toEqual([]);
      const orders = [
        [Side.Buy, 98, 1],
        [Side.Sell, 103, 2],
        [Side.Buy, 99, 3],
        [Side.Sell, 102, 4],
        [Side.Buy, 98, 5],
      ] as const;
      await venue.ask(
        ...orders.map(([side, price, quantity], at) =>
          venue.order(FIRST, `${at}`, { side, price, quantity }),
        ),
      );
      const { token, eventBatch, time, state } = market.record;
      expect(await reads.marketSnapshot(market.record.id)).toEqual({
        token,
        eventBatch,
        time,
        state,
        levels: [
          { side: Side.Buy, price: 99, quantity: 3 },
          { side: Side.Buy, price: 98, quantity: 6 },
          { side: Side.Sell, price: 102, quantity: 4 },
          { side: Side.Sell, price: 103, quantity: 2 },
        ],
      });
      let isCommitting = true;
      const commits = (async () => {
        for (let at = 0; at < COMMITS_WHILE_READING; at++) {
          await venue.ask(venue.order(FIRST, `more-${at}`, { price: 99, quantity: 1 }));
        }
        isCommitting = false;
      })();
      while (isCommitting) {
        const snapshot = await reads.marketSnapshot(market.record.id);
        expect(snapshot.levels[0]!.quantity).toBe(3 + snapshot.eventBatch - eventBatch);
      }
      await commits;
      await expect(reads.marketSnapshot(999)).rejects.toThrow("999");
    });

    it("give a market's trades after any of them", async () => {
      await tradeABit(venue);
      const market = venue.market.record.id;
      const all = await reads.trades(market, 0, 100);
      expect(all).toEqual(
        venue.market.tables.rows("trades").map((row) => ({
          tradeId: row["trade_id"],
          sequence: row["sequence"],
          price: row["price"],
          quantity: row["quantity"],
          takerSide: row["taker_side"],
          time: expect.any(Number),
        })),
      );
      expect(all.map(({ tradeId }) => tradeId)).toEqual([1, 2]);
      expect(await reads.trades(market, 1, 100)).toEqual(all.slice(1));
      expect(await reads.trades(market, 0, 1)).toEqual(all.slice(0, 1));
      expect(await reads.trades(market, 2, 100)).toEqual([]);
    });

    it("define an instrument once: the same again is the same, another is a conflict", async () => {
      const [instrument] = await reads.instruments();
      const { base, quote, ...terms } = DEFINITION;
      const assets = await reads.assets();
      expect(assets.map(({ name, decimals }) => ({ name, decimals }))).toEqual([base, quote]);
      expect(instrument).toEqual({
        ...terms,
        id: venue.market.record.id,
        baseAsset: assets[0]!.asset,
        quoteAsset: assets[1]!.asset,
      });
      expect(await bench.store.record(instrument!.id)).toMatchObject({
        name: marketName(SYMBOL),
        kind: "market",
        incarnation: venue.market.record.incarnation,
      });
      expect(await reads.instrumentShards(instrument!.id)).toBe(SHARDS);
      expect(await reads.instrumentShards(999)).toBe(0);

      const before = await bench.contents();
      expect(await reads.createInstrument(DEFINITION)).toEqual(instrument);
      const others: Partial<InstrumentDefinition>[] = [
        { tick: 2 },
        { lot: 2 },
        { priceDecimals: 1 },
        { quantityDecimals: 1 },
        { notionalFactor: 2 },
        { referencePrice: 99 },
        { base: { name: "new", decimals: 0 } },
        { quote: { name: "new", decimals: 0 } },
        { quote: { name: "TWD", decimals: 3 } },
        {
          symbol: "OTHER",
          base: { name: "new", decimals: 0 },
          quote: { name: "TWD", decimals: 3 },
        },
      ];
      for (const other of others) {
        const conflict = reads.createInstrument({ ...DEFINITION, ...other });
        await expect(conflict).rejects.toThrow(InstrumentConflictError);
      }
      await expect(reads.createInstrument({ ...DEFINITION, tick: 5 })).rejects.toThrow("tick");
      expect(await bench.contents()).toEqual(before);
    });

    it("define instruments from many sides at once", async () => {
      const races = Array.from({ length: RACES }, (_, at) => (at % 2 === 0 ? reads : bench.rival));
      const fresh = { ...DEFINITION, symbol: "FRESH", base: { name: "FRESH", decimals: 3 } };
      const same = await Promise.all(races.map((each) => each.createInstrument(fresh)));
      for (const instrument of same) expect(instrument).toEqual(same[0]);

      const quote = { name: "NEW-QUOTE", decimals: 4 };
      const apart = await Promise.all(
        races.map((each, at) =>
          each.createInstrument({
            ...DEFINITION,
            symbol: `S.${at}`,
            base: { name: `B${at}`, decimals: 0 },
            quote,
          }),
        ),
      );
      expect(new Set(apart.map(({ id }) => id)).size).toBe(RACES);
      expect(new Set(apart.map(({ baseAsset }) => baseAsset)).size).toBe(RACES);
      expect(new Set(apart.map(({ quoteAsset }) => quoteAsset)).size).toBe(1);
      const ids = (await reads.instruments()).map(({ id }) => id);
      expect(ids).toEqual(
        [venue.instrument.id, same[0]!.id, ...apart.map(({ id }) => id)].sort((a, b) => a - b),
      );
    });

    it("give account numbers that nobody else gets, and slots with tokens that only rise", async () => {
      const races = Array.from({ length: RACES }, (_, at) => (at % 2 === 0 ? reads : bench.rival));
      const numbers = await Promise.all(races.map((each) => each.nextAccountNumber()));
      expect(new Set(numbers).size).toBe(RACES);

      expect(await reads.slot(7)).toBeNull();
      expect(await reads.claimSlot(7, "gateway-1")).toBe(1);
      expect(await reads.slot(7)).toEqual({ token: 1, holder: "gateway-1" });
      const tokens = await Promise.all(races.map((each, at) => each.claimSlot(7, `gateway-${at}`)));
      expect(tokens.toSorted((a, b) => a - b)).toEqual(races.map((_, at) => at + 2));
      const last = tokens.indexOf(RACES + 1);
      expect(await bench.rival.slot(7)).toEqual({ token: RACES + 1, holder: `gateway-${last}` });
      expect(await reads.claimSlot(8, "gateway-1")).toBe(1);
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
