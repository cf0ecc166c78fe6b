/**
 * Two engines side by side over a seeded flow: after each command they must have told the same and know the same. When they
 * do not, the flow is cut down to the commands that it takes.
 */
import { codeName } from "../../actors/kernel/codes.js";
import { Side } from "../../actors/kernel/order.js";
import type { MatchingEngine, OpenOrder } from "../../actors/market/engine.js";
import { EventKind, type EventLog, Field } from "../../actors/market/event-log.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { Random } from "../../services/participants/random.js";
import { type EngineClass, hashOf, listedState, restored } from "./engine.js";
import { applyTo, type EngineCommand, lineOf } from "./engine-commands.js";
import { eventsOf, sentence } from "./engine-events.js";
import { EngineFlow } from "./engine-flow.js";
import { drawSetting, drawWideSetting, type FlowSetting } from "./engine-settings.js";
import { OrderTables } from "./engine-tables.js";

/** A market of its own every so many commands, so that each divergence is near its beginning. */
const COMMANDS_PER_MARKET = 2_000;
/** One market in so many is a wide one, which takes far longer; half of the first of them is in a short run too. */
const WIDE_EVERY = 20;
const WIDE_AT = 11;
/** So often all orders are compared, and the engines look at themselves. */
const LOOK_EVERY = 50;
const EVENT_WIDTH = 12;
const NOBODYS_ORDER = 2 ** 40;
const EVENTS_SHOWN = 40;

/** The engine that trades, and the one that it is measured by. */
export type Pair = readonly [EngineClass, EngineClass];
const ENGINES: Pair = [FastEngine, NaiveEngine];

export interface Comparison {
  readonly commands: number;
  readonly markets: number;
  /** How often each kind of event was told, and each code. */
  readonly kinds: ReadonlyMap<EventKind, number>;
  readonly codes: ReadonlyMap<string, number>;
}

export class Divergence extends Error {
  override readonly name = "Divergence";
  readonly commands: readonly EngineCommand[];

  constructor(seed: number, market: number, setting: FlowSetting, found: Found) {
    const { commands, difference } = found;
    super(
      [
        `the engines differ: seed ${seed}, market ${market}, ${commands.length} commands`,
        `setting ${JSON.stringify(setting)}`,
        ...commands.map(lineOf),
        difference,
      ].join("\n"),
    );
    this.commands = commands;
  }
}

interface Found {
  readonly commands: readonly EngineCommand[];
  readonly difference: string;
}

/** Throws a `Divergence` with the fewest commands that it could find. */
export function compareEngines(commands: number, seed: number, pair: Pair = ENGINES): Comparison {
  const kinds = new Map<EventKind, number>();
  const codes = new Map<string, number>();
  let left = commands;
  let markets = 0;
  while (left > 0) {
    const count = Math.min(left, COMMANDS_PER_MARKET);
    compareOneMarket(count, seed, markets, pair, { kinds, codes });
    left -= count;
    markets += 1;
  }
  return { commands, markets, kinds, codes };
}

interface Counts {
  readonly kinds: Map<EventKind, number>;
  readonly codes: Map<string, number>;
}

function compareOneMarket(
  count: number,
  seed: number,
  market: number,
  pair: Pair,
  counts: Counts,
): void {
  const random = new Random(seed * 1_000_003 + market);
  const setting = market % WIDE_EVERY === WIDE_AT ? drawWideSetting(random) : drawSetting(random);
  const flow = new EngineFlow(random, setting);
  const match = new Match(pair, setting);
  const done: EngineCommand[] = [];
  for (let n = 0; n < count; n++) {
    const command = flow.next(match.reference);
    done.push(command);
    const difference = match.step(command);
    if (difference === undefined) countEvents(match.reference.log, counts);
    else throw new Divergence(seed, market, setting, shortest(pair, setting, done, difference));
  }
}

/** The first difference that commands lead to, if any. */
function differenceOf(
  pair: Pair,
  setting: FlowSetting,
  commands: readonly EngineCommand[],
): string | undefined {
  const match = new Match(pair, setting);
  for (const command of commands) {
    const difference = match.step(command);
    if (difference !== undefined) return difference;
  }
  return match.look();
}

/** Leaves out commands, many at once and then fewer, for as long as the engines still differ. */
function shortest(
  pair: Pair,
  setting: FlowSetting,
  commands: readonly EngineCommand[],
  difference: string,
): Found {
  let found: Found = { commands, difference };
  let size = Math.ceil(commands.length / 2);
  while (size >= 1) {
    let at = 0;
    let isShorter = false;
    while (at < found.commands.length) {
      const rest = found.commands.toSpliced(at, size);
      const still = differenceOf(pair, setting, rest);
      if (still === undefined) {
        at += size;
      } else {
        found = { commands: rest, difference: still };
        isShorter = true;
      }
    }
    // At one command at a time, again until nothing can be left out.
    if (size > 1 || !isShorter) size = Math.floor(size / 2);
  }
  return found;
}

/** Both engines under the same commands, and what each has stored. */
class Match {
  readonly pair: Pair;
  readonly setting: FlowSetting;
  private readonly engines: [MatchingEngine, MatchingEngine];
  private readonly tables = [new OrderTables(), new OrderTables()] as const;
  private steps = 0;

  constructor(pair: Pair, setting: FlowSetting) {
    this.pair = pair;
    this.setting = setting;
    const { tick, lot, reference, rules, limits } = setting;
    const instrument = { tick, lot, referencePrice: reference };
    const [One, Other] = pair;
    this.engines = [
      new One(listedState({ instrument, rules }), limits),
      new Other(listedState({ instrument, rules }), limits),
    ];
  }

