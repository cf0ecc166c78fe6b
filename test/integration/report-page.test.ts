/** Pages of reports in a real browser: nothing fails, is asked for, overflows, is covered or can hardly be read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CampaignLine } from "../../chaos/campaign-report.js";
import { summedUp } from "../../chaos/against/game-day.js";
import { campaignPage } from "../../chaos/page/campaign-page.js";
import { drillPage } from "../../chaos/page/drill-page.js";
import { gameDayPage } from "../../chaos/page/game-day-page.js";
import { livePage } from "../../chaos/page/live-page.js";
import { ensureBrowser, openBrowser } from "../helpers/browser.js";
import { recordLike } from "../helpers/drill-record.js";
import { AROUND, heardLike, liveRecordLike, liveRoundLike } from "../helpers/live-record.js";
import { loadPage } from "../bench/load-page.js";
import { overloadPage } from "../bench/overload-page.js";
import { loadReportLike, nothingHeld } from "../helpers/load-report.js";
import { nothingAccepted, overloadReportLike } from "../helpers/overload-report.js";
import { look } from "../helpers/page-look.js";

const INSTALL_LIMIT_MS = 300_000;
const LOOK_LIMIT_MS = 180_000;
const HOSTILE = `<script>alert("it ran")</script><img src="http://127.0.0.1:1/x" onerror="alert(1)">`;

const missing = ensureBrowser();

const title = `a page in a browser${missing ? ` (${missing})` : ""}`;

describe.skipIf(missing)(title, { timeout: LOOK_LIMIT_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "palisade-pages-"));
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  }, INSTALL_LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  function lookAt(name: string, text: string): Promise<string[]> {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, text);
    return look(browser, file, name);
  }

  it("is as it should be when all is well", async () => {
    const text = drillPage(await recordLike());
    expect(text).toContain("kill-leader, 2 rounds: nothing was lost, doubled or stale");
    expect(await lookAt("well", text)).toEqual([]);
  });

  it("is so when nothing was struck and nobody answered", async () => {
    const record = await recordLike({ rounds: 0, ordersPerSecond: 0 });
    expect(await lookAt("empty", drillPage(record))).toEqual([]);
  });

  it("is so with 20 rounds, 40 symbols and actors with long names", async () => {
    const symbols = Array.from({ length: 40 }, (_, at) => `A-SYMBOL-WITH-A-LONG-NAME-${at}`);
    const actors = symbols.map((symbol) => `market.${symbol}`);
    const nodes = ["a-node-whose-name-is-long-1", "node-2", "n-3"];
    const record = await recordLike({ rounds: 20, symbols, actors, nodes, resumeMs: 2_750 });
    expect(await lookAt("many", drillPage(record))).toEqual([]);
  });

  it("is so of a load, of which a rate was sustained or none", async () => {
    expect(await lookAt("load", loadPage(loadReportLike(), new Date(0)))).toEqual([]);
    expect(await lookAt("load-broken", loadPage(nothingHeld(), new Date(0)))).toEqual([]);
  });

  it("is so of an overload, also where nothing was accepted", async () => {
    expect(await lookAt("overload", overloadPage(overloadReportLike(), new Date(0)))).toEqual([]);
    expect(await lookAt("overload-none", overloadPage(nothingAccepted(), new Date(0)))).toEqual([]);
  });

  it("is so of a drill at a running exchange, well or ended early", async () => {
    expect(await lookAt("live", livePage(liveRecordLike()))).toEqual([]);
    const actors = Array.from({ length: 40 }, (_, at) => `market.A-SYMBOL-WITH-A-LONG-NAME-${at}`);
    const symbols = ["AAPL", ...actors.map((actor) => actor.slice("market.".length))];
    const plan = { ...liveRoundLike(1).plan, actors, symbols, does: actors };
    const metrics = { "node-1": { value: null, reason: HOSTILE } };
    const around = { ...AROUND, metrics: { value: metrics, reason: null } };
    const rounds = Array.from({ length: 20 }, (_, at) => liveRoundLike(at + 1, { plan }));
    const text = livePage(
      liveRecordLike(
        { rounds, unfinished: rounds[19]!, aborted: HOSTILE, otherFailures: [HOSTILE] },
        { heard: heardLike(rounds), around },
      ),
    );
    expect(text).not.toContain("<script");
    expect(await lookAt("live-early", text)).toEqual([]);
    const empty = livePage(liveRecordLike({ rounds: [], orders: [] }));
    expect(await lookAt("live-empty", empty)).toEqual([]);
  });

  it("is so of a game day, with a step that was refused", async () => {
    const { report: live, startedAt, commit } = liveRecordLike();
    const line = { step: 1, lateMs: 0, ...live };
    const refused = { step: 2, lateMs: 0, name: "burst", refused: HOSTILE, ok: false } as const;
    const lines = [line, refused, { ...line, step: 3, failures: [HOSTILE], ok: false }];
    const seen = { aborted: HOSTILE, seconds: 9, undone: true };
    const report = summedUp({ name: HOSTILE, steps: 9 }, lines, seen);
    const left = [{ what: HOSTILE, byHand: HOSTILE }];
    const step = { drill: "burst", symbols: [HOSTILE], nodes: [HOSTILE], rounds: 2, at: 60_000 };
    const schedule = { name: HOSTILE, onFailure: "continue" as const, steps: [step, step] };
    const record = { startedAt, commit, against: HOSTILE, schedule, lines, report, left };
    const text = gameDayPage(record, new Set([1, 3]));
    expect(text).not.toContain("<script");
    expect(await lookAt("day", text)).toEqual([]);
  });

  it("shows what is hostile as text", async () => {
    const drill = { name: HOSTILE, hypothesis: HOSTILE, about: HOSTILE, bound: { of: "x", ms: 1 } };
    const checked = { ok: false, lost: 2, duplicated: 1, staleCommits: 1, examples: [HOSTILE] };
    const like = await recordLike({ rounds: 1 });
    const round = { ...like.found.rounds[0]!, summary: HOSTILE, failures: [HOSTILE] };
    const record = await recordLike({
      rounds: 1,
      symbols: [HOSTILE, "SYM1"],
      actors: [HOSTILE],
      nodes: [HOSTILE, "node-2"],
      found: { drill, rounds: [round], checked: { ...like.found.checked, ...checked } },
    });
    const text = drillPage(record);
    expect(text).not.toContain("<script");
    expect(text).not.toContain("<img");
    expect(await lookAt("hostile", text)).toEqual([]);
  });

  it("of all drills is so, too", async () => {
    const measures = { resumeMsMax: 312, allResumedMsMax: 402 };
    const line: CampaignLine = {
      ...measures,
      drill: "kill-leader",
      bit: true,
      lost: 0,
      duplicated: 0,
      staleCommits: 0,
      conserved: true,
      withinBound: true,
      ok: true,
    };
    const none = { lost: null, duplicated: null, staleCommits: null, conserved: null } as const;
    const lines: CampaignLine[] = [
      line,
      { ...line, drill: "drain", withinBound: false },
      { ...line, drill: "chaos", lost: 1, ok: false, failures: [`order 7: ${HOSTILE}`] },
      { ...line, ...none, drill: "disk-full", bit: false, ok: false, skipped: "needs root" },
    ];
    const report = {
      drills: 4,
      failed: 1,
      skipped: 1,
      withinBound: 2,
      lost: 1,
      duplicated: 0,
      staleCommits: 0,
      seconds: 71,
    };
    const text = campaignPage({ seed: 1, report, lines }, new Set(["kill-leader", "drain"]));
    expect(text).toContain('href="kill-leader/report.html"');
    expect(text).not.toContain('href="disk-full/');
    expect(await lookAt("all", text)).toEqual([]);
  });
});
