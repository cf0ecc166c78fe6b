import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runAll } from "../../chaos/campaign.js";
import type { CampaignLine } from "../../chaos/campaign-report.js";
import { runDrill } from "../../chaos/drill.js";
import { DRILLS, drillOf } from "../../chaos/drills/catalog.js";
import type { Drill } from "../../chaos/drills/drill.js";
import { drillFolder, PAGE_FILE } from "../../chaos/evidence/folder.js";
import { verifyEvidence } from "../../chaos/evidence/verify.js";
import type { DrillReport } from "../../chaos/report.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { ensureBrowser, openBrowser } from "../helpers/browser.js";
import { look } from "../helpers/page-look.js";
import { commandsOf, lastJson, runLine } from "./readme-commands.js";

const silent = () => undefined;
const missing = ensureBrowser();

/** What the drills at one exchange leave behind. */
const campaign = mkdtempSync(join(tmpdir(), "palisade-drills-"));
afterAll(() => rmSync(campaign, { recursive: true }));

/** As they stand in the README; the last of them only lists what there is. */
const README = commandsOf("drill");
const STRIKES = README.filter((line) => line.includes("--rounds"));
const ANSWERS = README.filter((line) => !STRIKES.includes(line));
/** Where the last of those has left its evidence. */
let evidence = "";

it.each(STRIKES)("%s", async (line) => {
  const [, name, rounds] = /-- (\S+) --rounds (\d+)/.exec(line) ?? [];
  const { code, out, err } = await runLine(line);
  expect(code, err).toBe(0);
  const report = lastJson<DrillReport>(out);
  expect(report.failures).toEqual([]);
  const { of, ms } = drillOf(name!).bound;
  expect(report).toMatchObject({
    name,
    rounds: Number(rounds),
    bit: true,
    bound: `${of}MsP99 < ${ms}`,
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
  expect(report[`${of}MsP50`]).toBeGreaterThan(0);
  expect(report[`${of}MsMax`]).toBeGreaterThanOrEqual(report[`${of}MsP99`]!);
  const [, folder] = /npx palisade verify (\S+)/.exec(err) ?? [];
  evidence = join(PROJECT_ROOT, folder!);
  expect(await verifyEvidence(evidence)).toMatchObject({ drill: name, verified: true, ok: true });
});

it.each(ANSWERS)("%s", async (line) => {
  const { code, out } = await runLine(line);
  expect(code).toBe(0);
  for (const { name } of DRILLS) expect(out).toMatch(new RegExp(`^${name}$`, "m"));
});

it.skipIf(missing)(`leaves a page for people${missing ? ` (${missing})` : ""}`, async () => {
  const browser = await openBrowser();
  try {
    expect(await look(browser, join(evidence, PAGE_FILE), "real")).toEqual([]);
  } finally {
    await browser.close();
  }
});

/** One after the other at one exchange; those of the README are above. */
const ALL = [
  "rolling-restart",
  "kill-etcd",
  "rollback-nats",
  "kill-gateway",
  "hang-leader",
] as const;

/** Of an exchange that does not come back; it is the last, as nothing follows there. */
const BROKEN: Drill = {
  ...drillOf("kill-etcd"),
  name: "not-resumed",
  round: () => Promise.reject(new Error("DRILL_NOT_RESUMED: nobody trades any more")),
};

it(`${ALL.join(", ")} lose nothing, and what breaks an exchange is judged and kept, too`, async () => {
  const drills = ALL.map(drillOf).concat(BROKEN);
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
  expect(lines.slice(0, -1)).toMatchObject(ALL.map((name) => ({ drill: name, ...well })));
  const failures = [expect.stringMatching(/^DRILL_NOT_RESUMED/)];
  expect(lines.at(-1)).toMatchObject({ drill: BROKEN.name, ok: false, lost: 0, failures });
  for (const [at, { bound }] of drills.slice(0, -1).entries()) {
    expect(lines[at]).toHaveProperty(`${bound.of}MsP99`);
  }
  expect(report).toMatchObject({ drills: drills.length, failed: 1, skipped: 0, lost: 0 });
  expect(await verifyEvidence(campaign)).toMatchObject({ drill: "all", verified: true, ok: false });
  for (const file of [PAGE_FILE, "metrics/node-1.txt"]) {
    expect(existsSync(join(drillFolder(campaign, BROKEN.name), file))).toBe(true);
  }
  const page = readFileSync(join(drillFolder(campaign, BROKEN.name), PAGE_FILE), "utf8");
  expect(page).toContain("✗ A promise was broken");
});

it("says which drills there are when it does not know one", async () => {
  await expect(runDrill("kill-everybody")).rejects.toThrow(
    /UNKNOWN_DRILL.*kill-everybody.*kill-leader.*chaos/s,
  );
});
