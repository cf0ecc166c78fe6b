/** Nodes that watch each other: what is said is heard, an end is noticed at once and once, and silence says nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Peers } from "../../services/ports/peers.js";
import type { OpenPeersBench, PeerProcess, PeersBench } from "./peers-bench.js";

const PATIENCE = { timeout: 10_000, interval: 5 };
/** Long enough for what must not happen to happen. */
const QUIET_MS = 300;

export interface Watching {
  readonly heard: string[];
  readonly gone: () => number;
  readonly stop: () => void;
}

/** Watches an address, and notes what comes of it. */
export function watching(peers: Peers, address: string): Watching {
  const heard: string[] = [];
  const gone = vi.fn<() => void>();
  const stop = peers.watch(address, {
    heard: (data) => heard.push(Buffer.from(data).toString()),
    gone,
  });
  return { heard, gone: () => gone.mock.calls.length, stop };
}

/** Says something until it is heard by all: who has just begun to watch may have missed it. */
export async function sayUntilHeard(
  say: (text: string) => void,
  text: string,
  watches: readonly Watching[],
): Promise<void> {
  await vi.waitFor(() => {
    say(text);
    for (const { heard } of watches) expect(heard).toContain(text);
  }, PATIENCE);
}

export function describePeers(adapter: string, open: OpenPeersBench): void {
  describe(`peers on ${adapter}`, () => {
    let bench: PeersBench;

    beforeEach(async () => {
      bench = await open();
    });

    afterEach(() => bench?.close());

    async function listening(): Promise<
      PeerProcess & { readonly address: string; readonly say: (text: string) => void }
    > {
      const peer = await bench.open();
      const address = await peer.peers.listen();
      return { ...peer, address, say: (text) => peer.peers.say(Buffer.from(text)) };
    }

    it("hear everything that is said while they watch, in order, each of them", async () => {
      const one = await listening();
      const two = await listening();
      const three = await listening();
      const watches = [
        watching(two.peers, one.address),
        watching(three.peers, one.address),
        watching(one.peers, one.address),
      ];
      await sayUntilHeard(one.say, "begin", watches);
      const texts = ["", "a", "ü".repeat(10_000), "b", "c".repeat(60_000), "d"];
      for (const text of texts) one.say(text);
      for (const { heard, gone } of watches) {
        await vi.waitFor(() => expect(heard.at(-1)).toBe("d"), PATIENCE);
        expect(heard.filter((text) => text !== "begin")).toEqual(texts);
        expect(gone()).toBe(0);
      }
    });

    it("hear nothing of what others say, nor after they have stopped", async () => {
      const one = await listening();
      const two = await listening();
      const three = await bench.open();
      const watch = watching(three.peers, one.address);
      const stopped = watching(three.peers, one.address);
      await sayUntilHeard(one.say, "begin", [watch, stopped]);
      stopped.stop();
      stopped.stop();
      const before = stopped.heard.length;
      two.say("not yours");
      await sayUntilHeard(one.say, "yours", [watch]);
      expect(watch.heard).not.toContain("not yours");
      expect(stopped.heard).toHaveLength(before);
      await one.end();
      await vi.waitFor(() => expect(watch.gone()).toBe(1), PATIENCE);
      expect(stopped.gone()).toBe(0);
    });

    it("notice an end, each of them, once", async () => {
      const one = await listening();
      const others = [await listening(), await listening()];
      const watches = others.map(({ peers }) => watching(peers, one.address));
      const survivors = watching(others[0]!.peers, others[1]!.address);
      await sayUntilHeard(one.say, "begin", watches);
      await one.end();
      for (const watch of watches) {
        await vi.waitFor(() => expect(watch.gone()).toBe(1), PATIENCE);
        watch.stop();
      }
      await sayUntilHeard(others[1]!.say, "still here", [survivors]);
      for (const watch of watches) expect(watch.gone()).toBe(1);
      expect(survivors.gone()).toBe(0);
    });

    it("notice that there is nobody to begin with", async () => {
      const one = await listening();
      const two = await bench.open();
      await one.end();
      const watch = watching(two.peers, one.address);
      // Not before the watcher has its watch in hand.
      expect(watch.gone()).toBe(0);
      await vi.waitFor(() => expect(watch.gone()).toBe(1), PATIENCE);
    });

    it("take a way that is silent for no end, and hear on when it is open again", async () => {
      const one = await listening();
      const two = await bench.open();
      const wire = await bench.wire(one.address);
      const watch = watching(two.peers, wire.address);
      await sayUntilHeard(one.say, "before", [watch]);
      wire.freeze();
      one.say("held up");
      await sleep(QUIET_MS);
      expect(watch.heard).not.toContain("held up");
      expect(watch.gone()).toBe(0);
      wire.thaw();
      await sayUntilHeard(one.say, "after", [watch]);
      expect(watch.gone()).toBe(0);
    });

    it("watch on when the connection alone is cut", async () => {
      const one = await listening();
      const two = await bench.open();
      const wire = await bench.wire(one.address);
      const watch = watching(two.peers, wire.address);
      for (const text of ["first", "second", "third"]) {
        await sayUntilHeard(one.say, text, [watch]);
        wire.cut();
      }
      await sayUntilHeard(one.say, "fourth", [watch]);
      expect(watch.gone()).toBe(0);
    });

    it("say nothing of an end that they have brought about themselves", async () => {
      const one = await listening();
      const two = await listening();
      const watch = watching(two.peers, one.address);
      const back = watching(one.peers, two.address);
      await sayUntilHeard(one.say, "begin", [watch]);
      await two.peers.close();
      await two.peers.close();
      await vi.waitFor(() => expect(back.gone()).toBe(1), PATIENCE);
      await one.end();
      await sleep(QUIET_MS);
      expect(watch.gone()).toBe(0);
    });
  });
}
