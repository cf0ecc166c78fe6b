/** A leader whose key is not its own: deposed, or told wrong by an etcd that was wiped or restored. */
import { expect, it } from "vitest";
import type { Host } from "../../services/host/host.js";
import { KeyKeeper } from "../../services/node/key-keeper.js";
import { TAKES_BACK_AFTER_MS } from "../../services/node/limits.js";
import type { Leadership } from "../../services/ports/lease-store.js";
import { ManualClock } from "../helpers/manual-clock.js";

const OTHERS: Leadership = {
  actorName: "ledger.1",
  node: "node-2",
  revision: 7,
  handedAt: null,
};

function stage() {
  const clock = new ManualClock();
  const stored = { token: 5 };
  const done: unknown[] = [];
  const keeper = new KeyKeeper({
    node: "node-1",
    clock,
    logger: { warn: () => undefined },
    store: { record: async () => ({ ...stored }) as never },
    leases: { claim: async (_, seen) => (done.push(["takes", seen?.revision ?? null]), null) },
  });
  const drain = async () => void done.push("drains");
  const host = { name: "ledger.1", actor: 1, token: 5, drain } as unknown as Host;
  const look = async (key: Leadership | undefined, afterMs = 0, isThere = true) => {
    clock.advance(afterMs);
    keeper.look(host, key, isThere);
    await new Promise((resolve) => setImmediate(resolve));
    return done.splice(0);
  };
  return { stored, look };
}

it("takes a key that is nobody's back at once, and looks at none that is its own", async () => {
  const { look } = stage();
  expect(await look(undefined)).toEqual([["takes", null]]);
  expect(await look({ ...OTHERS, node: "node-1" }, 10 * TAKES_BACK_AFTER_MS)).toEqual([]);
});

it("leaves who has just won the key the time to raise the token, and then takes it back", async () => {
  const { look } = stage();
  expect(await look(OTHERS)).toEqual([]);
  expect(await look(OTHERS, TAKES_BACK_AFTER_MS - 1)).toEqual([]);
  // It is put anew: by somebody else, or by the same who tries again.
  const anew = { ...OTHERS, revision: 9 };
  expect(await look(anew, 1)).toEqual([]);
  expect(await look(anew, TAKES_BACK_AFTER_MS - 1)).toEqual([]);
  expect(await look(anew, 1)).toEqual([["takes", 9]]);
});

it("takes it back at once from who is gone, or taken for dead: nobody there is about to raise", async () => {
  const { look, stored } = stage();
  expect(await look(OTHERS, 0, false)).toEqual([["takes", 7]]);
  stored.token = 6;
  expect(await look(OTHERS, 0, false)).toEqual(["drains"]);
});

it("stops as soon as it sees that its token has been raised, whosever the key is", async () => {
  const { look, stored } = stage();
  stored.token = 6;
  expect(await look(OTHERS)).toEqual(["drains"]);
  expect(await look(undefined)).toEqual(["drains"]);
});
