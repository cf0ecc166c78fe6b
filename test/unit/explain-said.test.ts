import { describe, expect, it } from "vitest";
import { silentNodes } from "../../services/cli/ask-nodes.js";
import { holderInWords, saidInWords } from "../../services/cli/explain-actor.js";
import type { RunFile } from "../../services/cli/run-file.js";

const NOTHING = { leaders: [], backlog: null, standbys: [], silent: [] };

it("names who holds an actor's row, as far as that may be seen", () => {
  const session = { pid: 812, name: "psql", state: "idle in transaction" };
  expect(holderInWords({ ...session, since: 1_769_860_800_000_000 })).toBe(
    "its row is held by session 812 of PostgreSQL (psql, idle in transaction, since 2026-01-31T12:00:00.000Z), and others wait for it: " +
      "nothing of the actor is committed before that session's transaction ends",
  );
  expect(holderInWords({ pid: 812, name: "", state: null, since: null })).toContain(
    "session 812 of PostgreSQL (nothing more is known of it), and",
  );
});

describe("what nodes say of an actor", () => {
  it("is that nobody leads it only where all have answered", () => {
    expect(saidInWords(NOTHING, 3)).toEqual(["no node says that it leads it", "no node stands by"]);
    expect(saidInWords({ ...NOTHING, silent: ["node-3"] }, 3)).toEqual([
      "node-3 did not answer within 1000 ms: what it does is not known",
      "no other node says that it leads it",
      "no other node stands by",
    ]);
  });

  it("is not known of who is missing in any answer", () => {
    const processes = ["node-1", "node-2", "node-3"].map((name) => ({ kind: "node", name }));
    const gateway = { kind: "gateway", name: "gateway" };
    const run = { processes: [...processes, gateway] } as unknown as RunFile;
    const all = new Map(processes.map(({ name }) => [name, {}]));
    const some = new Map([["node-1", {}]]);
    expect(silentNodes(run, all, all)).toEqual([]);
    expect(silentNodes(run, all, some)).toEqual(["node-2", "node-3"]);
  });
});
