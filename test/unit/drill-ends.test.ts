/** What a drill at a running exchange says when somebody ends it, by what it has done by then. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LiveRun } from "../../chaos/against/rounds.js";
import { unlessInterrupted } from "../../chaos/interrupt.js";
import { CliError } from "../../services/cli/cli-error.js";
import { codeOf, interruptibleRun, unlessEnded } from "../../services/cli/drill-against.js";
import { EXIT_FAILED, EXIT_INTERRUPTED } from "../../services/cli/exit-codes.js";

let listeners: Map<string | symbol, (word: string) => void>;
let said: string[];

beforeEach(() => {
  listeners = new Map();
  said = [];
  vi.spyOn(process, "on").mockImplementation((name, listener) => {
    listeners.set(name, listener);
    return process;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const ctrlC = () => listeners.get("SIGINT")!("SIGINT");
const LAMP = {
  what: "the lamp is lit",
  byHand: "npx palisade lamp off",
  undo: async () => undefined,
  isUndone: async () => true,
};

it.each([
  ["has done nothing", async () => undefined, "nothing was done; once more, and it ends at once"],
  [
    "has something to take back",
    async ({ undo }: LiveRun) => undo.note(LAMP),
    "what it did is taken back; once more, and it says what is left to do by hand",
  ],
  [
    "has taken back everything",
    async ({ undo }: LiveRun) => {
      undo.note(LAMP);
      await undo.run();
    },
    "what it did is taken back already; once more, and it ends at once",
  ],
])("a drill that %s says that when it is ended", async (_, before, words) => {
  const run = interruptibleRun();
  await before(run);
  ctrlC();
  ctrlC(); // Npm's, of the same moment.
  expect(said.join("").split("ending the drill: ")[1]).toBe(`${words}\n`);
  expect(run.signal.reason).toBe("it got SIGINT");
});

it("a drill that is ended while it waits has no report, and has done nothing", async () => {
  const run = interruptibleRun();
  const waiting = unlessInterrupted(run.signal, new Promise<never>(() => undefined));
  const ended = unlessEnded(run, waiting);
  ctrlC();
  expect(await ended).toBeNull();
  expect(said.join("")).toMatch(/DRILL_INTERRUPTED: it got SIGINT; nothing was done\n$/);
  expect(said.join("")).not.toContain("taken back");
  expect(codeOf(false, run)).toBe(EXIT_INTERRUPTED);
});

const LEFT = "not known to be taken back: the lamp is lit; by hand: npx palisade lamp off\n";

it("a drill that is ended and cannot take back what it did says what is left to do by hand", async () => {
  const run = interruptibleRun();
  run.undo.note(LAMP);
  const ended = unlessEnded(
    run,
    unlessInterrupted(run.signal, new Promise<never>(() => undefined)),
  );
  ctrlC();
  expect(await ended).toBeNull();
  const words = `DRILL_INTERRUPTED: it got SIGINT; not all that it did is taken back\n${LEFT}`;
  expect(said.join("").endsWith(words)).toBe(true);
  expect(said.join("")).not.toContain("nothing was");
  expect(codeOf(false, run)).toBe(EXIT_FAILED);
});

it("a drill that is ended and has taken back what it did has struck nothing", async () => {
  const run = interruptibleRun();
  run.undo.note(LAMP);
  await run.undo.run();
  const ended = unlessEnded(
    run,
    unlessInterrupted(run.signal, new Promise<never>(() => undefined)),
  );
  ctrlC();
  expect(await ended).toBeNull();
  expect(said.join("")).toMatch(/it got SIGINT; nothing was struck\n$/);
  expect(codeOf(false, run)).toBe(EXIT_INTERRUPTED);
});

it("a refusal that leaves something is no mere refusal: it says what, and is red", async () => {
  const run = interruptibleRun();
  const refusal = new CliError("PROBE_UNANSWERED", "no answer");
  await expect(unlessEnded(run, Promise.reject(refusal))).rejects.toBe(refusal);
  run.undo.note(LAMP);
  expect(await unlessEnded(run, Promise.reject(refusal))).toBeNull();
  expect(said.join("").endsWith(`PROBE_UNANSWERED: no answer\n${LEFT}`)).toBe(true);
  expect(codeOf(false, run)).toBe(EXIT_FAILED);
});
