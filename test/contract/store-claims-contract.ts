/** Claims: who raises an actor's token, and what is noted of it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerName, marketName } from "../../actors/kernel/ids.js";
import type { Store } from "../../services/ports/store.js";
import { FIRST, holderOf, SYMBOL, Venue } from "./actors.js";
import type { OpenStoreBench, StoreBench } from "./store-bench.js";

const RACES = 20;

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
  });
}
