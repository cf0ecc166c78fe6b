import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type CampaignLine, runAll } from "../../chaos/campaign.js";
import { runDrill } from "../../chaos/drill.js";
import { drillOf } from "../../chaos/drills/catalog.js";
import { PAGE_FILE } from "../../chaos/evidence/folder.js";
import { verifyEvidence } from "../../chaos/evidence/verify.js";
import { ensureBrowser, openBrowser } from "../helpers/browser.js";
import { look } from "../helpers/page-look.js";

const ROUNDS = 2;
const silent = () => undefined;
const missing = ensureBrowser();

/** What the drills leave behind. */
const home = mkdtempSync(join(tmpdir(), "palisade-drills-"));
const single = join(home, "kill-leader");
const campaign = join(home, "all");
afterAll(() => rmSync(home, { recursive: true }));

it("kill-leader loses nothing, twice over", async () => {
  const name = "kill-leader";
  const options = { rounds: ROUNDS, symbols: 3, ordersPerSecond: 50, folder: single };
  const report = await runDrill(name, options);
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
  expect(await verifyEvidence(single)).toMatchObject({ drill: name, verified: true, ok: true });
});

it.skipIf(missing)(`leaves a page for people${missing ? ` (${missing})` : ""}`, async () => {
  const browser = await openBrowser();
  try {
    expect(await look(browser, join(single, PAGE_FILE), "real")).toEqual([]);
  } finally {
    await browser.close();
  }
});

/** One after the other at one exchange; those of the README are run with its commands. */
const ALL = [
  "rolling-restart",
  "kill-etcd",
  "rollback-nats",
  "kill-gateway",
  "hang-leader",
] as const;

it(`${ALL.join(", ")} lose nothing`, async () => {
  const drills = ALL.map(drillOf);
  const lines: CampaignLine[] = [];
  const report = await runAll({
    drills,
    rounds: 1,
    seed: 1,
    folder: campaign,
    log: silent,
    tell: (line) => lines.push(line),
  });
  const well = { bit: true, lost: 0, duplicated: 0, staleCommits: 0, conserved: true, ok: true };
  expect(lines).toMatchObject(drills.map(({ name }) => ({ drill: name, ...well })));
  for (const [at, { bound }] of drills.entries()) {
    expect(lines[at]).toHaveProperty(`${bound.of}MsP99`);
  }
  expect(report).toMatchObject({ drills: ALL.length, failed: 0, skipped: 0, lost: 0 });
  expect(await verifyEvidence(campaign)).toMatchObject({ drill: "all", verified: true, ok: true });
});

it("says which drills there are when it does not know one", async () => {
  await expect(runDrill("kill-everybody")).rejects.toThrow(
    /UNKNOWN_DRILL.*kill-everybody.*kill-leader.*chaos/s,
  );
});
