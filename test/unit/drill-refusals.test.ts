import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { runAll } from "../../chaos/campaign.js";
import type { CampaignLine } from "../../chaos/campaign-report.js";
import { drillOf } from "../../chaos/drills/catalog.js";
import { CannotStrikeError, NotHealthyError } from "../../chaos/drills/drill.js";
import { CheckerError } from "../../chaos/run-checker.js";
import { Session } from "../../chaos/session.js";
import { runWithout } from "../../chaos/without.js";
import { drill, lockDrills } from "../../services/cli/drill.js";
import { EXIT_BROKE_OFF, EXIT_REFUSED } from "../../services/cli/exit-codes.js";
import { exitCodeOf } from "../../services/cli/failures.js";
import { gameDay } from "../../services/cli/game-day.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const MS_PER_MINUTE = 60_000;
const FIRST_DAY = join(PROJECT_ROOT, "deploy", "game-days", "first.json");
const silent = () => undefined;
const folder = mkdtempSync(join(tmpdir(), "palisade-refusals-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

it.each([
  ["all", { rounds: "2" }, "--rounds"],
  ["all", { minutes: "2" }, "--minutes"],
  ["all", { without: "fence" }, "--without"],
  ["list", { seed: "2" }, "--seed"],
  ["freeze-leader", { without: "fence", report: "there" }, "--report"],
  ["freeze-leader", { without: "fence", minutes: "1" }, "--minutes"],
  ["chaos", { rounds: "1", minutes: "1" }, "--rounds"],
  ["chaos", { dryRun: true }, "--dry-run"],
])("%s with %o says that %s is out of place", async (name, options, flag) => {
  await expect(drill(name, options)).rejects.toMatchObject({
    code: "OPTION_OUT_OF_PLACE",
    message: expect.stringContaining(`${flag} `),
  });
});

it("a dry run leaves no report, of a drill at a running exchange or of a game day", async () => {
  const options = { against: "127.0.0.1:1", account: "9", dryRun: true, report: "there" };
  const refusal = { code: "OPTION_OUT_OF_PLACE", message: expect.stringContaining("--report ") };
  await expect(drill("drain", options)).rejects.toMatchObject(refusal);
  await expect(gameDay(FIRST_DAY, options)).rejects.toMatchObject(refusal);
});

it("a game day that is not there is told in words of ours", async () => {
  const gone = gameDay(join(folder, "none.json"), {});
  await expect(gone).rejects.toMatchObject({ code: "NO_FILE" });
  await expect(gone).rejects.toThrow(/none\.json: there is no such file; deploy\/game-days\//);
  await expect(gameDay(folder, {})).rejects.toThrow(/NO_FILE: .*: that is a folder/);
});

const STEP = { drill: "kill", symbols: ["all"] };

it.each([
  ["that is not there", null],
  ["that is no JSON", "steps:"],
  ["that names a drill that there is not", JSON.stringify({ name: "day", steps: [STEP] })],
])("a game day of a file %s ends as a drill that there is not", async (_, text) => {
  const file = join(folder, "day.json");
  rmSync(file, { force: true });
  if (text !== null) writeFileSync(file, text);
  const codeOf = (command: string, work: Promise<unknown>) =>
    work.then(
      () => 0,
      (error: unknown) => exitCodeOf(error, [command, file]),
    );
  expect(await codeOf("game-day", gameDay(file, {}))).toBe(EXIT_REFUSED);
  expect(await codeOf("drill", drill("kill", {}))).toBe(EXIT_REFUSED);
});

it("a drill that is not for the safety that is taken away says so before it starts", async () => {
  vi.spyOn(Session, "open").mockRejectedValue(new Error("nothing is started here"));
  const lines = async (name?: string) => {
    const said: string[] = [];
    const log = (line: string) => void said.push(line);
    await expect(runWithout("fence", name, { log })).rejects.toThrow("nothing is started here");
    return said.slice(1);
  };
  expect(await lines("kill-leader")).toEqual([
    "freeze-leader is the drill that notices it; kill-leader may be blind to it",
  ]);
  expect(await lines()).toEqual([]);
});

const LATE = new CheckerError("CHECKER_LATE", "the checker said nothing in time");
const SICK = new NotHealthyError("freeze-leader", ["node-1 does not run"]);

it.each([
  ["that nobody has judged", LATE, EXIT_BROKE_OFF],
  ["whose exchange was not whole", SICK, EXIT_REFUSED],
])(
  "a drill without a safety %s has no answer, and says neither that it is blind nor that it noticed",
  async (_, thrown, code) => {
    vi.spyOn(process, "on").mockReturnThis(); // This process keeps its own way to end.
    const print = vi.spyOn(process.stdout, "write");
    const close = vi.fn(async () => undefined);
    const session = {
      stage: { scene: { query: async () => [] } },
      run: () => Promise.reject(thrown),
      close,
    };
    vi.spyOn(Session, "open").mockResolvedValue(session as never);
    const error: unknown = await drill("freeze-leader", { without: "fence" }).catch(
      (refused: unknown) => refused,
    );
    expect(error).toBe(thrown);
    const args = ["drill", "freeze-leader", "--without", "fence"];
    expect(exitCodeOf(error, args)).toBe(code);
    expect(close).toHaveBeenCalledOnce();
    expect(print).not.toHaveBeenCalled();
  },
);

it("evidence stands alone: a folder that has something in it is refused", async () => {
  writeFileSync(join(folder, "mine.txt"), "");
  await expect(drill("kill-etcd", { report: folder })).rejects.toMatchObject({
    code: "REPORT_FOLDER_IN_USE",
  });
});

it.each(["file", "file/below"])("a report cannot go where a %s is, of any drill", async (path) => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const report = join(folder, path);
  const running = { against: "127.0.0.1:1", account: "9", report };
  const drills = {
    drill: [drill("kill-etcd", { report }), drill("drain", { ...running, symbols: "all" })],
    "game-day": [gameDay(FIRST_DAY, running)],
  };
  for (const [command, works] of Object.entries(drills)) {
    for (const work of works) {
      const error: unknown = await work.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        message: `REPORT_FOLDER_REFUSED: ${file} is a file; name a folder that is new`,
      });
      expect(exitCodeOf(error, [command])).toBe(EXIT_REFUSED);
    }
  }
});

