import { expect, it } from "vitest";
import { type CampaignLine, runAll } from "../../chaos/campaign.js";
import { runDrill } from "../../chaos/drill.js";
import { drillOf } from "../../chaos/drills/catalog.js";

const ROUNDS = 2;
const silent = () => undefined;

it("kill-leader loses nothing, twice over", async () => {
  const name = "kill-leader";
  const report = await runDrill(name, { rounds: ROUNDS, symbols: 3, ordersPerSecond: 50 });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({
    name,
    rounds: ROUNDS,
    bit: true,
    bound: "resumeMsP99 < 500",
    lost: 0,
    duplicated: 0,
    staleCommits: 0,
    gaps: 0,
    contradicted: 0,
    journalGaps: 0,
    toothless: 0,
    unreported: 0,
    conserved: true,
    ok: true,
  });
  expect(report.fills).toBeGreaterThan(0);
  expect(report["resumeMsP50"]).toBeGreaterThan(0);
  expect(report["resumeMsMax"]).toBeGreaterThanOrEqual(report["resumeMsP99"]!);
});

/** One after the other at one exchange, each twice. */
const ALL = [
  "move-leader",
  "rolling-restart",
  "kill-etcd",
  "wipe-nats",
  "rollback-nats",
  "kill-gateway",
  "freeze-leader",
  "hang-leader",
] as const;

it(`${ALL.join(", ")} lose nothing, twice over`, async () => {
  const drills = ALL.map(drillOf);
  const lines: CampaignLine[] = [];
  const report = await runAll({
    drills,
    rounds: ROUNDS,
    seed: 1,
    log: silent,
    tell: (line) => lines.push(line),
  });
  const well = { bit: true, lost: 0, duplicated: 0, staleCommits: 0, conserved: true, ok: true };
  expect(lines).toMatchObject(drills.map(({ name }) => ({ drill: name, ...well })));
  for (const [at, { bound }] of drills.entries()) {
    expect(lines[at]).toHaveProperty(`${bound.of}MsP99`);
  }
  expect(report).toMatchObject({ drills: ALL.length, failed: 0, skipped: 0, lost: 0 });
});

it("says which drills there are when it does not know one", async () => {
  await expect(runDrill("kill-everybody")).rejects.toThrow(
    /UNKNOWN_DRILL.*kill-everybody.*kill-leader.*chaos/s,
  );
});
