import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { afterAll, expect, it } from "vitest";
import {
  makeReportFolder,
  reportFolder,
  verifyCommand,
  withoutEmptyFolder,
} from "../../services/cli/drill-folder.js";
import { openDataFolder } from "../../services/supervisor/data-folder.js";
import { shellWord } from "../../services/cli/shell-word.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const scratch = mkdtempSync(join(tmpdir(), "palisade-folders-"));
afterAll(() => rmSync(scratch, { recursive: true }));

it("a drill's folder is one name in .palisade/drills, whatever the drill is called", () => {
  for (const name of [
    "game-day-First, of ten minutes",
    "game-day-../../x/y",
    "演練",
    "kill-leader",
  ]) {
    const folder = reportFolder(name, undefined);
    expect(relative(PROJECT_ROOT, dirname(folder))).toBe(join(".palisade", "drills"));
    expect(basename(folder)).toMatch(/^[\d-]+T[\d-]+-[A-Za-z0-9-]*$/);
  }
  expect(reportFolder("game-day-First, of ten minutes!", undefined)).toMatch(
    /-game-day-First-of-ten-minutes$/,
  );
});

it("a folder that somebody has named otherwise is printed as a shell takes it", () => {
  expect(shellWord(".palisade/drills/2026-01-31T12-00-00-drain")).not.toContain("'");
  expect(shellWord("a day")).toBe("'a day'");
  expect(shellWord("it's")).toBe(String.raw`'it'\''s'`);
  expect(verifyCommand(join(process.cwd(), "a day"))).toBe("npx palisade verify 'a day'");
});

it("a report's folder is made with those above it, and left empty", () => {
  const folder = join(scratch, "this", "that", "report");
  makeReportFolder(folder);
  makeReportFolder(folder);
  expect(readdirSync(folder)).toEqual([]);
});

it("a report's folder goes again where nothing was left in it, unless it was there before", async () => {
  const [empty, used, old] = ["empty", "used", "old"].map((name) => join(scratch, name));
  makeReportFolder(old!);
  const fail = (folder: string) =>
    withoutEmptyFolder(folder, async () => {
      makeReportFolder(folder);
      if (folder === used) writeFileSync(join(folder, "run.json"), "{}");
      throw new Error("it was refused");
    });
  for (const folder of [empty!, used!, old!]) await expect(fail(folder)).rejects.toThrow("refused");
  expect([empty!, used!, old!].map((folder) => existsSync(folder))).toEqual([false, true, true]);
});

it("a report's folder that cannot be made is refused, also where making one would never return", () => {
  const file = join(scratch, "a-file");
  writeFileSync(file, "");
  for (const folder of [join(file, "report"), "/proc/nothing/report", "/proc/nothing"])
    expect(() => makeReportFolder(folder)).toThrow(/^REPORT_FOLDER_REFUSED: .*--report/);
});

it("a data directory that cannot be made is refused, also where making one would never return", () => {
  const file = join(scratch, "another-file");
  writeFileSync(file, "");
  for (const folder of [file, join(file, "data"), "/proc/nothing/data", "/proc/nothing"])
    expect(() => openDataFolder(folder)).toThrow(/^DATA_DIR_REFUSED: .*choose a folder/);
});
