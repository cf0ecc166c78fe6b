/** A node that is told to end while it starts is silent of what that interrupts, and of nothing else. */
import type { Etcd3 } from "etcd3";
import { pino } from "pino";
import { expect, it } from "vitest";
import { EtcdLeaseStore } from "../../services/adapters/etcd/etcd-lease-store.js";
import { sayInterrupted } from "../../services/node/interrupted.js";
import { LeasesClosedError, NodeNameTakenError } from "../../services/ports/lease-store.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** The lines that an operator sees of an error, at the level that processes have by themselves. */
function said(error: unknown): Record<string, unknown>[] {
  const lines: string[] = [];
  sayInterrupted(pino({ level: "info" }, { write: (line) => void lines.push(line) }), error);
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

it("says nothing of what the end itself has interrupted", () => {
  expect(said(new LeasesClosedError("the lease store is closed"))).toEqual([]);
  expect(said(new DOMException("it was aborted", "AbortError"))).toEqual([]);
});

it.each([
  new NodeNameTakenError("another process goes by the name node-1"),
  new TypeError("cannot read properties of undefined"),
  "not even an error",
])("warns of %s, with the error", (error) => {
  const lines = said(error);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: pino.levels.values.warn });
  if (error instanceof Error) {
    expect(lines[0]).toMatchObject({ err: { message: error.message, stack: error.stack } });
  } else expect(lines[0]).toMatchObject({ err: error });
});

it("a lease store that is closed while a node joins says that it was closed", async () => {
  const clock = new ManualClock();
  const client = {
    get: () => ({
      exec: async () => ({ kvs: [{ key: "k", value: "v", lease: "1", mod_revision: "1" }] }),
    }),
    watch: () => undefined,
    close: () => undefined,
  };
  const store = new EtcdLeaseStore(client as unknown as Etcd3, {
    namespace: "n",
    ttlSeconds: 1,
    clock,
  });
  const joining = expect(store.join("node-1", "")).rejects.toBeInstanceOf(LeasesClosedError);
  // An earlier life holds the name: it is looked at again.
  await new Promise(setImmediate);
  await store.close();
  clock.advance(1_000);
  await joining;
});
