import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stateChanges } from "../../chaos/stage/host-log.js";

const change = (actor: string, to: string, time: number) =>
  JSON.stringify({ time, node: "node-1", actor, from: "idle", to, token: 7, msg: "host" });

it("passes over lines that a full disk has cut off, in the midst of which the next one begins", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "palisade-logs-"));
  try {
    mkdirSync(join(dataDir, "logs"));
    const cut = `{"level":"info","time":"2026-11-27${change("market.A", "recovering", 2)}`;
    const lines = [
      change("market.A", "claiming", 1),
      cut,
      change("market.B", "leading", 3),
      "Warning: a word of the runtime's",
      change("market.A", "leading", 4),
      change("market.A", "stopped", 5).slice(0, -9),
    ];
    writeFileSync(join(dataDir, "logs", "node-1.log"), lines.join("\n"));
    writeFileSync(join(dataDir, "logs", "gateway-1.log"), change("market.A", "leading", 6));
    const found = stateChanges(dataDir, new Set(["market.A"]), 0);
    expect(found.map(({ to, timeMs }) => [to, timeMs])).toEqual([
      ["claiming", 1],
      ["leading", 4],
    ]);
    expect(found[0]).toMatchObject({ node: "node-1", actor: "market.A", token: 7, reason: "" });
    expect(stateChanges(dataDir, new Set(["market.A"]), 2)).toHaveLength(1);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