it("a folder that nothing can be written into is refused before anything is started", async () => {
  const open = vi.spyOn(Session, "open").mockRejectedValue(new Error("nothing is started here"));
  for (const name of ["kill-etcd", "all"]) {
    const refused = drill(name, { report: "/proc/nothing/report" });
    await expect(refused).rejects.toMatchObject({ code: "REPORT_FOLDER_REFUSED" });
  }
  expect(open).not.toHaveBeenCalled();
  const report = join(folder, "new");
  vi.spyOn(process, "on").mockReturnThis(); // This process keeps its own way to end.
  await expect(drill("kill-etcd", { report })).rejects.toThrow("nothing is started here");
  expect(existsSync(report)).toBe(false);
});

it("one drill runs at a time on a machine", () => {
  const lock = join(folder, "lock");
  const unlock = lockDrills(lock);
  expect(() => lockDrills(lock)).toThrow(/^DRILL_RUNNING: process \d+ runs a drill.*Ctrl-C/);
  unlock();
  lockDrills(lock)();
});

it("strikes only what is whole", async () => {
  vi.spyOn(performance, "now")
    .mockReturnValueOnce(0)
    .mockReturnValue(2 * MS_PER_MINUTE);
  const processes = new Map([["node-1", { name: "node-1", isRunning: false, ports: {} }]]);
  const session = { stage: { scene: { exchange: { processes } }, log: silent } };
  const run = Session.prototype.run.call(session as never, drillOf("kill-etcd"), { rounds: 1 });
  await expect(run).rejects.toThrow(
    "EXCHANGE_NOT_HEALTHY: kill-etcd strikes only what is whole: node-1 does not run",
  );
});

it("a drill whose fault cannot be made here is skipped, with what is missing, and none fails", async () => {
  const lines: CampaignLine[] = [];
  vi.spyOn(Session, "open").mockRejectedValue(new CannotStrikeError("it takes root"));
  const tell = (line: CampaignLine) => void lines.push(line);
  const drills = [drillOf("disk-full")];
  const report = await runAll({ drills, seed: 1, log: silent, tell });
  expect(lines).toMatchObject([
    { drill: "disk-full", skipped: "DRILL_CANNOT_STRIKE: it takes root" },
  ]);
  expect(report).toMatchObject({ drills: 1, failed: 0, skipped: 1 });
});

it("drills for which no time is left are told as not run, and fail", async () => {
  const lines: CampaignLine[] = [];
  vi.spyOn(performance, "now")
    .mockReturnValueOnce(0)
    .mockReturnValue(21 * MS_PER_MINUTE);
  const drills = [drillOf("kill-etcd")];
  const tell = (line: CampaignLine) => void lines.push(line);
  const report = await runAll({ drills, seed: 1, log: silent, tell });
  expect(lines).toMatchObject([{ drill: "kill-etcd", ok: false, lost: null }]);
  expect(lines[0]!.failures).toEqual([expect.stringMatching(/^DRILL_NOT_RUN: .*20 minutes/)]);
  expect(report).toMatchObject({ drills: 1, failed: 1, skipped: 0 });
});
