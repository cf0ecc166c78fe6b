/** A market from the command line: how it stands, its phase, its rules, its schedule, its orders. */
import { readFileSync } from "node:fs";
import { ACCOUNT_ID_MAX, QUANTITY_UNITS_MAX, UNITS_MAX } from "../../actors/kernel/limits.js";
import { PHASE_NAMES } from "../../actors/market/phase.js";
import {
  type Instrument,
  type Market,
  MarketPhase,
  type MarketRules,
  type SchedulePhase,
  Side,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import { formatDecimal } from "../common/decimal.js";
import { CliError } from "./cli-error.js";
import { instrumentOf, withClient } from "./connect.js";
import { parseDecimal, parseWhole } from "./decimal.js";
import { printJson, printTable } from "./output.js";
import type { Whereabouts } from "./whereabouts.js";
import {
  formatPercent,
  formatTime,
  parsePercent,
  parseSeconds,
  parseTime,
  sideOf,
  wordOf,
} from "./words.js";

/** What every command through a gateway takes. */
const OF_ALL = ["json", "dataDir", "gateway"] as const;

export interface MarketOptions extends Whereabouts {
  readonly json?: boolean;
  readonly for?: string;
  readonly band?: string;
  readonly dynamic?: string;
  readonly breaker?: string;
  readonly window?: string;
  readonly halts?: string;
  readonly maxQuantity?: string;
  readonly maxValue?: string;
  readonly account?: string;
  readonly side?: string;
}

type Option = Exclude<keyof MarketOptions, (typeof OF_ALL)[number]>;

/** What is wished of a market, and the command that does it. */
interface Wish {
  readonly client: ExchangeClient;
  readonly instrument: Instrument;
  readonly argument: string | undefined;
  readonly options: MarketOptions;
}

interface Action {
  readonly takes: readonly Option[];
  /** What its argument is; null: it has none. */
  readonly argument: string | null;
  readonly run: (wish: Wish) => Promise<Market>;
}

const RULES = ["band", "dynamic", "breaker", "window", "halts", "maxQuantity", "maxValue"] as const;

const ACTIONS: Readonly<Record<string, Action>> = {
  show: { takes: [], argument: null, run: show },
  phase: { takes: ["for"], argument: "the phase", run: changePhase },
  rules: { takes: RULES, argument: null, run: setRules },
  schedule: { takes: [], argument: "the file", run: setSchedule },
  cancel: { takes: ["account", "side"], argument: null, run: massCancel },
};

const PHASES: Readonly<Record<string, MarketPhase>> = Object.fromEntries(
  Object.entries(PHASE_NAMES).map(([phase, name]) => [name, Number(phase) as MarketPhase]),
);

export function market(
  symbol: string,
  word: string | undefined,
  argument: string | undefined,
  options: MarketOptions,
): Promise<void> {
  const name = word ?? "show";
  const action = wordOf(ACTIONS, name, "action", "UNKNOWN_ACTION");
  checkWords(name, action, argument, options);
  return withClient(options, async (client) => {
    const instrument = await instrumentOf(client, symbol);
    const found = await action.run({ client, instrument, argument, options });
    if (options.json) printJson(found);
    else print(found, instrument);
  });
}

/** What another action takes is a mistake, and not to be passed over. */
function checkWords(
  name: string,
  { takes, argument: wanted }: Action,
  argument: string | undefined,
  options: MarketOptions,
): void {
  if (wanted !== null && argument === undefined) {
    throw new CliError("ARGUMENT_MISSING", `market SYMBOL ${name} needs ${wanted}`);
  }
  if (wanted === null && argument !== undefined) {
    throw new CliError("ARGUMENT_TOO_MUCH", `market SYMBOL ${name} takes no "${argument}"`);
  }
  for (const option of Object.keys(options)) {
    if ((OF_ALL as readonly string[]).includes(option)) continue;
    if ((takes as readonly string[]).includes(option)) continue;
    const allowed = takes.map(flagOf).join(", ") || "no option of its own";
    throw new CliError(
      "OPTION_OUT_OF_PLACE",
      `market SYMBOL ${name} takes ${allowed}, not ${flagOf(option)}`,
    );
  }
}

/** `maxValue` as it is written. */
function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function show({ client, instrument }: Wish): Promise<Market> {
  return client.market(instrument.symbol);
}

async function changePhase({ client, instrument, argument, options }: Wish): Promise<Market> {
  const phase = wordOf(PHASES, argument!, "phase", "UNKNOWN_PHASE");
  const until =
    options.for === undefined
      ? 0
      : parseTime(`+${options.for}`, await client.serverTime(), "time of the phase");
  return client.changePhase(instrument.symbol, phase, until);
}

/** Rules that are not named stay. */
async function setRules({ client, instrument, options }: Wish): Promise<Market> {
  if (RULES.every((rule) => options[rule] === undefined)) {
    throw new CliError("NO_RULE", `say which rules are to change: ${RULES.map(flagOf).join(", ")}`);
  }
  const changes = rulesOf(instrument, options);
  const { rules } = await client.market(instrument.symbol);
  return client.setRules(instrument.symbol, { ...rules!, ...changes });
}

function rulesOf(instrument: Instrument, options: MarketOptions): Partial<MarketRules> {
  const { band, dynamic, breaker, window, halts, maxQuantity, maxValue } = options;
  const { priceDecimals, quantityDecimals } = instrument;
  const changes: { -readonly [Key in keyof MarketRules]?: MarketRules[Key] } = {};
  if (band !== undefined) changes.staticBandBps = parsePercent(band, "band");
  if (dynamic !== undefined) changes.dynamicBandBps = parsePercent(dynamic, "dynamic band");
  if (breaker !== undefined) changes.breakerBps = parsePercent(breaker, "breaker");
  if (window !== undefined) changes.breakerWindowSeconds = parseSeconds(window, "window");
  if (halts !== undefined) {
    changes.breakerHaltSeconds = halts.split(",").map((each) => parseSeconds(each, "halt"));
  }
  if (maxQuantity !== undefined) {
    changes.orderQuantityMax =
      maxQuantity === "off"
        ? QUANTITY_UNITS_MAX
        : parseDecimal(maxQuantity, quantityDecimals, "largest quantity");
  }
  if (maxValue !== undefined) {
    const decimals = priceDecimals + quantityDecimals;
    changes.orderValueMax =
      maxValue === "off" ? UNITS_MAX : parseDecimal(maxValue, decimals, "largest value");
  }
  return changes;
}

async function setSchedule({ client, instrument, argument }: Wish): Promise<Market> {
  const text = readSchedule(argument!);
  const schedule = scheduleOf(text, await client.serverTime());
  return client.setSchedule(instrument.symbol, schedule);
}

function readSchedule(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError("NO_FILE", `the schedule cannot be read: ${(error as Error).message}`);
  }
}

