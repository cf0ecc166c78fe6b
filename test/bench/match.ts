/**
 * The matching engine alone: how many messages a second in five kinds of market, how long one
 * takes, how much memory an order needs, what each of its ideas brings, and what a peer does on the
 * same flow. Nothing of it is durable: `e2e` measures the exchange.
 */
import { orderIdOf } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { randomNumbers } from "../helpers/orderflow.js";
import { type Flow, makeFlow, MessageKind, SCENARIOS, START_TICKS } from "./match-flow.js";
import { type Machine, machineOf } from "./machine.js";
import { inMillions, measureLadder, Rates } from "./match-ladder.js";
import { clockNs, type LatencyReport, measureLatency, messageP99Ns } from "./match-latency.js";
import { measurePeers, type PeerReport } from "./match-peers.js";
import { BATCH_COMMANDS, Driver, openEngine, Reader } from "./match-run.js";
import { atLeast, type Target } from "./targets.js";

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

const WORST_TARGET_MPS = 8;
/** The variants are compared on this scenario. */
const LADDER_SCENARIO = "normal";
const MEMORY_TICKS = 10_000;
const QUANTITY_MAX = 100;
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
  /** Was it only tried? Then none of its numbers means anything. */
  readonly short: boolean;
  readonly worstMps: number;
  /** Million messages a second: the median of the runs, and the fastest of them. */
  readonly scenarios: Readonly<Record<string, number>>;
  readonly fastest: Readonly<Record<string, number>>;
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
  readonly machine: Machine;
  readonly targets: readonly Target[];
  /** What went wrong: runs or variants that did not do the same. */
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Measures in this process, with nothing started besides. */
export function runMatch(options: MatchOptions = {}): Promise<MatchReport> {
  const { short = false } = options;
  const sizes = short ? SHORT : FULL;
  const { messages = sizes.messages, seed = 1, log = () => {} } = options;
  const flows = SCENARIOS.map((scenario) => makeFlow(scenario, messages, seed));
  const normal = flows[SCENARIOS.findIndex(({ name }) => name === LADDER_SCENARIO)]!;
  const measured = measureScenarios(flows, sizes.runs, log);
  const failures = [...measured.failures];
  const ladder = measureLadder(normal, sizes.runs, log);
  if (!ladder.isSame) failures.push("the variants did not trade the same");
  log("single messages, the peer, latencies and memory");
  const worstMps = Math.min(...Object.values(measured.scenarios));
  return Promise.resolve({
    name: "match",
    short,
    worstMps,
    scenarios: measured.scenarios,
    fastest: measured.fastest,
    p99Ns: Math.max(...flows.map((flow) => messageP99Ns(flow))),
    clockNs: Math.round(clockNs()),
    bytesPerOrder: measureMemory(sizes.ordersInMemory),
    peers: measurePeers(normal, sizes.peerSeconds),
    latency: measureLatency(sizes.latencySeconds),
    ladder: { ...ladder.rates, engine: measured.scenarios[LADDER_SCENARIO]! },
    flows: measured.flows,
    messages,
    seed,
    runs: sizes.runs,
    machine: machineOf(undefined),
    targets: [atLeast("million messages/s where it is worst", WORST_TARGET_MPS, worstMps)],
    failures,
    ok: failures.length === 0,
  });
}

interface Measured {
  readonly scenarios: Record<string, number>;
  readonly fastest: Record<string, number>;
  readonly flows: Record<string, FlowReport>;
  readonly failures: string[];
}

/** All scenarios in turn, again and again, so that a bad minute of the machine is everybody's. */
function measureScenarios(
  flows: readonly Flow[],
  runs: number,
  log: (line: string) => void,
): Measured {
  const measured: Measured = { scenarios: {}, fastest: {}, flows: {}, failures: [] };
  const rates = flows.map(() => new Rates());
  const sums = flows.map(() => new Set<number>());
  for (let run = 0; run <= runs; run++) {
    flows.forEach((flow, at) => {
      const { name } = SCENARIOS[at]!;
      const driver = new Driver(flow, openEngine());
      driver.run(0, flow.standing);
      const { tradeId: trades } = driver.engine.state;
      const { rows } = driver.reader;
      const rate = inMillions(flow, () => driver.run(flow.standing, flow.length));
      sums[at]!.add(driver.reader.sum);
      if (run > 0) rates[at]!.add(rate);
      else measured.flows[name] = describe(flow, driver, trades, rows);
    });
    log(`run ${run} of ${runs}: ${rates.map((each) => each.last.toFixed(1)).join(", ")}`);
  }
  SCENARIOS.forEach(({ name }, at) => {
    measured.scenarios[name] = rates[at]!.median;
    measured.fastest[name] = rates[at]!.fastest;
    if (sums[at]!.size !== 1) measured.failures.push(`runs of ${name} told different things`);
  });
  return measured;
}

/** What came about after the standing orders were there, with so many trades and rows. */
function describe(flow: Flow, driver: Driver, trades: number, rows: number): FlowReport {
  const { engine, reader } = driver;
  engine.checkInvariants();
  const messages = flow.length - flow.standing;
  const part = (count: number): number => Math.round((count / messages) * HUNDRED) / HUNDRED;
  const kinds = flow.kinds.subarray(flow.standing);
  const share = (kind: number): number => part(kinds.filter((other) => other === kind).length);
  return {
    enter: share(MessageKind.Enter),
    cancel: share(MessageKind.Cancel),
    amend: share(MessageKind.Amend),
    trades: part(engine.state.tradeId - trades),
    rows: part(reader.rows - rows),
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
