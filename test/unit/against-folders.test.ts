/** What drills at a running exchange and game days leave where nothing was done: their sessions are stood in for. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LiveReport } from "../../chaos/against/report.js";
import type { LiveRun } from "../../chaos/against/rounds.js";
import type { LiveOptions, Sessions } from "../../chaos/against/session.js";
import { CliError } from "../../services/cli/cli-error.js";
import { drillAgainst } from "../../services/cli/drill-against.js";
import { makeReportFolder } from "../../services/cli/drill-folder.js";
import { EXIT_FAILED } from "../../services/cli/exit-codes.js";
import { gameDay } from "../../services/cli/game-day.js";

const runLive = vi.fn<Sessions["run"]>();
const sessions: Sessions = {
  plan: () => Promise.reject(new Error("nothing is planned here")),
  check: () => Promise.resolve(),
  run: runLive,
};

const scratch = mkdtempSync(join(tmpdir(), "palisade-against-folders-"));
const file = join(scratch, "day.json");
const step = { drill: "burst", symbols: ["AAPL"] };
writeFileSync(file, JSON.stringify({ name: "d", onFailure: "continue", steps: [step, step] }));
afterAll(() => rmSync(scratch, { recursive: true }));

let said: string[];
beforeEach(() => {
  said = [];
  vi.spyOn(process, "on").mockReturnThis(); // This process keeps its own way to end.
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  runLive.mockReset();
});

const optionsOf = (report: string) => ({
  against: "127.0.0.1:1",
  account: "9",
  symbols: "AAPL",
  report,
});
const UNANSWERED = new CliError("PROBE_UNANSWERED", "no answer");
const SICK = new CliError("EXCHANGE_NOT_HEALTHY", "node-1 is gone");

/** As a session does that gets as far as its probe. */
async function unanswered({ folder }: LiveOptions): Promise<LiveReport> {
  makeReportFolder(folder!);
  throw UNANSWERED;
}

/** As one whose probe has an order that nobody could cancel. */
async function leavesOrder(options: LiveOptions, { undo }: LiveRun): Promise<LiveReport> {
  undo.note({
    what: "orders of account 9 open",
    byHand: "npx palisade cancel-all 9",
    undo: async () => undefined,
    isUndone: async () => false,
  });
  return unanswered(options);
}

it("a drill that is refused leaves no folder, and one that was there before stays", async () => {
  const report = join(scratch, "drill");
  runLive.mockImplementation(unanswered);
  await expect(drillAgainst("burst", optionsOf(report), sessions)).rejects.toBe(UNANSWERED);
  expect(existsSync(report)).toBe(false);
  mkdirSync(report);
  await expect(drillAgainst("burst", optionsOf(report), sessions)).rejects.toBe(UNANSWERED);
  expect(readdirSync(report)).toEqual([]);
});

it.each([
  ["refused before they make one", () => Promise.reject(SICK)],
  ["refused by their probe", unanswered],
])("a game day leaves no folder where its steps are %s", async (_, run) => {
  const report = join(scratch, "day");
  runLive.mockImplementation(run);
  expect(await gameDay(file, optionsOf(report), sessions)).toBe(EXIT_FAILED);
  expect(runLive).toHaveBeenCalledTimes(2);
  expect(existsSync(report)).toBe(false);
});

it("a game day leaves the folders of the steps that ran, and of no other", async () => {
  const report = join(scratch, "half a day");
  runLive.mockImplementationOnce(unanswered).mockImplementationOnce(async (options) => {
    makeReportFolder(options.folder!);
    writeFileSync(join(options.folder!, "report.json"), "{}");
    return { name: "burst", ok: true, undone: true } as LiveReport;
  });
  expect(await gameDay(file, optionsOf(report), sessions)).toBe(EXIT_FAILED);
  expect(readdirSync(report)).toEqual(["2-burst"]);
});

it("a game day tries its folder before its first step", async () => {
  const refused = gameDay(file, optionsOf("/proc/nothing/day"), sessions);
  await expect(refused).rejects.toMatchObject({ code: "REPORT_FOLDER_REFUSED" });
  expect(runLive).not.toHaveBeenCalled();
});

it.each([
  ["drill", (report: string) => drillAgainst("burst", optionsOf(report), sessions)],
  ["game day", (report: string) => gameDay(file, optionsOf(report), sessions)],
])("a %s that was refused and has left something says what, and is red", async (_, run) => {
  const report = join(scratch, "left");
  runLive.mockImplementation(leavesOrder);
  expect(await run(report)).toBe(EXIT_FAILED);
  expect(runLive).toHaveBeenCalledTimes(1);
  expect(said.at(-1)).toBe(
    "not known to be taken back: orders of account 9 open; by hand: npx palisade cancel-all 9\n",
  );
  expect(said.join("")).toContain("PROBE_UNANSWERED: no answer");
  expect(existsSync(report)).toBe(false);
});
