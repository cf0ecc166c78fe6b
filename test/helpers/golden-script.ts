/**
 * Golden scripts: what a market does with each command, as text that a trader can read. A line that begins with `>` is a
 * command, the lines behind it that begin with `<` are what the engine tells. Everything else is commentary and stays as it is.
 */
import { Code, codeName } from "../../actors/kernel/codes.js";
import {
  OrderRequest,
  OrderType,
  SelfTrade,
  Side,
  TimeInForce,
} from "../../actors/kernel/order.js";
import type { MatchingEngine, OpenOrder } from "../../actors/market/engine.js";
import { AUCTION_SIDE_OFFSET, EventKind, Field } from "../../actors/market/event-log.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { Phase, PHASE_NAMES } from "../../actors/market/phase.js";
import { DEFAULT_RULES, type MarketRules } from "../../actors/market/rules.js";

const SECONDS_PER_MINUTE = 60;
const MINUTES_PER_HOUR = 60;
const MICROSECONDS_PER_SECOND = 1_000_000;
const BASIS_POINTS_PER_PERCENT = 100;

const MODES: Readonly<Record<string, SelfTrade>> = {
  newest: SelfTrade.CancelNewest,
  oldest: SelfTrade.CancelOldest,
  both: SelfTrade.CancelBoth,
  decrement: SelfTrade.Decrement,
};
const TIMES_IN_FORCE: Readonly<Record<string, TimeInForce>> = {
  ioc: TimeInForce.ImmediateOrCancel,
  fok: TimeInForce.FillOrKill,
  day: TimeInForce.Day,
  open: TimeInForce.AtTheOpen,
  close: TimeInForce.AtTheClose,
};
const REQUESTS: Readonly<Record<OrderRequest, string>> = {
  [OrderRequest.Cancel]: "cancel",
  [OrderRequest.Reduce]: "reduce",
  [OrderRequest.Amend]: "amend",
};

/** Runs a script and gives it back with what the engine really told. */
export function runScript(text: string, engine: MatchingEngine): string {
  const desk = new ScriptDesk(engine);
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("<")) continue;
    lines.push(line);
    if (!line.startsWith(">")) continue;
    for (const told of desk.do(line.slice(1).trim())) lines.push(`< ${told}`);
  }
  return lines.join("\n");
}

class ScriptDesk {
  private readonly engine: MatchingEngine;
  private readonly entry = new OrderEntry();
  private lastId = 0;

  constructor(engine: MatchingEngine) {
    this.engine = engine;
    engine.state.instrument = {
      id: 1025,
      symbol: "GOLD",
      baseAsset: 1,
      quoteAsset: 2,
      priceDecimals: 0,
      quantityDecimals: 0,
      tick: 1,
      lot: 1,
      notionalFactor: 1,
      referencePrice: 100,
      makerFee: 0,
      takerFee: 0,
      feeTiers: [],
    };
    engine.state.sessionReference = 100;
  }

  do(command: string): string[] {
    const { engine } = this;
    engine.log.reset();
    const words = command.split(/\s+/);
    if (command === "book") return bookOf(engine);
    if (!this.administer(words) && !this.change(words)) this.enter(words);
    return Array.from({ length: engine.log.count }, (_, at) => tell(engine, at)).filter(
      (told) => told !== "",
    );
  }

  private administer(words: readonly string[]): boolean {
    const { engine } = this;
    const [verb, first = ""] = words;
    if (verb === "time") engine.advance(timeOf(first));
    else if (verb === "phase") {
      const until = words[2] === "until" ? timeOf(words[3]!) : 0;
      engine.changePhase(phaseNamed(first), until);
    } else if (verb === "rules") engine.setRules(rulesOf(words.slice(1)));
    else if (verb === "schedule") engine.setSchedule(scheduleOf(words.slice(1)));
    else if (verb === "instrument") {
      engine.state.instrument = {
        ...engine.state.instrument!,
        tick: Number(words[2]),
        lot: Number(words[4]),
      };
    } else return false;
    return true;
  }

