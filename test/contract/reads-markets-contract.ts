/** What gateways and feeds read of markets, and the few rows that they write themselves (R3). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { OrderType, Side } from "../../actors/kernel/order.js";
import {
  InstrumentConflictError,
  type InstrumentDefinition,
  type Reads,
} from "../../services/ports/reads.js";
import { FIRST, SHARDS, SYMBOL, tradeABit, Venue } from "./actors.js";
import {
  COMMITS_WHILE_READING,
  DEFINITION,
  during,
  type OpenReadsBench,
  type ReadsBench,
} from "./reads-bench.js";

const RACES = 8;

export function describeMarketReads(adapter: string, open: OpenReadsBench): void {
  describe(`markets read from ${adapter}`, () => {
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
      const commit = async () => {
        for (let at = 0; at < COMMITS_WHILE_READING; at++) {
          await venue.ask(venue.order(FIRST, `more-${at}`, { price: 99, quantity: 1 }));
        }
      };
      await during(commit(), async () => {
        const snapshot = await reads.marketSnapshot(market.record.id);
        expect(snapshot.levels[0]!.quantity).toBe(3 + snapshot.eventBatch - eventBatch);
      });
      await expect(reads.marketSnapshot(999)).rejects.toThrow("999");
    });

    it("give what a book shows: of an iceberg a part, of what waits nothing", async () => {
      await venue.fund(FIRST, 1_000_000);
      const stop = { type: OrderType.StopLimit, price: 108, stopPrice: 107 };
      await venue.ask(
        venue.order(FIRST, "iceberg", { side: Side.Buy, price: 98, quantity: 10, display: 3 }),
        venue.order(FIRST, "plain", { side: Side.Buy, price: 98, quantity: 4 }),
        venue.order(FIRST, "stop", { side: Side.Buy, quantity: 5, ...stop }),
      );
      expect(venue.market.tables.rows("book")).toHaveLength(3);
      const { levels } = await reads.marketSnapshot(venue.market.record.id);
      expect(levels).toEqual([{ side: Side.Buy, price: 98, quantity: 7 }]);
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
        { feeTiers: [] },
        { feeTiers: [{ makerFee: 0, takerFee: 8 }] },
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
  });
}
