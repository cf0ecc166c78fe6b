/**
 * The matching engine alone: how many messages a second in five kinds of market, how long one
 * takes, how much memory an order needs, what each of its ideas brings, and what a peer does on the
 * same flow. Nothing of it is durable: `e2e` measures the exchange.
 */
import { orderIdOf } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import type { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { randomNumbers } from "../helpers/orderflow.js";
import { type Flow, makeFlow, MessageKind, SCENARIOS, START_TICKS } from "./match-flow.js";
import { clockNs, type LatencyReport, measureLatency, messageP99Ns } from "./match-latency.js";
import { measurePeers, type PeerReport } from "./match-peers.js";
import { BATCH_COMMANDS, Driver, openEngine, Reader } from "./match-run.js";
import { ObjectBook, type Variant } from "./match-variants.js";
import { TypedBook } from "./match-variants-typed.js";

export interface MatchOptions {
  readonly messages?: number | undefined;
  readonly seed?: number;
  /** Small sizes, for tests: they show that it works, and no number of it means anything. */
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

interface Sizes {
  readonly messages: number;
  /** Counted runs of a scenario, each in a new engine; one more warms the compiler up. */
  readonly runs: number;
  readonly ordersInMemory: number;
  readonly peerSeconds: number;
  readonly latencySeconds: number;
}

const FULL: Sizes = {
  messages: 2_000_000,
  runs: 7,
  ordersInMemory: 1_000_000,
  peerSeconds: 10,
  latencySeconds: 2,
};

const SHORT: Sizes = {
  messages: 20_000,
  runs: 2,
  ordersInMemory: 10_000,
  peerSeconds: 1,
  latencySeconds: 0.02,
};

/** The variants are compared on this scenario. */
const LADDER_SCENARIO = "normal";
const MEMORY_TICKS = 10_000;
const QUANTITY_MAX = 100;
const MS_PER_SECOND = 1_000;
const HUNDRED = 100;

/**
 * What the flow of a scenario turned out to be: parts of its messages, and trades; and the orders
 * that stood at its end.
 */
export interface FlowReport {
  readonly enter: number;
  readonly cancel: number;
  readonly amend: number;
  readonly trades: number;
  readonly rows: number;
  readonly standing: number;
}

export interface MatchReport {
  readonly name: "match";
  readonly worstMps: number;
  /** Million messages a second: the median of the runs. */
  readonly scenarios: Readonly<Record<string, number>>;
  /**
   * Of single messages in the scenario where it is worst, in nanoseconds, with one clock reading
   * (`clockNs`) in it.
   */
  readonly p99Ns: number;
  readonly clockNs: number;
  readonly bytesPerOrder: number;
  readonly peers: Readonly<Record<string, PeerReport>>;
  readonly latency: LatencyReport;
  /** Million messages a second of each variant, the engine last. */
  readonly ladder: Readonly<Record<string, number>>;
  readonly flows: Readonly<Record<string, FlowReport>>;
  readonly messages: number;
  readonly seed: number;
  readonly runs: number;
  /** What went wrong: runs or variants that did not do the same. */
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Measures in this process, with nothing started besides. */
export function runMatch(options: MatchOptions = {}): Promise<MatchReport> {
  const sizes = options.short ? SHORT : FULL;
  const { messages = sizes.messages, seed = 1, log = () => {} } = options;
  const scenarios: Record<string, number> = {};
  const flows: Record<string, FlowReport> = {};
  const failures: string[] = [];
  let p99Ns = 0;
  for (const scenario of SCENARIOS) {
    const flow = makeFlow(scenario, messages, seed);
    const runs = Array.from({ length: sizes.runs + 1 }, () => runOnce(flow)).slice(1);
    scenarios[scenario.name] = medianRate(runs, flow);
    flows[scenario.name] = describe(flow, runs[0]!);
    if (runs.some(({ sum }) => sum !== runs[0]!.sum)) {
      failures.push(`runs of ${scenario.name} told different things`);
    }
    runs[0]!.engine.checkInvariants();
    p99Ns = Math.max(p99Ns, messageP99Ns(flow));
    log(`${scenario.name}: ${scenarios[scenario.name]} million messages/s`);
  }
  const flow = makeFlow(SCENARIOS.find(({ name }) => name === LADDER_SCENARIO)!, messages, seed);
  const ladder = measureLadder(flow, sizes.runs, failures, log);
  log("the peer, latencies and memory");
  return Promise.resolve({
    name: "match",
    worstMps: Math.min(...Object.values(scenarios)),
    scenarios,
    p99Ns,
    clockNs: Math.round(clockNs()),
    bytesPerOrder: measureMemory(sizes.ordersInMemory),
    peers: measurePeers(flow, sizes.peerSeconds),
    latency: measureLatency(sizes.latencySeconds),
    ladder: { ...ladder, engine: scenarios[LADDER_SCENARIO]! },
    flows,
    messages,
    seed,
    runs: sizes.runs,
    failures,
    ok: failures.length === 0,
  });
}

interface Run {
  readonly engine: FastEngine;
  readonly milliseconds: number;
  readonly trades: number;
  readonly rows: number;
  readonly sum: number;
}

function runOnce(flow: Flow): Run {
  const driver = new Driver(flow, openEngine());
  driver.run(0, flow.standing);
  const { engine, reader } = driver;
  const { trades, rows } = reader;
  const started = performance.now();
  driver.run(flow.standing, flow.length);
  const milliseconds = performance.now() - started;
  return {
    engine,
    milliseconds,
    trades: reader.trades - trades,
    rows: reader.rows - rows,
    sum: reader.sum,
  };
}

function medianRate(runs: readonly { readonly milliseconds: number }[], flow: Flow): number {
  const sorted = runs.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const messages = flow.length - flow.standing;
  return inMillions((messages * MS_PER_SECOND) / sorted[Math.floor(sorted.length / 2)]!);
}

function inMillions(perSecond: number): number {
  return Math.round(perSecond / (1e6 / HUNDRED)) / HUNDRED;
}

function describe(flow: Flow, { engine, trades, rows }: Run): FlowReport {
  const messages = flow.length - flow.standing;
  const share = (kind: number): number => {
    const all = flow.kinds.subarray(flow.standing).filter((other) => other === kind).length;
    return Math.round((all / messages) * HUNDRED) / HUNDRED;
  };
  return {
    enter: share(MessageKind.Enter),
    cancel: share(MessageKind.Cancel),
    amend: share(MessageKind.Amend),
    trades: Math.round((trades / messages) * HUNDRED) / HUNDRED,
    rows: Math.round((rows / messages) * HUNDRED) / HUNDRED,
    standing: engine.count(Side.Buy) + engine.count(Side.Sell),
  };
}

/** Bytes of all arrays of an engine per order, with so many orders on the book. */
function measureMemory(orders: number): number {
  const engine = openEngine();
  const entry = new OrderEntry();
  const random = randomNumbers(1);
  const reader = new Reader();
  for (let n = 1; n <= orders; n++) {
    const side = random(2) === 0 ? Side.Buy : Side.Sell;
    const away = 1 + random(MEMORY_TICKS);
    const price = START_TICKS + (side === Side.Buy ? -away : away);
    const quantity = 1 + random(QUANTITY_MAX);
    const good = TimeInForce.GoodTillCancel;
    engine.enter(entry.reset(orderIdOf(n, 1 + random(4)), n, side, price, quantity, good));
    reader.events(engine.log);
    if (n % BATCH_COMMANDS === 0) engine.takeRows(reader);
  }
  return Math.round((engine.bytes / orders) * 10) / 10;
}

const VARIANTS: readonly (readonly [string, () => Variant])[] = [
  ["objects", () => new ObjectBook(false)],
  ["pooledObjects", () => new ObjectBook(true)],
  ["typedArrays", () => new TypedBook(false, false)],
  ["ownIndex", () => new TypedBook(true, false)],
  ["priceWindow", () => new TypedBook(true, true)],
];

function measureLadder(
  flow: Flow,
  runs: number,
  failures: string[],
  log: (line: string) => void,
): Record<string, number> {
  const ladder: Record<string, number> = {};
  const traded = new Set<number>();
  for (const [name, create] of VARIANTS) {
    const taken: { milliseconds: number }[] = [];
    for (let run = 0; run <= runs; run++) {
      const book = create();
      runVariant(book, flow, 0, flow.standing);
      const started = performance.now();
      runVariant(book, flow, flow.standing, flow.length);
      if (run > 0) taken.push({ milliseconds: performance.now() - started });
      traded.add(book.traded);
    }
    ladder[name] = medianRate(taken, flow);
    log(`variant ${name}: ${ladder[name]} million messages/s`);
  }
  if (traded.size !== 1) failures.push("the variants did not trade the same");
  return ladder;
}

function runVariant(book: Variant, flow: Flow, from: number, to: number): void {
  const { kinds, orderIds, sides, prices, quantities, timesInForce } = flow;
  for (let at = from; at < to; at++) {
    const kind = kinds[at]!;
    if (kind === MessageKind.Enter) {
      const isImmediate = timesInForce[at] === TimeInForce.ImmediateOrCancel;
      book.enter(orderIds[at]!, sides[at]!, prices[at]!, quantities[at]!, isImmediate);
    } else if (kind === MessageKind.Cancel) {
      book.cancel(orderIds[at]!);
    } else {
      book.amend(orderIds[at]!, prices[at]!, quantities[at]!);
    }
  }
}
