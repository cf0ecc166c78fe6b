/** Claims: who raises an actor's token, and what is noted of it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerName, marketName } from "../../actors/kernel/ids.js";
import { type Batch, FencedError, type Store, type Successor } from "../../services/ports/store.js";
import { FIRST, holderOf, recordAfter, SYMBOL, Venue } from "./actors.js";
import type { OpenStoreBench, StoreBench } from "./store-bench.js";

const RACES = 20;
const SUCCESSOR: Successor = { ...holderOf("node-2", "handed over"), leaseRevision: 4_711 };

export function describeClaims(adapter: string, open: OpenStoreBench): void {
  describe(`claims in ${adapter}`, () => {
    let bench: StoreBench;
    let venue: Venue;

    beforeEach(async () => {
      bench = await open();
      venue = await Venue.open(bench.store, await bench.addMarket(marketName(SYMBOL)));
    });

    afterEach(() => bench?.close());

    it("lets exactly one of many claimants raise the token", async () => {
      for (let round = 0; round < RACES; round++) {
        const { token } = (await bench.store.record(1))!;
        const claims = await Promise.all(
          [bench.store, bench.rival, bench.store, bench.rival].map((store, at) =>
            store.raise(1, token, holderOf(`node-${at}`), 0),
          ),
        );
        const raised = claims.filter((claim) => claim !== null);
        expect(raised).toHaveLength(1);
        expect(raised[0]).toEqual({ ...venue.shards[0]!.record, token: token + 1 });
        const row = (await bench.contents())["actors"]!.find(({ actor }) => actor === 1)!;
        expect(row["holder"]).toBe(`node-${claims.findIndex((claim) => claim !== null)}`);
      }
      expect(await bench.store.raise(1, 0, holderOf("node-1"), 0)).toBeNull();
      expect(await bench.store.raise(999, 0, holderOf("node-1"), 0)).toBeNull();
    });

    it("notes the lease under which a token was raised; without one the last stays", async () => {
      const { token } = (await bench.store.record(1))!;
      await bench.store.raise(1, token, holderOf("node-1"), 4_711);
      await bench.store.raise(1, token + 1, holderOf("node-1"), 0);
      const row = (await bench.contents())["actors"]!.find(({ actor }) => actor === 1)!;
      expect([row["name"], row["lease_revision"]]).toEqual([ledgerName(1), 4_711]);
    });

    it("notes who has raised a token, when, why and after which batch, once however often it is asked", async () => {
      await venue.fund(FIRST, 1_000_000);
      const id = venue.shardOf(FIRST).record.id;
      const { token, batch } = (await bench.store.record(id))!;
      expect(batch).toBeGreaterThan(0);
      const before = await bench.store.now();
      const raise = (store: Store, from: number, node: string, reason: string) =>
        store.raise(id, from, holderOf(node, reason), 0);
      await raise(bench.store, token, "node-1", "handed over");
      await raise(bench.store, token, "node-1", "asked again");
      expect(await raise(bench.rival, token, "node-2", "too late")).toBeNull();
      await raise(bench.rival, token + 1, "node-2", "its leader is silent");
      const after = await bench.store.now();
      const { claims: noted } = await bench.contents();
      const claims = noted!
        .filter((claim) => claim["actor"] === id && Number(claim["token"]) > token)
        .sort((a, b) => Number(a["token"]) - Number(b["token"]));
      expect(claims).toEqual(
        [
          { token: token + 1, node: "node-1", reason: "handed over" },
          { token: token + 2, node: "node-2", reason: "its leader is silent" },
        ].map((claim) => ({
          ...claim,
          actor: id,
          node_incarnation: `${claim.node}#1`,
          time: expect.any(Number),
          batch,
        })),
      );
      for (const { time } of claims) {
        expect(time).toBeGreaterThanOrEqual(before);
        expect(time).toBeLessThanOrEqual(after);
      }
    });

    it("raises the token for a successor with the last batch of its predecessor, and for nobody else", async () => {
      await venue.fund(FIRST, 10_000);
      const shard = venue.shardOf(FIRST);
      shard.ask(venue.order(FIRST, "last", {}));
      for (const committer of [shard, venue.market]) {
        const { record } = committer;
        const { id, token } = record;
        const batch = committer.seal({ successor: SUCCESSOR });
        await bench.store.commit(batch);
        const after = { ...recordAfter(record, batch), token: token + 1 };
        expect(await bench.store.record(id)).toEqual(after);
        const contents = await bench.contents();
        expect(contents["actors"]!.find(({ actor }) => actor === id)).toMatchObject({
          holder: SUCCESSOR.node,
          holder_incarnation: SUCCESSOR.incarnation,
          lease_revision: SUCCESSOR.leaseRevision,
        });
        const claims = contents["claims"]!.filter((claim) => claim["actor"] === id);
        expect(claims.find((claim) => claim["token"] === token + 1)).toEqual({
          actor: id,
          token: token + 1,
          node: SUCCESSOR.node,
          node_incarnation: SUCCESSOR.incarnation,
          reason: SUCCESSOR.reason,
          time: expect.any(Number),
          batch: batch.number,
        });
        // Whom it was raised for is told so, and nothing is written; all others are fenced.
        expect(await bench.rival.raise(id, token, SUCCESSOR, 4_712)).toEqual(after);
        expect(await bench.rival.raise(id, token, holderOf("node-3"), 0)).toBeNull();
        expect(await bench.store.raise(id, token, holderOf("node-1"), 0)).toBeNull();
        const next = { ...batch, number: batch.number + 1, successor: null };
        await expect(bench.store.commit(next)).rejects.toThrow(FencedError);
        await expect(bench.store.commit(batch)).rejects.toThrow(FencedError);
        expect(await bench.contents()).toEqual(contents);
      }
    });

    it("tells the successor what it was left, and nobody else; before that nothing", async () => {
      await venue.fund(FIRST, 10_000);
      const shard = venue.shardOf(FIRST);
      shard.ask(venue.order(FIRST, "last", {}));
      for (const committer of [shard, venue.market]) {
        const { record } = committer;
        const { id, token } = record;
        const batch = committer.seal({ successor: SUCCESSOR });
        const ask = (fromToken: number, incarnation: string, afterBatch = record.batch) =>
          bench.rival.handed({ actor: id, fromToken, incarnation, afterBatch, waitMsMax: 100 });
        const before = await bench.contents();
        expect(await ask(token, SUCCESSOR.incarnation)).toBeNull();
        expect(await ask(token - 1, SUCCESSOR.incarnation)).toBeNull();
        expect(await bench.contents()).toEqual(before);
        await bench.store.commit(batch);
        const after = await bench.contents();
        const { now, ...peers } = await bench.store.correspondence(id);
        expect(peers.batch).toBe(batch.number);
        const batches = await bench.store.batches(id, record.batch, 1);
        expect(batches).toMatchObject([{ batch: batch.number, hash: batch.hash }]);
        const standing = { ...peers, now: expect.any(Number) as number };
        const handed = { record: { ...recordAfter(record, batch), token: token + 1 }, standing };
        expect(await ask(token, SUCCESSOR.incarnation)).toEqual({ ...handed, batches });
        const none = await ask(token, SUCCESSOR.incarnation, Number.MAX_SAFE_INTEGER);
        expect(none).toEqual({ ...handed, batches: [] });
        expect(none!.standing.now).toBeGreaterThanOrEqual(now);
        expect(await ask(token, holderOf("node-3").incarnation)).toBeNull();
        expect(await ask(token + 1, SUCCESSOR.incarnation)).toBeNull();
        expect(await bench.contents()).toEqual(after);
      }
      const { incarnation } = SUCCESSOR;
      const nobody = { actor: 999, fromToken: 0, incarnation, afterBatch: 0, waitMsMax: 100 };
      expect(await bench.rival.handed(nobody)).toBeNull();
    });

    it("raises nothing with a last batch that is not stored", async () => {
      const batch = venue.market.seal({ successor: SUCCESSOR });
      const spoiled: Partial<Batch>[] = [
        { token: batch.token - 1 },
        { number: batch.number + 1 },
        { actor: { ...batch.actor, incarnation: 2 } },
      ];
      const before = await bench.contents();
      for (const change of spoiled) {
        await expect(bench.store.commit({ ...batch, ...change })).rejects.toThrow(FencedError);
      }
      expect(await bench.contents()).toEqual(before);
    });

    it("gives a successor that does not wait for the last batch one token, whichever comes first", async () => {
      const { market } = venue;
      for (let round = 0; round < RACES; round++) {
        const { record } = market;
        const { id, token } = record;
        const batch = market.seal({ successor: SUCCESSOR });
        const [commit, raise] = await Promise.allSettled([
          bench.store.commit(batch),
          bench.rival.raise(id, token, SUCCESSOR, 0),
        ]);
        const isStored = commit.status === "fulfilled";
        if (!isStored) expect(commit.reason).toBeInstanceOf(FencedError);
        const expected = isStored ? recordAfter(record, batch) : record;
        expect(raise).toMatchObject({ value: { ...expected, token: token + 1 } });
        market.record = (await bench.store.record(id))!;
        expect(market.record).toEqual({ ...expected, token: token + 1 });
      }
    });
  });
}
