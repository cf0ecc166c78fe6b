/** A server that comes back with less than it had: with nothing, or with what it had at an earlier revision. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LeaseStore } from "../../services/ports/lease-store.js";
import type { LossyLeasesBench } from "./leases-bench.js";

const PATIENCE = { timeout: 10_000, interval: 10 };
const WISHES = 40;

export function describeLostLeases(adapter: string, open: () => Promise<LossyLeasesBench>): void {
  describe(`leases on ${adapter} that has lost what it had`, () => {
    let bench: LossyLeasesBench;
    let one: LeaseStore;
    let two: LeaseStore;
    let lost: string[];

    beforeEach(async () => {
      bench = await open();
      one = (await bench.open()).leases;
      two = (await bench.open()).leases;
      lost = [];
      await one.join("node-1", "info of node-1");
      await two.join("node-2", "info of node-2");
      one.onLost((reason) => lost.push(reason));
    });

    afterEach(() => bench?.close());

    /** Makes the server count so far that what comes after it starts anew stays below for long. */
    async function countOn(): Promise<void> {
      for (let count = 0; count < WISHES; count++) await one.wish("cordon/node-9", String(count));
      await vi.waitFor(() => expect(two.wishes().size).toBe(1), PATIENCE);
    }

    /** Waits until both see what is really kept: both nodes, with what they say. */
    async function untilBothAreBack(info = "info of node-1"): Promise<void> {
      const nodes = { "node-1": info, "node-2": "info of node-2" };
      await vi.waitFor(async () => {
        expect((await bench.kept()).nodes.toSorted()).toEqual(Object.keys(nodes));
        for (const each of [one, two]) expect(Object.fromEntries(each.nodes())).toEqual(nodes);
      }, PATIENCE);
    }

    /** What one does, two hears of. */
    async function expectToBeTold(): Promise<void> {
      // The first may have been read when the node joined again.
      for (const actor of ["ledger.7", "ledger.8", "ledger.9"]) {
        await vi.waitFor(async () => expect(await one.claim(actor)).not.toBeNull(), PATIENCE);
        await vi.waitFor(() => expect(two.leaders().get(actor)?.node).toBe("node-1"), PATIENCE);
      }
      expect(await one.handOver("ledger.9", "node-2", 3)).not.toBeNull();
      await vi.waitFor(() => expect(two.leaders().get("ledger.9")?.handedAt).toBe(3), PATIENCE);
    }

    it("begin anew on a server that lost everything, and say so", async () => {
      await one.claim("ledger.1");
      await countOn();
      await bench.wipe();
      await untilBothAreBack();
      expect(lost).toHaveLength(1);
      for (const each of [one, two]) {
        expect(each.leaders().size).toBe(0);
        expect(each.wishes().size).toBe(0);
      }
      await expectToBeTold();
    });

    it("believe a server that was set back, and tell it what it has forgotten", async () => {
      const held = (await one.claim("ledger.1"))!;
      const setBack = await bench.remember();
      await untilBothAreBack();
      await vi.waitFor(
        async () => expect(await two.claim("ledger.1", held)).not.toBeNull(),
        PATIENCE,
      );
      await one.inform("newer info");
      await countOn();

      await setBack();
      await untilBothAreBack("newer info");
      for (const each of [one, two]) {
        await vi.waitFor(
          () => expect(each.leaders().get("ledger.1")?.node).not.toBe("node-2"),
          PATIENCE,
        );
        expect(each.wishes().size).toBe(0);
      }
      await expectToBeTold();
    });
  });
}
