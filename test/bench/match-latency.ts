/**
 * How long single operations of the engine take: each of a flow, and each kind at rates that do not
 * wait for the slow ones.
 */
import { orderIdOf } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { randomNumbers } from "../helpers/orderflow.js";
import { type Flow, START_TICKS } from "./match-flow.js";
import { BATCH_COMMANDS, Driver, openEngine } from "./match-run.js";

const NANOSECONDS_PER_MS = 1e6;
const MS_PER_SECOND = 1_000;
const CLOCK_READINGS = 100_000;

/** The operations, in the turn in which they are done. */
const OPERATIONS = ["add", "amend", "bestPrice", "depth10", "cancel"] as const;
type Operation = (typeof OPERATIONS)[number];

const RATES = [10_000, 50_000, 100_000, 150_000] as const;
const STANDING_ORDERS = 10_000;
const DEPTH_TICKS = 300;
const DEPTH_LEVELS = 10;
/**
 * Orders that are open at once besides the standing ones: each is cancelled when so many younger
 * ones are there.
 */
const OPEN_ORDERS = 1_000;
const ORDERS_MAX = 100;
const ROUNDS_WITHOUT_COUNTING = 20_000;

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Nanoseconds from when an operation was due, by operation, at each rate (operations a second). */
export type LatencyReport = Readonly<Record<string, Readonly<Record<Operation, Percentiles>>>>;

/** What reading the clock costs, in nanoseconds: it is in every latency once. */
export function clockNs(): number {
  const started = performance.now();
  for (let n = 0; n < CLOCK_READINGS; n++) performance.now();
  return ((performance.now() - started) * NANOSECONDS_PER_MS) / CLOCK_READINGS;
}

/**
 * The 99th percentile of single messages of a flow, one clock reading included, in nanoseconds.
 * Rows and hash are taken in between.
 */
export function messageP99Ns(flow: Flow): number {
  const driver = new Driver(flow, openEngine());
  driver.run(0, flow.standing);
  const taken = new Float64Array(flow.length - flow.standing);
  for (let from = flow.standing; from < flow.length; from += BATCH_COMMANDS) {
    const end = Math.min(flow.length, from + BATCH_COMMANDS);
    driver.beginBatch();
    for (let at = from; at < end; at++) {
      const started = performance.now();
      driver.give(at, at + 1);
      taken[at - flow.standing] = performance.now() - started;
    }
    driver.endBatch();
  }
  return percentilesOf(taken).p99;
}

/** Each kind of operation at each rate, for so many seconds. */
export function measureLatency(seconds: number): LatencyReport {
  const desk = new Desk();
  for (let n = 0; n < ROUNDS_WITHOUT_COUNTING; n++) for (const each of OPERATIONS) desk.do(each);
  const report: Record<string, Record<Operation, Percentiles>> = {};
  for (const rate of RATES) report[rate] = measureAt(rate, seconds, desk);
  return report;
}

/**
 * An open loop: an operation is due at its time, whatever the one before took, and its latency
 * counts from there.
 */
function measureAt(rate: number, seconds: number, desk: Desk): Record<Operation, Percentiles> {
  const each = Math.ceil((rate * seconds) / OPERATIONS.length);
  const taken = OPERATIONS.map(() => new Float64Array(each));
  const started = performance.now();
  let due = started;
  for (let round = 0; round < each; round++) {
    for (let kind = 0; kind < OPERATIONS.length; kind++) {
      due = started + ((round * OPERATIONS.length + kind) * MS_PER_SECOND) / rate;
      while (performance.now() < due);
      desk.do(OPERATIONS[kind]!);
      taken[kind]![round] = performance.now() - due;
    }
  }
  const percentiles = OPERATIONS.map((name, kind) => [name, percentilesOf(taken[kind]!)] as const);
  return Object.fromEntries(percentiles) as Record<Operation, Percentiles>;
}

/** An engine with a standing book, and somebody who adds, changes, looks and cancels. */
class Desk {
  private readonly engine = openEngine();
  private readonly entry = new OrderEntry();
  private readonly request = { orderId: 0, price: 0, change: 1, stopPrice: 0, display: 0 };
  private readonly levels = new Float64Array(2 * DEPTH_LEVELS);
  private readonly random = randomNumbers(1);
  private readonly open = new Float64Array(OPEN_ORDERS);
  private count = 0;

  constructor() {
    for (let n = 0; n < STANDING_ORDERS + OPEN_ORDERS; n++) this.do("add");
  }

  do(operation: Operation): void {
    const { engine } = this;
    switch (operation) {
      case "add":
        this.add();
        break;
      case "amend":
        this.request.orderId = this.open[this.random(OPEN_ORDERS)]!;
        engine.amend(this.request);
        break;
      case "bestPrice":
        engine.bestPrice(Side.Buy);
        break;
      case "depth10":
        engine.depth(Side.Buy, this.levels);
        break;
      default:
        // The oldest: its place is the next order's.
        engine.cancel(this.open[this.count % OPEN_ORDERS]!);
    }
    engine.log.reset();
  }

  private add(): void {
    const side = this.random(2) === 0 ? Side.Buy : Side.Sell;
    const away = 1 + this.random(DEPTH_TICKS);
    const price = START_TICKS + (side === Side.Buy ? -away : away);
    this.count += 1;
    const orderId = orderIdOf(this.count, 1);
    this.open[(this.count - 1) % OPEN_ORDERS] = orderId;
    const quantity = 1 + this.random(ORDERS_MAX);
    const good = TimeInForce.GoodTillCancel;
    this.engine.enter(this.entry.reset(orderId, 1, side, price, quantity, good));
  }
}

/** Of times in milliseconds, in whole nanoseconds. */
function percentilesOf(milliseconds: Float64Array): Percentiles {
  milliseconds.sort();
  const at = (part: number): number => {
    const place = Math.min(milliseconds.length - 1, Math.floor(milliseconds.length * part));
    return Math.round(milliseconds[place]! * NANOSECONDS_PER_MS);
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
