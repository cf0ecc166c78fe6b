import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type HostEvent, hostMachine, nextSnapshot } from "../../services/host/host-machine.js";

const ARCHITECTURE = join(import.meta.dirname, "..", "..", "ARCHITECTURE.md");
const STATES = [
  "idle",
  "claiming",
  "recovering",
  "leading",
  "draining",
  "fenced",
  "released",
  "stopped",
] as const;
const EVENTS: readonly HostEvent["type"][] = [
  "CLAIM",
  "RAISED",
  "RECOVERED",
  "DRAIN",
  "DRAINED",
  "BEATEN",
  "FENCED",
  "LOST",
  "FAILED",
];

/** Each as `from event to`. */
function transitionsOfMachine(): string[] {
  return STATES.flatMap((from) =>
    EVENTS.flatMap((type) => {
      const before = hostMachine.resolveState({ value: from });
      const { snapshot, changed } = nextSnapshot(before, { type });
      return changed ? [`${from} ${type} ${snapshot.value}`] : [];
    }),
  );
}

/** The lines of the picture: states, an event, a state, and in the first so on. */
function transitionsOfPicture(): string[] {
  const text = readFileSync(ARCHITECTURE, "utf8");
  const [, picture] = /host-machine\.ts`\):\n\n```\n([^`]+)```/.exec(text)!;
  return picture!.split("\n").flatMap((line) => {
    const parts = line.replace(/\(.*\)/, "").split(/--(.+?)-->/);
    const lists = parts.map((part) => part.split(",").map((word) => word.trim()));
    return lists.slice(2).flatMap((_, at) => {
      if (at % 2 === 1) return [];
      const [froms, events, tos] = lists.slice(at, at + 3);
      return froms!.flatMap((from) =>
        events!.map((event) => `${from} ${event.toUpperCase()} ${tos![0]}`),
      );
    });
  });
}

it("is as ARCHITECTURE.md has it drawn", () => {
  expect(Object.keys(hostMachine.states).sort()).toEqual([...STATES].sort());
  expect(transitionsOfPicture().sort()).toEqual(transitionsOfMachine().sort());
});
