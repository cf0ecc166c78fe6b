/** Client order ids in a store (R10): one order has each, until a day after it has ended; then another may. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import {
  CLIENT_ORDER_ID_FREE_AFTER_MICROS,
  CLIENT_ORDER_ID_KEPT_MICROS,
  COMMAND_LIFETIME_MICROS,
} from "../../actors/kernel/limits.js";
import { type Batch, ClientOrderIdConflict } from "../../services/ports/store.js";
import { Committer, FIRST, pagesOf, restored, SYMBOL, Venue } from "./actors.js";
import type { OpenStoreBench, StoreBench } from "./store-bench.js";

const PLAIN = {};
const ICEBERG = { display: 2 };

export function describeClientOrderIds(adapter: string, open: OpenStoreBench): void {
  describe(`client order ids in ${adapter}`, () => {
    let bench: StoreBench;
    let venue: Venue;
    let shard: Committer;

    beforeEach(async () => {
      bench = await open();
      venue = await Venue.open(bench.store, await bench.addMarket(marketName(SYMBOL)));
      shard = venue.shardOf(FIRST);
      await venue.fund(FIRST, 10_000);
      await venue.ask(
        ...["plain", "iceberg", "live"].map((id) => venue.order(FIRST, id, {})),
        { kind: "resolve", account: FIRST, deadline: 0, clientOrderId: "void" },
        venue.order(FIRST, "rejected", { quantity: 1_000_000 }),
      );
      await venue.ask(...["plain", "iceberg"].map((id) => venue.cancel(FIRST, id)));
    });

    afterEach(() => bench?.close());

    /** The shard as it is stored, after so long, without the orders that memory may forget. */
    async function forgetful(waited: number): Promise<Committer> {
      const { record } = shard;
      const isOrder = (table: string) => table === "orders";
      const actor = await restored(bench.store, record.id, isOrder);
      const committer = new Committer(bench.store, record, actor, shard.tables);
      committer.waited = waited;
      return committer;
    }

    const placeAgain = (committer: Committer, ids: readonly string[]): Batch => {
      const terms = (id: string) => (id === "iceberg" ? ICEBERG : PLAIN);
      committer.ask(...ids.map((id) => venue.order(FIRST, id, terms(id))));
      return committer.seal();
    };

    const conflictOf = async (batch: Batch): Promise<readonly number[]> => {
      const before = await bench.contents();
      const conflict = await bench.store.commit(batch).catch((error: unknown) => error);
      expect(conflict).toBeInstanceOf(ClientOrderIdConflict);
      expect(await bench.contents()).toEqual(before);
      return [...(conflict as ClientOrderIdConflict).orderIds].sort((a, b) => a - b);
    };

    const storedAs = async (id: string): Promise<[orderId: number, released: number][]> => {
      const rows = (await bench.contents())["orders"]!;
      return rows
        .filter((row) => row["client_order_id"] === id)
        .map((row): [number, number] => [row["order_id"] as number, Number(row["released"] ?? 0)])
        .sort(([a], [b]) => a - b);
    };

    const ENDED = ["plain", "iceberg", "void", "rejected"];

    it("stay with live orders for ever, and with those that have ended until a day is over", async () => {
      const ids = shard.tables.rows("orders").map((row) => row["order_id"] as number);
      const early = CLIENT_ORDER_ID_FREE_AFTER_MICROS - 1_000_000;
      const all = [...ENDED, "live"];
      expect(await conflictOf(placeAgain(await forgetful(early), all))).toEqual(ids);
      const [live] = await storedAs("live");
      const late = 9 * CLIENT_ORDER_ID_FREE_AFTER_MICROS;
      // Of a batch that has ids which are free as well, only the one that is not is told.
      expect(await conflictOf(placeAgain(await forgetful(late), all))).toEqual([live![0]]);
    });

    it("go to other orders then, whether memory knows who had them or not", async () => {
      const before = new Map<string, number>();
      for (const id of ENDED) before.set(id, (await storedAs(id))[0]![0]);
      const day = await forgetful(CLIENT_ORDER_ID_FREE_AFTER_MICROS);
      await day.commit(placeAgain(day, ["plain", "iceberg", "void"]));
      shard = day;
      for (const id of ["plain", "iceberg", "void"]) {
        const rows = await storedAs(id);
        expect(rows.map(([, released]) => released)).toEqual([1, 0]);
        expect(rows[0]![0]).toBe(before.get(id));
      }
      expect(await storedAs("rejected")).toEqual([[before.get("rejected"), 0]]);

      // What is rebuilt knows the new ones only, and gives their answer again.
      const knowing = new Committer(
        bench.store,
        shard.record,
        await restored(bench.store, shard.record.id),
        shard.tables,
      );
      knowing.waited = CLIENT_ORDER_ID_FREE_AFTER_MICROS;
      const loaded = (await pagesOf(bench.store, shard.record.id)).get("orders")!.flat();
      const names = loaded.map((row) => row["client_order_id"] as string);
      expect(names).toEqual(["live", "rejected", "plain", "iceberg", "void"]);
      const repeated = await knowing.commit(placeAgain(knowing, ["plain", "void"]));
      expect(repeated.effects.rows["orders_new"]).toBeUndefined();
      shard = knowing;

      // The one that memory knew goes, too; and those that came last are known to the index.
      await knowing.commit(placeAgain(knowing, ["rejected"]));
      expect(await storedAs("rejected")).toMatchObject([
        [before.get("rejected"), 1],
        [expect.any(Number), 0],
      ]);
      const [, plain] = await storedAs("plain");
      const again = placeAgain(await forgetful(CLIENT_ORDER_ID_FREE_AFTER_MICROS), ["plain"]);
      expect(await conflictOf(again)).toEqual([plain![0]]);
      const record = await bench.store.record(shard.record.id);
      expect((await restored(bench.store, record!.id)).stateHash()).toBe(record!.hash);
    });

    it("go to nothing that came in before that day was over, though memory has forgotten who had them", async () => {
      const [plain] = await storedAs("plain");
      const day = await forgetful(CLIENT_ORDER_ID_KEPT_MICROS + COMMAND_LIFETIME_MICROS / 2);
      const ended = shard.tables.rows("orders").find((row) => row["order_id"] === plain![0])!;
      const free = (ended["updated"] as number) + CLIENT_ORDER_ID_KEPT_MICROS;
      day.ask({
        ...venue.order(FIRST, "plain", PLAIN),
        deadline: free - 1 + COMMAND_LIFETIME_MICROS,
      });
      expect(await conflictOf(day.seal())).toEqual([plain![0]]);
    });

    it("let go in a fenced batch only", async () => {
      const late = await forgetful(CLIENT_ORDER_ID_FREE_AFTER_MICROS);
      late.record = { ...late.record, token: late.record.token - 1 };
      const before = await bench.contents();
      await expect(bench.store.commit(placeAgain(late, ["plain"]))).rejects.toThrow(/not current/);
      expect(await bench.contents()).toEqual(before);
    });
  });
}
