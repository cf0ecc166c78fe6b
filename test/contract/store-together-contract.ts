/** Commits that are asked for in one turn of the event loop, which a store may make one of: each has an outcome of its own. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { type Batch, ClientOrderIdConflict, FencedError } from "../../services/ports/store.js";
import { Committer, FIRST, recordAfter, restored, SECOND, SYMBOL, Venue } from "./actors.js";
import { type OpenStoreBench, rowSets, type StoreBench } from "./store-bench.js";

export function describeCommitsTogether(adapter: string, open: OpenStoreBench): void {
  describe(`commits that go to ${adapter} together`, () => {
    let bench: StoreBench;
    let venue: Venue;

    beforeEach(async () => {
      bench = await open();
      venue = await Venue.open(bench.store, await bench.addMarket(marketName(SYMBOL)));
      await venue.fund(FIRST, 1_000);
      await venue.fund(SECOND, 1_000);
    });

    afterEach(() => bench?.close());

    /** A batch of each actor, with rows of many parts. */
    async function batchOfEach(): Promise<Batch[]> {
      venue.shardOf(FIRST).ask(venue.order(FIRST, "sent", {}));
      venue.deliver(await venue.shardOf(FIRST).commit());
      venue.shardOf(FIRST).ask(venue.order(FIRST, "first", {}));
      venue.shardOf(SECOND).ask(venue.order(SECOND, "second", { side: 2, price: 120 }));
      return venue.all.map((committer) => committer.seal());
    }

    /** What became of each: null where it was committed, or why it was not. */
    async function outcomesOf(batches: readonly Batch[]): Promise<(Error | null)[]> {
      const commits = batches.map((batch) => bench.store.commit(batch));
      const settled = await Promise.allSettled(commits);
      return settled.map((each) => (each.status === "rejected" ? (each.reason as Error) : null));
    }

    /** Each row of an actor is that of the batch before, or after its batch where that was committed. */
    async function expectStored(batches: readonly Batch[], outcomes: readonly (Error | null)[]) {
      for (const [at, batch] of batches.entries()) {
        const { id } = batch.actor;
        const isStored = outcomes[at] === null;
        const expected = isStored ? recordAfter(batch.actor, batch) : batch.actor;
        expect(await bench.store.record(id)).toEqual({ ...expected, token: batch.actor.token });
        if (isStored) expect((await restored(bench.store, id)).stateHash()).toBe(batch.hash);
      }
    }

    it("are all stored, in whatever order they are asked for", async () => {
      const batches = (await batchOfEach()).reverse();
      const outcomes = await outcomesOf(batches);
      expect(outcomes).toEqual([null, null, null]);
      await expectStored(batches, outcomes);
    });

    it("are fenced one by one", async () => {
      const batches = await batchOfEach();
      const [first, ...others] = batches as [Batch, Batch, Batch];
      const { id, token } = first.actor;
      await bench.rival.raise(id, token, { node: "n", incarnation: "n#1", reason: "" }, 0);
      const before = await bench.store.record(id);
      const outcomes = await outcomesOf(batches);
      expect(outcomes).toEqual([expect.any(FencedError), null, null]);
      expect(await bench.store.record(id)).toEqual(before);
      await expectStored(others, outcomes.slice(1));
    });

    it("are stored when one of them finds a row that is not there, without that one", async () => {
      const batches = await batchOfEach();
      const market = batches.find(({ actor }) => actor.kind === "market")!;
      const rows = rowSets({ book_removed: [{ order_id: 99 }] });
      const spoiled = { ...market, effects: { ...market.effects, rows } };
      const asked = batches.map((batch) => (batch === market ? spoiled : batch));
      const outcomes = await outcomesOf(asked);
      expect(outcomes.map((outcome) => outcome?.message.match(/book_removed/)?.[0])).toEqual(
        asked.map((batch) => (batch === spoiled ? "book_removed" : undefined)),
      );
      await expectStored(asked, outcomes);
    });

    it("are stored when one of them has ids that memory had forgotten, without that one", async () => {
      await venue.ask(venue.order(FIRST, "known", {}));
      await venue.ask(venue.cancel(FIRST, "known"));
      const shard = venue.shardOf(FIRST);
      const forgetful = new Committer(
        bench.store,
        shard.record,
        await restored(bench.store, shard.record.id, (table) => table === "orders"),
      );
      forgetful.ask(venue.order(FIRST, "known", {}));
      venue.shardOf(SECOND).ask(venue.order(SECOND, "second", {}));
      const batches = [forgetful.seal(), venue.shardOf(SECOND).seal(), venue.market.seal()];
      const outcomes = await outcomesOf(batches);
      expect(outcomes).toEqual([expect.any(ClientOrderIdConflict), null, null]);
      await expectStored(batches, outcomes);
    });

    it("are stored once when one is asked for twice", async () => {
      const batch = venue.market.seal();
      const outcomes = await outcomesOf([batch, batch]);
      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome instanceof FencedError)).toHaveLength(1);
      await expectStored([batch], [null]);
    });
  });
}
