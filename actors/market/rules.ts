/** The rules of a market that an operator sets: how far prices may go, how large orders may be (rule book, 6; R13). */
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import type { StateHash } from "../kernel/hash.js";
import {
  BREAKER_SECONDS_MAX,
  BREAKER_STEPS_MAX,
  QUANTITY_UNITS_MAX,
  UNITS_MAX,
} from "../kernel/limits.js";

export interface MarketRules {
  /** How far limits may be from the session's reference, in basis points of it; 0: as far as they like. */
  readonly staticBandBps: number;
  /** How far a taker goes from the last trade, likewise. */
  readonly dynamicBandBps: number;
  /** How far trades may go from the extremes of the window before the market halts into an auction, likewise. */
  readonly breakerBps: number;
  readonly breakerWindowSeconds: number;
  /** How long the auction lasts: the first time in a session, the second, and so on; the last one again and again. */
  readonly breakerHaltSeconds: readonly number[];
  /** In quantity units. */
  readonly orderQuantityMax: number;
  /** Price units × quantity units. */
  readonly orderValueMax: number;
}

export const BASIS_POINTS = 10_000;

export const DEFAULT_RULES: MarketRules = {
  staticBandBps: 2_000,
  dynamicBandBps: 0,
  breakerBps: 0,
  breakerWindowSeconds: 300,
  breakerHaltSeconds: [60, 300, 900],
  orderQuantityMax: QUANTITY_UNITS_MAX,
  orderValueMax: UNITS_MAX,
};

/** Says what is wrong with rules, or nothing. */
export function rulesProblem(rules: MarketRules): string | undefined {
  const { staticBandBps, dynamicBandBps, breakerBps } = rules;
  for (const [name, bps] of Object.entries({ staticBandBps, dynamicBandBps, breakerBps })) {
    if (!isWithin(bps, 0, BASIS_POINTS)) return `${name} is 0 (off) to ${BASIS_POINTS}`;
  }
  if (!isWithin(rules.breakerWindowSeconds, 1, BREAKER_SECONDS_MAX)) {
    return `breakerWindowSeconds is 1 to ${BREAKER_SECONDS_MAX}`;
  }
  const { length } = rules.breakerHaltSeconds;
  if (!isWithin(length, 1, BREAKER_STEPS_MAX)) {
    return `breakerHaltSeconds has 1 to ${BREAKER_STEPS_MAX} steps`;
  }
  if (!rules.breakerHaltSeconds.every((seconds) => isWithin(seconds, 1, BREAKER_SECONDS_MAX))) {
    return `each of breakerHaltSeconds is 1 to ${BREAKER_SECONDS_MAX}`;
  }
  if (!isWithin(rules.orderQuantityMax, 1, QUANTITY_UNITS_MAX)) {
    return `orderQuantityMax is 1 to ${QUANTITY_UNITS_MAX}`;
  }
  if (!isWithin(rules.orderValueMax, 1, UNITS_MAX)) return `orderValueMax is 1 to ${UNITS_MAX}`;
  return undefined;
}

export function encodeRules(writer: ByteWriter, rules: MarketRules): void {
  writer.uint(rules.staticBandBps).uint(rules.dynamicBandBps);
  writer.uint(rules.breakerBps).uint(rules.breakerWindowSeconds);
  writer.uint(rules.breakerHaltSeconds.length);
  for (const seconds of rules.breakerHaltSeconds) writer.uint(seconds);
  writer.uint(rules.orderQuantityMax).uint(rules.orderValueMax);
}

/** Throws `MalformedError`. */
export function decodeRules(reader: ByteReader): MarketRules {
  const staticBandBps = reader.uint();
  const dynamicBandBps = reader.uint();
  const breakerBps = reader.uint();
  const breakerWindowSeconds = reader.uint();
  const steps = reader.uint();
  if (steps > BREAKER_STEPS_MAX) throw new MalformedError(`${steps} steps of a breaker`);
  const breakerHaltSeconds = Array.from({ length: steps }, () => reader.uint());
  const rules: MarketRules = {
    staticBandBps,
    dynamicBandBps,
    breakerBps,
    breakerWindowSeconds,
    breakerHaltSeconds,
    orderQuantityMax: reader.uint(),
    orderValueMax: reader.uint(),
  };
  const problem = rulesProblem(rules);
  if (problem) throw new MalformedError(problem);
  return rules;
}

export function hashRules(hash: StateHash, rules: MarketRules): void {
  hash.add(rules.staticBandBps, rules.dynamicBandBps, rules.breakerBps);
  hash.add(rules.breakerWindowSeconds, rules.orderQuantityMax, rules.orderValueMax);
  hash.add(...rules.breakerHaltSeconds);
}

function isWithin(value: number, minimum: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= minimum && value <= maximum;
}
