/** What a drill at a running exchange says when somebody ends it, by what it has done by then. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LiveRun } from "../../chaos/against/rounds.js";
import { unlessInterrupted } from "../../chaos/interrupt.js";
import { interruptibleRun, unlessEnded } from "../../services/cli/drill-against.js";

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
});