  private change(words: readonly string[]): boolean {
    const { engine } = this;
    const orderId = Number(words[1]);
    if (words[0] === "cancel" && words[1] === "all") {
      const account = words[2] === "of" ? accountOf(words[3]!) : 0;
      engine.massCancel(account, sideOf(words.at(-1)!) ?? 0);
    } else if (words[0] === "cancel") engine.cancel(orderId);
    else if (words[0] === "reduce") engine.reduce(orderId, Number(words[3]));
    else if (words[0] === "amend") {
      engine.amend({
        orderId,
        price: numberAfter(words, "@"),
        change: numberAfter(words, "by"),
        stopPrice: numberAfter(words, "stop"),
        display: numberAfter(words, "show"),
      });
    } else return false;
    return true;
  }

  /** `A buy 10 @ 100 …`: orders are numbered as they come. */
  private enter(words: readonly string[]): void {
    const side = sideOf(words[1]!);
    if (!side) throw new Error(`no command: ${words.join(" ")}`);
    this.lastId += 1;
    const account = accountOf(words[0]!);
    const price = numberAfter(words, "@");
    const { entry } = this;
    entry.reset(this.lastId, account, side, price, Number(words[2]), TimeInForce.GoodTillCancel);
    entry.stopPrice = numberAfter(words, "stop");
    entry.display = numberAfter(words, "show");
    entry.pair = numberAfter(words, "pair");
    entry.owner = words.includes("group") ? 1_000 + numberAfter(words, "group") : account;
    entry.postOnly = words.includes("post-only") || words.includes("reprice");
    entry.reprices = words.includes("reprice");
    entry.trail = numberAfter(words, "trail");
    entry.minQuantity = numberAfter(words, "at-least");
    if (entry.stopPrice > 0) entry.type = OrderType.StopLimit;
    if (words.includes("market")) {
      entry.type = entry.stopPrice > 0 ? OrderType.Stop : OrderType.Market;
      if (entry.type === OrderType.Market) entry.timeInForce = TimeInForce.ImmediateOrCancel;
    }
    for (const word of words.slice(3)) {
      entry.timeInForce = TIMES_IN_FORCE[word] ?? entry.timeInForce;
      entry.selfTrade = MODES[word] ?? entry.selfTrade;
    }
    if (words.includes("gtd")) {
      entry.timeInForce = TimeInForce.GoodTillDate;
      entry.expires = timeOf(words[words.indexOf("gtd") + 1]!);
    }
    this.engine.enter(entry);
  }
}

function tell(engine: MatchingEngine, at: number): string {
  const of = (field: number) => engine.log.value(at, field);
  const order = of(Field.orderId);
  const price = of(Field.price);
  const leaves = of(Field.leaves);
  const shown = of(Field.shown);
  const what = `${sideName(of(Field.side))} ${leaves} @ ${price}`;
  const shows = shown === leaves || shown === 0 ? "" : `, shows ${shown}`;
  switch (of(Field.kind)) {
    case EventKind.Trade:
      return tellTrade(of);
    case EventKind.Rested:
      return `${order} rests: ${what}${shows}`;
    case EventKind.Waiting:
      return `${order} waits: ${what}`;
    case EventKind.Triggered:
      return `${order} triggers: ${what}`;
    case EventKind.Refilled:
      return `${order} shows ${shown} again`;
    case EventKind.Amended:
      return `${order} amended: ${what}${shows}${of(Field.priority) === 0 ? ", leaves its place" : ", keeps its place"}`;
    case EventKind.Reduced:
      return `${order} reduced: ${what}${of(Field.code) === Code.OK ? "" : `, ${codeName(of(Field.code))}`}`;
    case EventKind.Ended:
      return `${order} ends: ${leaves} left, ${codeName(of(Field.code))}`;
    case EventKind.Refused:
      return `${REQUESTS[of(Field.request) as OrderRequest]} of ${order} refused: ${codeName(of(Field.code))}`;
    default:
      return tellMarket(of);
  }
}

function tellTrade(of: (field: number) => number): string {
  const isAuction = of(Field.takerSide) > AUCTION_SIDE_OFFSET;
  const side = of(Field.takerSide) - (isAuction ? AUCTION_SIDE_OFFSET : 0);
  const verb = side === Side.Buy ? "buys" : "sells";
  const where = isAuction ? " in the auction" : "";
  return (
    `${of(Field.takerOrder)} ${verb} ${of(Field.tradeQuantity)} @ ${of(Field.tradePrice)} ` +
    `${side === Side.Buy ? "from" : "to"} ${of(Field.makerOrder)}${where}`
  );
}

