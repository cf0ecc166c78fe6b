import { basename, dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { reportFolder, verifyCommand } from "../../services/cli/drill-folder.js";
import { shellWord } from "../../services/cli/shell-word.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

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