  get reference(): MatchingEngine {
    return this.engines[1];
  }

  /** Gives both a command; says how they differ afterwards, or nothing. */
  step(command: EngineCommand): string | undefined {
    this.steps += 1;
    const failures = this.engines.map((_, at) => {
      try {
        this.stepOf(at as 0 | 1, command);
        return "nothing";
      } catch (error) {
        return String((error as Error).stack ?? error);
      }
    });
    if (failures.some((failure) => failure !== "nothing")) {
      return `an engine fails: ${failures.join("\nand the other: ")}`;
    }
    const [one, other] = this.engines;
    if (!isSameLog(one.log, other.log)) return differenceOfLogs(one.log, other.log);
    if (command.kind === "store" || command.kind === "restore") return this.differenceOfRows();
    const isSeldom = this.steps % LOOK_EVERY !== 0;
    return difference("hash", hashOf(one), hashOf(other)) ?? (isSeldom ? undefined : this.look());
  }

  /** Compares all that can be read of them. */
  look(): string | undefined {
    const [one, other] = this.engines;
    for (const engine of this.engines) {
      try {
        engine.checkInvariants();
      } catch (error) {
        return `${engine.constructor.name}: ${String((error as Error).stack)}`;
      }
    }
    const open = [...other.book(Side.Buy), ...other.book(Side.Sell), ...other.waiting()];
    const found = (engine: MatchingEngine): (OpenOrder | undefined)[] =>
      [NOBODYS_ORDER, ...open.map(({ orderId }) => orderId)].map((id) => engine.find(id));
    return (
      difference("found", told(found(one)), told(found(other))) ??
      difference("bids", told(one.book(Side.Buy)), told(other.book(Side.Buy))) ??
      difference("asks", told(one.book(Side.Sell)), told(other.book(Side.Sell))) ??
      difference("waiting", told(one.waiting()), told(other.waiting())) ??
      difference("bids counted", one.count(Side.Buy), other.count(Side.Buy)) ??
      difference("asks counted", one.count(Side.Sell), other.count(Side.Sell)) ??
      difference("due", String(one.due()), String(other.due())) ??
      difference("stored state", [...one.state.encode()], [...other.state.encode()])
    );
  }

  private stepOf(at: 0 | 1, command: EngineCommand): void {
    const engine = this.engines[at];
    engine.log.reset();
    if (command.kind !== "store" && command.kind !== "restore") {
      applyTo(engine, command);
      return;
    }
    this.tables[at].take(engine);
    if (command.kind === "store") return;
    const orders = this.tables[at].inOrderOfLoading();
    this.engines[at] = restored(engine, this.pair[at], this.setting.limits, orders);
  }

  private differenceOfRows(): string | undefined {
    const [one, other] = this.tables;
    return difference("rows", told(one.orders()), told(other.orders()));
  }
}

function isSameLog(one: EventLog, other: EventLog): boolean {
  if (one.count !== other.count) return false;
  for (let at = 0; at < one.count; at++) {
    for (let field = 0; field < EVENT_WIDTH; field++) {
      if (one.value(at, field) !== other.value(at, field)) return false;
    }
  }
  return true;
}

function differenceOfLogs(one: EventLog, other: EventLog): string {
  const [events, others] = [one.toArrays(), other.toArrays()];
  const at = events.findIndex((event, n) => String(event) !== String(others[n]));
  const from = at < 0 ? events.length : at;
  const show = (log: EventLog): string =>
    eventsOf(log)
      .slice(from, from + EVENTS_SHOWN)
      .map((event) => `  ${sentence(event)}   ${JSON.stringify(event)}`)
      .join("\n");
  return `from the event ${from} on the one tells\n${show(one)}\nand the other\n${show(other)}`;
}

function difference(what: string, one: unknown, other: unknown): string | undefined {
  const [first, second] = [JSON.stringify(one), JSON.stringify(other)];
  if (first === second) return undefined;
  return `${what}: ${first}\nand of the other: ${second}`;
}

/** Orders in words, whatever the order of their fields. */
function told(orders: readonly (OpenOrder | undefined)[]): string[] {
  return orders.map((order) => {
    if (!order) return "none";
    const { orderId, account, owner, side, price, leaves, shown, priority } = order;
    const { type, timeInForce, stopPrice, display, expires, pair, selfTrade, postOnly, trail } =
      order;
    const where = `${orderId} of ${account} (${owner}), side ${side}: ${shown} of ${leaves} at ${price}`;
    const when = `priority ${priority}, type ${type}, ${timeInForce}, ${expires}, stop ${stopPrice}/${trail}`;
    return `${where}, ${when}, ${display}, pair ${pair}, ${selfTrade}, ${postOnly}`;
  });
}

function countEvents(log: EventLog, { kinds, codes }: Counts): void {
  for (let at = 0; at < log.count; at++) {
    const kind = log.value(at, Field.kind) as EventKind;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const code = codeOf(log, at, kind);
    if (code === 0) continue;
    const name = codeName(code);
    codes.set(name, (codes.get(name) ?? 0) + 1);
  }
}

function codeOf(log: EventLog, at: number, kind: EventKind): number {
  switch (kind) {
    case EventKind.Reduced:
    case EventKind.Ended:
    case EventKind.Refused:
      return log.value(at, Field.code);
    case EventKind.PhaseChanged:
      return log.value(at, Field.phaseCode);
    default:
      return 0;
  }
}