function tellMarket(of: (field: number) => number): string {
  switch (of(Field.kind)) {
    case EventKind.Depth: {
      const quantity = of(Field.depthQuantity);
      const level = `${sideName(of(Field.depthSide))} level ${of(Field.depthPrice)}`;
      return quantity === 0 ? `${level} is gone` : `${level} shows ${quantity}`;
    }
    case EventKind.PhaseChanged: {
      const until = of(Field.phaseUntil);
      const phase = PHASE_NAMES[of(Field.phase) as Phase];
      return `phase ${phase}${until === 0 ? "" : ` until ${clockOf(until)}`}, ${codeName(of(Field.phaseCode))}`;
    }
    case EventKind.Indicative: {
      const volume = of(Field.indicativeVolume);
      if (volume === 0) return "an uncross would trade nothing";
      const surplus = of(Field.indicativeSurplus);
      return `an uncross would trade ${volume} @ ${of(Field.indicativePrice)}, surplus ${surplus}`;
    }
    default:
      throw new Error(`event ${of(Field.kind)}`);
  }
}

function bookOf(engine: MatchingEngine): string[] {
  const lineOf = (order: OpenOrder) =>
    `${sideName(order.side)} ${order.price}: ${order.orderId} ${order.shown}` +
    (order.shown === order.leaves ? "" : ` of ${order.leaves}`);
  const asks = engine.book(Side.Sell).map(lineOf).reverse();
  const bids = engine.book(Side.Buy).map(lineOf);
  const waiting = engine
    .waiting()
    .map(({ orderId, side, leaves, stopPrice }) =>
      stopPrice > 0
        ? `waiting for ${stopPrice}: ${orderId} ${sideName(side)} ${leaves}`
        : `waiting for the close: ${orderId} ${sideName(side)} ${leaves}`,
    );
  const lines = [...asks, ...bids, ...waiting];
  return lines.length > 0 ? lines : ["nothing"];
}

function rulesOf(words: readonly string[]): MarketRules {
  const percent = (name: string, otherwise: number) =>
    words.includes(name)
      ? Math.round(Number.parseFloat(words[words.indexOf(name) + 1]!) * BASIS_POINTS_PER_PERCENT)
      : otherwise;
  const halts = words.includes("halts") ? words.slice(words.indexOf("halts") + 1) : [];
  return {
    staticBandBps: percent("band", 0),
    dynamicBandBps: percent("dynamic", 0),
    breakerBps: percent("breaker", 0),
    breakerWindowSeconds: numberAfter(words, "window") || DEFAULT_RULES.breakerWindowSeconds,
    breakerHaltSeconds: halts.length > 0 ? halts.map(Number) : DEFAULT_RULES.breakerHaltSeconds,
    orderQuantityMax: numberAfter(words, "quantity") || DEFAULT_RULES.orderQuantityMax,
    orderValueMax: numberAfter(words, "value") || DEFAULT_RULES.orderValueMax,
  };
}

function scheduleOf(words: readonly string[]): { time: number; phase: Phase }[] {
  const entries: { time: number; phase: Phase }[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    entries.push({ time: timeOf(words[at]!), phase: phaseNamed(words[at + 1]!) });
  }
  return entries;
}

function phaseNamed(name: string): Phase {
  const found = Object.entries(PHASE_NAMES).find(([, known]) => known === name);
  if (!found) throw new Error(`no phase ${name}`);
  return Number(found[0]) as Phase;
}

/** `09:30:00`, of the first day there is, in microseconds. */
function timeOf(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(":").map(Number);
  const total = (hours * MINUTES_PER_HOUR + minutes) * SECONDS_PER_MINUTE + seconds;
  return total * MICROSECONDS_PER_SECOND;
}

function clockOf(time: number): string {
  const MILLISECONDS_PER_MICROSECOND = 1 / 1_000;
  return new Date(time * MILLISECONDS_PER_MICROSECOND).toISOString().slice(11, 19);
}

function numberAfter(words: readonly string[], word: string): number {
  const at = words.indexOf(word);
  return at < 0 ? 0 : Number(words[at + 1]);
}

function accountOf(letter: string): number {
  return letter.charCodeAt(0) - "A".charCodeAt(0) + 1;
}

function sideOf(word: string): Side | undefined {
  if (word === "buy") return Side.Buy;
  return word === "sell" ? Side.Sell : undefined;
}

function sideName(side: number): string {
  return side === Side.Buy ? "buy" : "sell";
}
