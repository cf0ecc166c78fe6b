import { CommanderError } from "commander";
import { expect, it } from "vitest";
import { CannotStrikeError, NotHealthyError } from "../../chaos/drills/drill.js";
import { UnknownDrillError } from "../../chaos/drills/catalog.js";
import { EvidenceError } from "../../chaos/evidence/manifest.js";
import { CliError } from "../../services/cli/cli-error.js";
import { exitCodeOf, wordsOf } from "../../services/cli/failures.js";
import { UnknownBenchError } from "../bench/bench.js";

const USAGE = new CommanderError(1, "commander.unknownOption", "unknown option");
const HELP = new CommanderError(0, "commander.helpDisplayed", "(outputHelp)");
const INPUT = new CliError("UNKNOWN_MUTATION", "no such safety");
const LATE = new CliError("PLOT_NOT_WRITTEN", "the disk is full");
const NO_BENCH = new UnknownBenchError("moon");
const BUG = new TypeError("undefined is not a function");
const UNARMED = new CannotStrikeError("nobody leads");
const SICK = new NotHealthyError("zombie", ["node-1 does not run"]);

it.each([
  ["help of sim", HELP, ["sim", "--help"], 0],
  ["a wrong option of sim", USAGE, ["sim", "--sedes", "7"], 64],
  ["a safety that there is not", INPUT, ["sim", "--without", "fense"], 64],
  ["a bug of sim", BUG, ["sim"], 70],
  ["a wrong option of drill", USAGE, ["drill", "zombie", "--round", "7"], 64],
  ["a drill that there is not", new UnknownDrillError("zombi"), ["drill", "zombi"], 64],
  ["a drill that cannot strike", UNARMED, ["drill", "zombie"], 64],
  ["one whose exchange is not whole", SICK, ["drill", "zombie"], 64],
  ["one without a safety that cannot strike", UNARMED, ["drill", "zombie", "--without=fence"], 64],
  ["a drill that breaks off", BUG, ["drill", "zombie"], 1],
  ["one without a safety that breaks off", BUG, ["drill", "zombie", "--without=fence"], 70],
  ["help of a game day", HELP, ["game-day", "--help"], 0],
  ["a wrong option of a game day", USAGE, ["game-day", "day.json", "--round", "7"], 64],
  ["a file that is no game day", INPUT, ["game-day", "day.json"], 64],
  ["a game day that breaks off", BUG, ["game-day", "day.json"], 1],
  ["a folder without evidence", new EvidenceError("NO_EVIDENCE", "none"), ["verify", "day"], 64],
  [
    "evidence that was changed",
    new EvidenceError("EVIDENCE_FILE_CHANGED", "it is"),
    ["verify", "day"],
    1,
  ],
  ["no folder to judge", USAGE, ["verify"], 64],
  ["a wrong option elsewhere", USAGE, ["leaders", "--jsn"], 2],
  ["what cannot be done elsewhere", INPUT, ["leaders"], 1],
  ["a benchmark that there is not", NO_BENCH, ["bench", "moon"], 2],
  ["a wrong option of bench", USAGE, ["bench", "e2e", "--rat", "7"], 2],
  ["a wrong value of it", INPUT, ["bench", "e2e", "--rate", "fast"], 2],
  ["a benchmark that breaks off", BUG, ["bench", "e2e"], 1],
  ["one whose page cannot be written", LATE, ["bench", "e2e", "--plot", "load.html"], 1],
  ["help of bench", HELP, ["bench", "--help"], 0],
  ["a wrong value of sizing", INPUT, ["sizing", "--accounts", "many"], 2],
  ["a size that is missing", USAGE, ["sizing"], 2],
  ["no command", USAGE, [], 2],
])("%s has a code that is no result", (_, error, args, code) => {
  expect(exitCodeOf(error, args)).toBe(code);
});

it("a server that has ended is told of as what it is", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:4"), {
    code: "ECONNREFUSED",
  });
  expect(wordsOf(refused)).toMatch(
    /^SERVER_UNREACHABLE: nothing listens there \(connect ECONNREFUSED 127.0.0.1:4\); /,
  );
});

it("only a bug shows its stack", () => {
  expect(wordsOf(INPUT)).toBe("UNKNOWN_MUTATION: no such safety");
  expect(wordsOf(SICK)).toBe(
    "EXCHANGE_NOT_HEALTHY: zombie strikes only what is whole: node-1 does not run",
  );
  expect(wordsOf(BUG)).toContain("at ");
});
