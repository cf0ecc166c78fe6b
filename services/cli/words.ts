/** Words and times as people write them on a command line, to what the public interface has. Each throws `CliError`. */
import {
  OrderType,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "./cli-error.js";

const MICROSECONDS_PER_SECOND = 1_000_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;
const DATE_LENGTH = "2026-01-31".length;

const SIDES: Readonly<Record<string, Side>> = { buy: Side.SIDE_BUY, sell: Side.SIDE_SELL };

const TYPES: Readonly<Record<string, OrderType>> = {
  limit: OrderType.ORDER_TYPE_LIMIT,
  market: OrderType.ORDER_TYPE_MARKET,
  stop: OrderType.ORDER_TYPE_STOP,
  "stop-limit": OrderType.ORDER_TYPE_STOP_LIMIT,
};

const TIMES_IN_FORCE: Readonly<Record<string, TimeInForce>> = {
  gtc: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
  ioc: TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL,
  fok: TimeInForce.TIME_IN_FORCE_FILL_OR_KILL,
  day: TimeInForce.TIME_IN_FORCE_DAY,
  gtd: TimeInForce.TIME_IN_FORCE_GOOD_TILL_DATE,
  open: TimeInForce.TIME_IN_FORCE_AT_THE_OPEN,
  close: TimeInForce.TIME_IN_FORCE_AT_THE_CLOSE,
};

const SELF_TRADE_PREVENTIONS: Readonly<Record<string, SelfTradePrevention>> = {
  none: SelfTradePrevention.SELF_TRADE_PREVENTION_UNSPECIFIED,
  newest: SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_NEWEST,
  oldest: SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_OLDEST,
  both: SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_BOTH,
  decrement: SelfTradePrevention.SELF_TRADE_PREVENTION_DECREMENT,
};

export const sideOf = (word: string): Side => wordOf(SIDES, word, "side", "INVALID_SIDE");

export const orderTypeOf = (word: string): OrderType =>
  wordOf(TYPES, word, "type", "INVALID_ORDER_TYPE");

export const timeInForceOf = (word: string): TimeInForce =>
  wordOf(TIMES_IN_FORCE, word, "time in force", "INVALID_TIME_IN_FORCE");

export const selfTradePreventionOf = (word: string): SelfTradePrevention =>
  wordOf(SELF_TRADE_PREVENTIONS, word, "self-trade prevention", "INVALID_SELF_TRADE_MODE");

/** What one of the words stands for; all of them are named when it is another. */
export function wordOf<T>(
  values: Readonly<Record<string, T>>,
  word: string,
  what: string,
  code: string,
): T {
  const found = Object.hasOwn(values, word) ? values[word] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(values);
  const allowed = `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
  throw new CliError(code, `the ${what} is "${word}"; it is ${allowed}`);
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export function isDuration(text: string): boolean {
  return /^\d+[smhd]$/.test(text);
}

/** `60s`, `5m`, `2h` or `1d` as whole seconds. */
export function parseSeconds(text: string, what: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  if (match) return Number(match[1]) * SECONDS[match[2]!]!;
  throw new CliError("NOT_A_DURATION", `the ${what} is "${text}"; it is like 60s, 5m, 2h or 1d`);
}

/**
 * A time in microseconds since 1970: `+10m` after `now`, or a date with a time and its zone, as ISO 8601 has it.
 */
export function parseTime(text: string, now: number, what: string): number {
  if (text.startsWith("+")) {
    return now + parseSeconds(text.slice(1), what) * MICROSECONDS_PER_SECOND;
  }
  const time = zonedTime(text);
  if (time !== null) return time;
  throw new CliError(
    "NOT_A_TIME",
    `the ${what} is "${text}"; it is like +10m, 2026-01-31T13:30:00Z or 2026-01-31T21:30:00+08:00`,
  );
}

/**
 * A time in microseconds since 1970 that bounds what has happened: `10m` before `now`, a date (its midnight, UTC), or one with a
 * time and its zone.
 */
export function parsePastTime(text: string, now: number, what: string): number {
  if (isDuration(text)) {
    return Math.max(now - parseSeconds(text, what) * MICROSECONDS_PER_SECOND, 0);
  }
  return fixedTime(text, what, "10m or 1d (so long ago), ");
}

/** The same where so long ago is asked for in another way. */
export function parseFixedTime(text: string, what: string): number {
  return fixedTime(text, what, "");
}

/** `others`: what else it may be. */
function fixedTime(text: string, what: string, others: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const time = zonedTime(isDate ? `${text}T00:00Z` : text);
  if (time !== null) return time;
  throw new CliError(
    "NOT_A_TIME",
    `the ${what} is "${text}"; it is like ${others}2026-01-31 (midnight, UTC), 2026-01-31T13:30:00Z or ` +
      "2026-01-31T21:30:00+08:00",
  );
}

/** The same, of what begins then: nothing that is still to come has happened. */
export function parseBeginning(text: string, now: number): number {
  const time = parsePastTime(text, now, "beginning");
  if (time <= now) return time;
  throw new CliError(
    "BEGINNING_IN_THE_FUTURE",
    `the beginning is ${formatTime(time)}, and it is ${formatTime(now)} now; name a time that is over`,
  );
}

/** A 31st of February would be taken for a day of March. */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}

function zonedTime(text: string): number | null {
  const hasZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)$/.test(text);
  const ms = hasZone && isDay(text.slice(0, DATE_LENGTH)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) return null;
  // A date has milliseconds and no more; what is finer would be lost.
  const [, finer = ""] = /\.\d{3}(\d{1,3})/.exec(text) ?? [];
  return ms * MICROSECONDS_PER_MILLISECOND + Number(finer.padEnd(3, "0"));
}

/** A time in microseconds since 1970 as ISO 8601 has it. */
export function formatTime(time: number): string {
  return new Date(time / MICROSECONDS_PER_MILLISECOND).toISOString();
}

/** The same with all six decimals of its second. */
export function formatMicroseconds(time: number): string {
  const rest = String(time % MICROSECONDS_PER_MILLISECOND).padStart(3, "0");
  return formatTime(Math.floor(time)).replace("Z", `${rest}Z`);
}

/** A part of a price in percent, as basis points: `2.5%` is 250. `off` is 0. */
export function parsePercent(text: string, what: string): number {
  if (text === "off") return 0;
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?%$/.exec(text);
  const bps = match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : Infinity;
  if (bps >= 1 && bps <= 10_000) return bps;
  throw new CliError(
    "NOT_A_PERCENTAGE",
    `the ${what} is "${text}"; it is 0.01% to 100%, with two decimals at most, or off`,
  );
}

/** Basis points in percent; `off` for none. */
export function formatPercent(bps: number): string {
  return bps === 0 ? "off" : `${bps / 100}%`;
}

/** A name of an enumeration of the interface, without its prefix and as the command line has it. */
export function nameOf(
  values: Readonly<Record<string, number>>,
  value: number,
  prefix: string,
): string {
  const name = Object.keys(values).find((key) => values[key] === value) ?? String(value);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
