/** What a dry run says of a drill at a running exchange: what it would do, what it would wait for, and why it would be refused. */
import type { CliError } from "../../services/cli/cli-error.js";
import { type Ail, WAIT_MS_MAX } from "./health.js";
import { planLines, type PlanText } from "./report.js";

/** What would be done. Nothing is touched to find it out. */
export interface DryRun extends Outlook {
  readonly drill: string;
  readonly against: string;
  readonly dryRun: true;
  readonly hypothesis: string;
  readonly bound: string;
  readonly account: number;
  readonly rounds: readonly PlanText[];
  readonly ordersPerSecond: number;
  readonly ordersOpenMax: number;
  /** The probe's orders, for people. */
  readonly orders: readonly string[];
  readonly funds: readonly string[];
}

/** What would become of the drill as things stand. */
export interface Outlook {
  /** What it would wait for before it begins; null: nothing. */
  readonly waitsNow: { readonly seconds: number; readonly for: readonly string[] } | null;
  /** Why it would be refused; empty: it would not. */
  readonly refusedNow: readonly string[];
}

/** What stands in a drill's way now. */
export interface Hindrances {
  /** Another drill has the turn. */
  readonly running: CliError | null;
  /** What a round would touch besides. */
  readonly refusals: readonly CliError[];
  /** Of the probe's account. */
  readonly obstacles: readonly CliError[];
  readonly ails: readonly Ail[];
}

const MS_PER_SECOND = 1_000;

export function outlookOf({ running, refusals, obstacles, ails }: Hindrances): Outlook {
  const waitMs = Math.max(0, ...ails.map(({ endsInMs }) => endsInMs ?? Number.POSITIVE_INFINITY));
  const isWaitedFor = waitMs <= WAIT_MS_MAX;
  const words = ails.map(({ what }) => what);
  // The orders of the probe that is at work are not to be cancelled, as that obstacle advises.
  const own = obstacles.filter(({ code }) => running === null || code !== "PROBE_ACCOUNT_IN_USE");
  return {
    waitsNow:
      isWaitedFor && ails.length > 0
        ? { seconds: Math.ceil(waitMs / MS_PER_SECOND), for: words }
        : null,
    refusedNow: [
      ...(running ? [running.message] : []),
      ...new Set(refusals.map(({ message }) => message)),
      ...own.map(({ message }) => message),
      // While another drill strikes, what ails it is that one's doing.
      ...(isWaitedFor || running ? [] : words.map((each) => `EXCHANGE_NOT_HEALTHY: ${each}`)),
    ],
  };
}

export function dryRunText(plan: DryRun): string {
  const symbols = new Set(plan.rounds.flatMap((round) => round.symbols));
  const isOfMore = plan.orders.length > symbols.size;
  const lines = [
    `${plan.drill} against ${plan.against}, a dry run: nothing is touched`,
    `believed: ${plan.hypothesis}; bound: ${plan.bound}`,
    ...roundLines(plan.rounds),
    `the probe is account ${plan.account}: at most ${plan.ordersPerSecond} orders a second and ${plan.ordersOpenMax} open at once,`,
    "each beside the book, where nobody can trade with it, and cancelled as soon as its market has it;",
    isOfMore
      ? "at first one for each of these, and then for any of them, as leaders may change:"
      : "its orders:",
    ...plan.orders.map((order) => `  ${order}`),
    `for that it needs ${plan.funds.join(", ")}`,
    ...outlookLines(plan),
  ];
  return `${lines.join("\n")}\n`;
}

/** Rounds that are alike are shown once. */
function roundLines(rounds: readonly PlanText[]): string[] {
  const alike = new Map<string, number[]>();
  for (const [at, round] of rounds.entries()) {
    const text = planLines(round)
      .map((line) => `  ${line}`)
      .join("\n");
    alike.set(text, [...(alike.get(text) ?? []), at + 1]);
  }
  return [...alike].flatMap(([text, numbers]) => [
    `${numbers.length === 1 ? "round" : "rounds"} ${spansOf(numbers)}:`,
    text,
  ]);
}

/** Rising numbers as `1 to 4, 6`. */
function spansOf(numbers: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const each of numbers) {
    const last = spans.at(-1);
    if (last && last[1] === each - 1) last[1] = each;
    else spans.push([each, each]);
  }
  return spans.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}

function outlookLines({ waitsNow, refusedNow }: Outlook): string[] {
  const waits = waitsNow
    ? [`as things stand it would wait ${waitsNow.seconds} s: ${waitsNow.for.join("; ")}`]
    : [];
  const [only, ...others] = refusedNow;
  if (only === undefined) return waits;
  if (others.length === 0) return [...waits, `as things stand it would be refused: ${only}`];
  const count = `as things stand it would be refused for ${refusedNow.length} reasons:`;
  return [...waits, count, ...refusedNow.map((why) => `  ${why}`)];
}