/** Lines of a time and a phase; what follows a `#` is for people. */
export function scheduleOf(text: string, now: number): SchedulePhase[] {
  return text.split("\n").flatMap((line, at) => {
    const words = line
      .replace(/#.*/, "")
      .split(/[\s,]+/)
      .filter((word) => word !== "");
    if (words.length === 0) return [];
    const [time = "", phase = "", ...others] = words;
    const where = `in line ${at + 1}`;
    if (phase === "" || others.length > 0) {
      throw new CliError(
        "NOT_A_SCHEDULE",
        `${where} stand ${words.length} words, not a time and a phase`,
      );
    }
    return [
      {
        time: parseTime(time, now, `time ${where}`),
        phase: wordOf(PHASES, phase, `phase ${where}`, "UNKNOWN_PHASE"),
      },
    ];
  });
}

function massCancel({ client, instrument, options }: Wish): Promise<Market> {
  const { account, side } = options;
  return client.massCancel({
    symbol: instrument.symbol,
    account: account === undefined ? 0 : parseWhole(account, 1, ACCOUNT_ID_MAX, "account"),
    side: side === undefined ? Side.SIDE_UNSPECIFIED : sideOf(side),
  });
}

function print(found: Market, instrument: Instrument): void {
  const { phase, phaseUntil, sessionReference, lastPrice, indicative, halts, schedule } = found;
  const price = (units: number): string =>
    units === 0 ? "none" : formatDecimal(units, instrument.priceDecimals);
  const amount = (units: number): string => formatDecimal(units, instrument.quantityDecimals);
  const until = phaseUntil === 0 ? "" : ` until ${formatTime(phaseUntil)}`;
  const rows = [
    [found.symbol, `${phaseName(phase)}${until}`],
    ["last trade", price(lastPrice)],
    ["session reference", price(sessionReference)],
    ...rulesRows(found.rules!, instrument),
    ["breaker halts this session", halts],
  ];
  if (indicative) {
    const { volume, surplus } = indicative;
    const left =
      surplus === 0 ? "" : `, ${amount(Math.abs(surplus))} left to ${surplus > 0 ? "buy" : "sell"}`;
    rows.push(["an auction now", `${amount(volume)} at ${price(indicative.price)}${left}`]);
  }
  for (const { time, phase: next } of schedule) rows.push([formatTime(time), phaseName(next)]);
  printTable(rows);
}

function rulesRows(rules: MarketRules, instrument: Instrument): string[][] {
  const { priceDecimals, quantityDecimals } = instrument;
  const { breakerBps, breakerWindowSeconds, breakerHaltSeconds } = rules;
  const halts = breakerHaltSeconds.map((seconds) => `${seconds}s`).join(", ");
  const breaker =
    breakerBps === 0
      ? "off"
      : `${formatPercent(breakerBps)} in ${breakerWindowSeconds}s, halts ${halts}`;
  const quantity = formatDecimal(rules.orderQuantityMax, quantityDecimals);
  const value = formatDecimal(rules.orderValueMax, priceDecimals + quantityDecimals);
  return [
    ["band", formatPercent(rules.staticBandBps)],
    ["dynamic band", formatPercent(rules.dynamicBandBps)],
    ["breaker", breaker],
    ["largest quantity", rules.orderQuantityMax === QUANTITY_UNITS_MAX ? "off" : quantity],
    ["largest value", rules.orderValueMax === UNITS_MAX ? "off" : value],
  ];
}

function phaseName(phase: MarketPhase): string {
  return PHASE_NAMES[phase as keyof typeof PHASE_NAMES] ?? String(phase);
}
