/** A game day as a file has it: drills, one after the other, by the clock of the day or as they come. */
import { z } from "zod";
import { CliError } from "../../services/cli/cli-error.js";
import { ELSEWHERE, LIVE_DRILLS } from "./drills/catalog.js";

const STEPS_MAX = 100;
const ROUNDS_MAX = 1_000;
const NAME_CHARACTERS_MAX = 100;

const MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

const DURATION = { error: 'a duration is like "30s", "5m" or "1h"' };
/** In milliseconds. */
const duration = z
  .string(DURATION)
  .regex(/^\d{1,6}[smh]$/, DURATION)
  .transform(durationMs);

const MOMENT = { error: 'a time is like "+30s", "+5m" or "+1h" after the beginning' };
/** So long after the day has begun. */
const moment = z
  .string(MOMENT)
  .regex(/^\+\d{1,6}[smh]$/, MOMENT)
  .transform((text) => durationMs(text.slice(1)));

const DRILLS = LIVE_DRILLS.map(({ name }) => name);

function unknownDrill(input: unknown): string {
  const said =
    input === undefined
      ? "no drill is named"
      : `there is no drill ${JSON.stringify(input)} for a running exchange`;
  return `${said}; there are ${DRILLS.join(", ")}. ${ELSEWHERE}`;
}

const NAMES = { error: 'a list of names, one at least, or of "all"' };
const names = z.array(z.string(NAMES).min(1, NAMES), NAMES).min(1, NAMES);

const ROUNDS = { error: `a whole number from 1 to ${ROUNDS_MAX.toLocaleString("en")}` };
const STEPS = { error: `a list of 1 to ${STEPS_MAX} steps` };
const NAME = { error: `a text of 1 to ${NAME_CHARACTERS_MAX} characters` };

const STEP = z.strictObject({
  /** When it begins; absent: when the step before has ended. */
  at: moment.optional(),
  drill: z.enum(DRILLS, { error: ({ input }) => unknownDrill(input) }),
  rounds: z.int(ROUNDS).min(1, ROUNDS).max(ROUNDS_MAX, ROUNDS).default(1),
  /** Its blast radius. */
  symbols: names,
  nodes: names.optional(),
  /** For how long nothing is done after it. */
  pause: duration.optional(),
});

const GAME_DAY = z
  .strictObject({
    name: z.string(NAME).min(1, NAME).max(NAME_CHARACTERS_MAX, NAME),
    /** What becomes of the other steps when one has failed. */
    onFailure: z.enum(["stop", "continue"], { error: '"stop" or "continue"' }).default("stop"),
    steps: z.array(STEP, STEPS).min(1, STEPS).max(STEPS_MAX, STEPS),
  })
  .check(({ value, issues }) => {
    let lastMs = 0;
    for (const [index, { at }] of value.steps.entries()) {
      if (at === undefined) continue;
      if (at < lastMs) {
        issues.push({
          code: "custom",
          path: ["steps", index, "at"],
          input: at,
          message: "it is before the time of a step that comes first",
        });
      }
      lastMs = at;
    }
  });

export type GameDay = z.output<typeof GAME_DAY>;
export type GameDayStep = GameDay["steps"][number];

/** Throws `CliError` that says of each field what is wrong with it, and what is allowed. */
export function parseGameDay(text: string, file: string): GameDay {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CliError("NOT_A_GAME_DAY", `${file} is no JSON: ${(error as Error).message}`);
  }
  const parsed = GAME_DAY.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `  ${pathOf(path)}: ${message}`);
  throw new CliError(
    "NOT_A_GAME_DAY",
    `${file} is no schedule of drills:\n${problems.join("\n")}\ndeploy/game-days/ has one that is`,
  );
}

/** When a step begins, for people. */
export function momentOf({ at, pause }: GameDayStep, isFirst: boolean): string {
  const next = isFirst ? "at once" : "after the step before";
  const begins = at === undefined ? next : `${at / MS["s"]!} s after the beginning`;
  return pause === undefined ? begins : `${begins}, then a pause of ${pause / MS["s"]!} s`;
}

function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * MS[text.slice(-1)]!;
}

/** `steps[2].drill`. */
function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  return path
    .map((part, at) =>
      typeof part === "number" ? `[${part}]` : `${at > 0 ? "." : ""}${String(part)}`,
    )
    .join("");
}
