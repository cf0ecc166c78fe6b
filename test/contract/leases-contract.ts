/** Leases that run out: who is alive, who leads what, one holder to a key, and nothing given up by others (R12). */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ledgerName, marketName } from "../../actors/kernel/ids.js";
import { type LeaseStore, NodeNameTakenError } from "../../services/ports/lease-store.js";
import { CALL_MS_MAX } from "../../services/adapters/etcd/lease-keys.js";
import type { BenchNode, LeasesBench, OpenLeasesBench } from "./leases-bench.js";

const PATIENCE = { timeout: 20_000, interval: 10 };
const ACTORS = [ledgerName(1), ledgerName(2), marketName("2330.TW"), marketName("A/B c")];
const [ACTOR, OTHER] = ACTORS as [string, string];
const RACES = 10;
const CALLS_END_MS = 500;

export function describeLeases(adapter: string, open: OpenLeasesBench): void {
  describe(`leases on ${adapter}`, () => {
    let bench: LeasesBench;

    beforeEach(async () => {
      bench = await open();
    });

    afterEach(() => bench?.close());

    async function joined(name: string): Promise<BenchNode & { readonly lost: string[] }> {
      const node = await bench.open();
      await node.leases.join(name, `info of ${name}`);
      const lost: string[] = [];
      node.leases.onLost((reason) => lost.push(reason));
      return { ...node, lost };
    }

    it("show every node to every other, with what it says of itself", async () => {
      const { leases: one } = await joined("node-1");
      const changes = vi.fn<() => void>();
      const stop = one.onChange(changes);
      const { leases: two } = await joined("node-2");
      const both = new Map([
        ["node-1", "info of node-1"],
        ["node-2", "info of node-2"],
      ]);
      expect(two.nodes()).toEqual(both);
      await vi.waitFor(() => expect(one.nodes()).toEqual(both), PATIENCE);
      expect(changes).toHaveBeenCalled();
      stop();
      changes.mockClear();
      await two.claim(ACTOR);
      await vi.waitFor(() => expect(one.leaders().get(ACTOR)?.node).toBe("node-2"), PATIENCE);
      expect(changes).not.toHaveBeenCalled();
    });

    it("give a key to exactly one of those who claim it at once", async () => {
      const nodes = [await joined("node-1"), await joined("node-2"), await joined("node-3")];
      for (let round = 0; round < RACES; round++) {
        const actor = `${ACTOR}-${round}`;
        const claims = await Promise.all(nodes.map(({ leases }) => leases.claim(actor)));
        const won = claims.filter((claim) => claim !== null);
        expect(won).toHaveLength(1);
        const winner = claims.findIndex((claim) => claim !== null);
        expect(won[0]).toMatchObject({ actorName: actor, node: `node-${winner + 1}` });
        for (const { leases } of nodes) {
          await vi.waitFor(() => expect(leases.leaders().get(actor)).toEqual(won[0]), PATIENCE);
        }
        // Asked again, the winner has it still, and it is the same.
        expect(await nodes[winner]!.leases.claim(actor)).toEqual(won[0]);
        expect(await nodes[(winner + 1) % nodes.length]!.leases.claim(actor)).toBeNull();
      }
    });

    it("raise the revision with each new leadership", async () => {
      const { leases: one } = await joined("node-1");
      const { leases: two } = await joined("node-2");
      let last = 0;
      for (const leases of [one, two, one]) {
        const { revision } = (await leases.claim(ACTOR))!;
        expect(revision).toBeGreaterThan(last);
        last = revision;
        await leases.release(ACTOR);
      }
    });

    it("let only the holder release a key", async () => {
      const { leases: one } = await joined("node-1");
      const { leases: two } = await joined("node-2");
      await one.claim(ACTOR);
      await one.claim(OTHER);
      await two.release(ACTOR);
      await two.release("market.NOBODY");
      expect((await bench.kept()).leaders).toEqual({ [ACTOR]: "node-1", [OTHER]: "node-1" });

      await one.release(ACTOR);
      expect(one.leaders().has(ACTOR)).toBe(false);
      await vi.waitFor(() => expect(two.leaders().has(ACTOR)).toBe(false), PATIENCE);
      expect((await two.claim(ACTOR))?.node).toBe("node-2");
      await one.release(ACTOR);
      expect((await bench.kept()).leaders).toEqual({ [ACTOR]: "node-2", [OTHER]: "node-1" });
    });

    it("claim nothing for a node that has not joined", async () => {
      const { leases } = await bench.open();
      await expect(leases.claim(ACTOR)).rejects.toThrow("lease");
      await leases.release(ACTOR);
      expect(await bench.kept()).toEqual({ nodes: [], leaders: {} });
    });

    it("give back everything when a node closes", async () => {
      const { leases: one } = await joined("node-1");
      const { leases: two, lost } = await joined("node-2");
      for (const actor of ACTORS) await one.claim(actor);
      await two.claim("market.MINE");
      await one.close();
      expect(await bench.kept()).toEqual({
        nodes: ["node-2"],
        leaders: { "market.MINE": "node-2" },
      });
      await vi.waitFor(() => {
        expect([...two.nodes().keys()]).toEqual(["node-2"]);
        expect([...two.leaders().keys()]).toEqual(["market.MINE"]);
      }, PATIENCE);
      for (const actor of ACTORS) expect((await two.claim(actor))?.node).toBe("node-2");
      expect(lost).toEqual([]);
    });

    it("run out for a node that is cut off, which then joins again with nothing", async () => {
      const one = await joined("node-1");
      const two = await joined("node-2");
      for (const actor of ACTORS) await one.leases.claim(actor);
      one.cutOff();
      await vi.waitFor(() => {
        expect([...two.leases.nodes().keys()]).toEqual(["node-2"]);
        expect([...two.leases.leaders()]).toEqual([]);
      }, PATIENCE);
      expect((await two.leases.claim(ACTOR))?.node).toBe("node-2");
      await vi.waitFor(() => expect(one.lost).toHaveLength(1), PATIENCE);
      // It knows nothing newer, and can have nothing.
      expect(one.leases.leaders().get(ACTOR)?.node).toBe("node-1");
      await expect(one.leases.claim(OTHER)).rejects.toThrow(/./);

      one.reconnect();
      await seenAlive(one.leases, "node-1");
      await seenAlive(two.leases, "node-1");
      expect(one.leases.leaders().get(ACTOR)?.node).toBe("node-2");
      expect(await one.leases.claim(ACTOR)).toBeNull();
      await one.leases.release(ACTOR);
      expect((await one.leases.claim(OTHER))?.node).toBe("node-1");
      expect((await bench.kept()).leaders).toEqual({ [ACTOR]: "node-2", [OTHER]: "node-1" });
      expect(one.lost).toHaveLength(1);
      expect(two.lost).toEqual([]);
    });

    /** Waits until a node's view shows what is kept, with a node among the living. */
    async function seenAlive(leases: LeaseStore, name: string): Promise<void> {
      await vi.waitFor(async () => {
        const kept = await bench.kept();
        expect(kept.nodes).toContain(name);
        expect([...leases.nodes().keys()].toSorted()).toEqual(kept.nodes);
        const leaders = [...leases.leaders().values()];
        expect(Object.fromEntries(leaders.map(({ actorName, node }) => [actorName, node]))).toEqual(
          kept.leaders,
        );
      }, PATIENCE);
    }

    it("join as soon as the server answers, if it does not when they begin", async () => {
      const node = await bench.open();
      node.cutOff();
      let isOver = false;
      const joining = node.leases.join("node-1", "info").finally(() => {
        isOver = true;
      });
      // Longer than any call waits for its answer.
      await sleep(CALL_MS_MAX + CALLS_END_MS);
      expect(isOver).toBe(false);
      node.reconnect();
      await joining;
      expect((await bench.kept()).nodes).toEqual(["node-1"]);
      expect((await node.leases.claim(ACTOR))?.node).toBe("node-1");
    });

    it("join again when the server has forgotten them, and say so", async () => {
      const nodes = [await joined("node-1"), await joined("node-2")];
      const [one] = nodes as [(typeof nodes)[0]];
      await one.leases.claim(ACTOR);
      await bench.forgetLeases();
      for (const { leases, lost } of nodes) {
        await vi.waitFor(() => expect(lost).toEqual([expect.stringContaining("forgot")]), PATIENCE);
        await seenAlive(leases, "node-1");
        await seenAlive(leases, "node-2");
      }
      expect(one.leases.leaders().has(ACTOR)).toBe(false);
      expect((await one.leases.claim(ACTOR))?.node).toBe("node-1");
    });

    it("keep their view while the server is away, claim nothing, and join again after", async () => {
      const nodes = [await joined("node-1"), await joined("node-2")];
      const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
      const held = (await one.leases.claim(ACTOR))!;
      await vi.waitFor(() => expect(two.leases.leaders().size).toBe(1), PATIENCE);
      await bench.stopServer();
      for (const { leases, lost } of nodes) {
        await expect(leases.claim(OTHER)).rejects.toThrow(/./);
        await vi.waitFor(() => expect(lost).toHaveLength(1), PATIENCE);
        expect(leases.leaders()).toEqual(new Map([[ACTOR, held]]));
        expect([...leases.nodes().keys()].toSorted()).toEqual(["node-1", "node-2"]);
      }
      await bench.startServer();
      for (const { leases, lost } of nodes) {
        await seenAlive(leases, "node-1");
        await seenAlive(leases, "node-2");
        expect(lost).toHaveLength(1);
      }
      // The lease may have outlived the server's absence or not: the key is the first one's still, or goes.
      await vi.waitFor(async () => {
        const claims = await Promise.all(nodes.map(({ leases }) => leases.claim(ACTOR)));
        expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
      }, PATIENCE);
      await vi.waitFor(async () => {
        for (const { leases } of nodes) expect(leases.leaders().size).toBe(1);
      }, PATIENCE);
    });

    it("tell a loss to those who still listen", async () => {
      const { leases } = await joined("node-1");
      const [heard, unheard] = [
        vi.fn<(reason: string) => void>(),
        vi.fn<(reason: string) => void>(),
      ];
      leases.onLost(heard);
      leases.onLost(unheard)();
      await bench.forgetLeases();
      await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce(), PATIENCE);
      expect(unheard).not.toHaveBeenCalled();
    });

    it("give a key that is held to who has seen just that, whoever holds it", async () => {
      const { leases: one } = await joined("node-1");
      const { leases: two } = await joined("node-2");
      const first = (await one.claim(ACTOR))!;
      expect(first).toMatchObject({ node: "node-1", handedAt: null });
      expect(await two.claim(ACTOR)).toBeNull();
      const second = (await two.claim(ACTOR, first))!;
      expect(second).toMatchObject({ actorName: ACTOR, node: "node-2", handedAt: null });
      expect(second.revision).toBeGreaterThan(first.revision);
      expect(two.leaders().get(ACTOR)).toEqual(second);
      await vi.waitFor(() => expect(one.leaders().get(ACTOR)).toEqual(second), PATIENCE);
      // What was seen is no longer so, and the one before does not hold it any more.
      expect(await one.claim(ACTOR, first)).toBeNull();
      await one.release(ACTOR);
      expect(await one.handOver(ACTOR, "node-2", 1)).toBeNull();
      expect((await bench.kept()).leaders).toEqual({ [ACTOR]: "node-2" });
      // Its own key is not put anew, and so stays what others have seen.
      expect(await two.claim(ACTOR, second)).toEqual(second);
      // With something seen, a key that has gone meanwhile is won as well.
      await two.release(ACTOR);
      expect((await one.claim(ACTOR, second))?.node).toBe("node-1");
    });

    it("give a key to one of those who have seen the same", async () => {
      const nodes = [await joined("node-1"), await joined("node-2"), await joined("node-3")];
      let seen = (await nodes[0]!.leases.claim(ACTOR))!;
      for (let round = 0; round < RACES; round++) {
        const others = nodes.filter((_, at) => `node-${at + 1}` !== seen.node);
        const claims = await Promise.all(others.map(({ leases }) => leases.claim(ACTOR, seen)));
        const won = claims.filter((claim) => claim !== null);
        expect(won).toHaveLength(1);
        seen = won[0]!;
      }
    });

    it("hand a key over to a node that is there, with the token", async () => {
      const { leases: one } = await joined("node-1");
      const { leases: two } = await joined("node-2");
      await vi.waitFor(() => expect(one.nodes().size).toBe(2), PATIENCE);
      const held = (await one.claim(ACTOR))!;
      expect(await one.handOver(ACTOR, "node-9", 7)).toBeNull();
      expect(await one.handOver(OTHER, "node-2", 7)).toBeNull();
      expect(await two.handOver(ACTOR, "node-2", 7)).toBeNull();
      expect(one.leaders().get(ACTOR)).toEqual(held);

      const revision = await one.handOver(ACTOR, "node-2", 7);
      const handed = one.leaders().get(ACTOR)!;
      expect(handed).toEqual({ actorName: ACTOR, node: "node-2", revision, handedAt: 7 });
      expect(handed.revision).toBeGreaterThan(held.revision);
      await vi.waitFor(() => expect(two.leaders().get(ACTOR)).toEqual(handed), PATIENCE);
      expect(await two.claim(ACTOR)).toEqual(handed);
      expect(await one.claim(ACTOR)).toBeNull();
      expect(await one.handOver(ACTOR, "node-2", 8)).toBeNull();
      // It is under the successor's lease now: it stays without the one before, and goes with the successor.
      await one.close();
      expect((await bench.kept()).leaders).toEqual({ [ACTOR]: "node-2" });
      await two.close();
      expect((await bench.kept()).leaders).toEqual({});
    });

    it("hand nothing over to a node that has gone without a word", async () => {
      const { leases: one } = await joined("node-1");
      const two = await joined("node-2");
      await vi.waitFor(() => expect(one.nodes().size).toBe(2), PATIENCE);
      await one.claim(ACTOR);
      two.cutOff();
      await vi.waitFor(() => expect([...one.nodes().keys()]).toEqual(["node-1"]), PATIENCE);
      expect(await one.handOver(ACTOR, "node-2", 1)).toBeNull();
      expect((await bench.kept()).leaders).toEqual({ [ACTOR]: "node-1" });
    });

    it("say what else a node has to say of itself, also after it has joined again", async () => {
      const { leases: one, lost } = await joined("node-1");
      const { leases: two } = await joined("node-2");
      await one.inform("something else");
      expect(one.nodes().get("node-1")).toBe("something else");
      await vi.waitFor(() => expect(two.nodes().get("node-1")).toBe("something else"), PATIENCE);
      await bench.forgetLeases();
      await vi.waitFor(() => expect(lost).toHaveLength(1), PATIENCE);
      await vi.waitFor(
        async () => expect((await bench.kept()).nodes).toContain("node-1"),
        PATIENCE,
      );
      await vi.waitFor(() => expect(two.nodes().get("node-1")).toBe("something else"), PATIENCE);
    });

    it("show wishes to every node, from whoever they come, and keep them without a lease", async () => {
      const { leases: one } = await joined("node-1");
      const { leases: outside } = await bench.open();
      await outside.wish("move/market.A%2FB", "node-1");
      await outside.wish("cordon/node-1", "on");
      const wished = new Map([
        ["move/market.A%2FB", "node-1"],
        ["cordon/node-1", "on"],
      ]);
      await vi.waitFor(() => expect(one.wishes()).toEqual(wished), PATIENCE);
      await bench.forgetLeases();
      await one.wish("cordon/node-1", null);
      expect([...one.wishes().keys()]).toEqual(["move/market.A%2FB"]);
      await one.wish("cordon/node-1", null);
      await one.wish("move/market.A%2FB", "node-2");
      const { leases: two } = await joined("node-2");
      expect(two.wishes()).toEqual(new Map([["move/market.A%2FB", "node-2"]]));
      expect((await bench.kept()).leaders).toEqual({});
    });

    it("refuse a name that another process keeps alive, and give it to the next life of one", async () => {
      const one = await joined("node-1");
      const { leases: two } = await bench.open();
      const refusal = await two.join("node-1", "an impostor").catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(NodeNameTakenError);
      expect((refusal as Error).message).toContain("node-1");
      expect((refusal as Error).message).toContain("info of node-1");
      await expect(two.claim(ACTOR)).rejects.toThrow("lease");
      expect(one.leases.nodes()).toEqual(new Map([["node-1", "info of node-1"]]));

      // Without a word the first life ends, and the next waits for its lease to run out.
      one.cutOff();
      await two.join("node-1", "the next life");
      expect((await two.claim(ACTOR))?.node).toBe("node-1");
      // The first wakes up, and may not have its name back while the other one lives. It says so, once.
      one.reconnect();
      await vi.waitFor(() => {
        expect(one.lost).toContainEqual(expect.stringContaining("the next life"));
      }, PATIENCE);
      await expect(one.leases.claim(OTHER)).rejects.toThrow(/./);
      await two.close();
      await vi.waitFor(() => one.leases.claim(OTHER), PATIENCE);
      expect(one.lost.filter((reason) => reason.includes("the next life"))).toHaveLength(1);
    });
  });
}
