/**
 * Order flow for the engine alone: made before any clock runs, kept in typed arrays, the same for
 * the same seed. It has the shape of public benchmarks of matching engines: a mid price that walks,
 * passive orders by a power law with a hump near the touch, short lives, few of which end in a
 * trade.
 */
import { orderIdOf } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { randomNumbers } from "../helpers/orderflow.js";

/** What a message asks for. */
export const MessageKind = { Enter: 1, Cancel: 2, Amend: 3 } as const;

/** How the mid price goes: parts of where it starts, and parts of the run. */
export interface Scenario {
  readonly name: string;
  /** How far it falls, from when until when, and how much of the fall is left at the end. */
  readonly fall: number;
  readonly from: number;
  readonly to: number;
  readonly left: number;
  /** The standard deviation of its walk for each order, in ticks. */
  readonly step: number;
  /**
   * Orders that stand on the book before the first message and are never touched by their clients.
   */
  readonly standing: number;
}

const STILL = { fall: 0, from: 0, to: 1, left: 0, step: 0, standing: 20_000 };
const WALK = { ...STILL, step: 0.5, standing: 5_000 };

export const SCENARIOS: readonly Scenario[] = [
  { ...STILL, name: "static" },
  { ...WALK, name: "normal" },
  { ...WALK, name: "swing25", fall: 0.25, from: 0.1, to: 0.5 },
  { ...WALK, name: "swing40", fall: 0.4, from: 0.1, to: 0.5 },
  { ...WALK, name: "crash60", fall: 0.6, from: 0.4, to: 0.5, left: 0.5 },
];

export const START_TICKS = 40_000;

/** Half of the orders at the touch live shorter than so many messages; deeper ones live longer. */
const HALF_LIFE = 50;
const ACCOUNTS = 1_000;
const SHARDS = 4;
/** How many orders each shard has issued before: ids are no small numbers in a market of some age. */
const ORDERS_BEFORE = 10_000_000;
const IMMEDIATE_SHARE = 0.15;
const CANCELLED_SHARE = 0.95;
/** Amends for each resting order, so that a fifth of all messages are some. */
const AMENDS_PER_ORDER = 0.53;
/** Of amends, those that change the price, by a tick or two. */
const REPRICED_SHARE = 0.8;
const QUANTITY_MAX = 100;
/** How far beyond the mid an immediate order may reach. */
const REACH_TICKS = 3;

/** How far from the mid the standing orders are, at most. */
const STANDING_DEPTH = 2_000;
const RESOLUTION = 2 ** 30;

const DEPTH_EXPONENT = 2.23;
const DEPTH_MAX = 800;
const HUMP_HEIGHT = 5;
const HUMP_AT = 8;

/** The messages of a run, one in each place of all arrays. */
export class Flow {
  readonly kinds: Uint8Array;
  readonly orderIds: Float64Array;
  readonly accounts: Float64Array;
  readonly sides: Uint8Array;
  readonly timesInForce: Uint8Array;
  /** Of an amend 0: the price stays. */
  readonly prices: Float64Array;
  /** Of an amend, by how much the quantity changes. */
  readonly quantities: Float64Array;
  /** How many of the messages only build the book that stands before the first counted one. */
  readonly standing: number;

  constructor(messages: number, standing: number) {
    this.kinds = new Uint8Array(messages);
    this.orderIds = new Float64Array(messages);
    this.accounts = new Float64Array(messages);
    this.sides = new Uint8Array(messages);
    this.timesInForce = new Uint8Array(messages);
    this.prices = new Float64Array(messages);
    this.quantities = new Float64Array(messages);
    this.standing = standing;
  }

  get length(): number {
    return this.kinds.length;
  }
}

/**
 * Makes the flow of a scenario: about so many messages, besides those that build the standing book.
 */
export function makeFlow(scenario: Scenario, messages: number, seed: number): Flow {
  return new FlowMaker(scenario, messages, seed).make();
}

/**
 * Orders one after the other, each with the moments of its amends and its cancel; then everything
 * in the order of time.
 */
class FlowMaker {
  private readonly scenario: Scenario;
  private readonly messages: number;
  private readonly random: () => number;
  private readonly depths = depthTable();
  private readonly orders: number;
  /** Of each order: */
  private readonly ids: Float64Array;
  private readonly sides: Uint8Array;
  private readonly prices: Float64Array;
  private readonly quantities: Float64Array;
  private readonly immediate: Uint8Array;
  /** Of each event: when (in orders), what, and of which order. */
  private readonly moments: number[] = [];
  private readonly kinds: number[] = [];
  private readonly subjects: number[] = [];
  private readonly counts = new Float64Array(SHARDS + 1).fill(ORDERS_BEFORE);

  constructor(scenario: Scenario, messages: number, seed: number) {
    this.scenario = scenario;
    this.messages = messages;
    const below = randomNumbers(seed);
    this.random = () => below(RESOLUTION) / RESOLUTION;
    const perOrder = 1 + (1 - IMMEDIATE_SHARE) * (CANCELLED_SHARE + AMENDS_PER_ORDER);
    this.orders = Math.ceil(messages / perOrder) + scenario.standing;
    this.ids = new Float64Array(this.orders);
    this.sides = new Uint8Array(this.orders);
    this.prices = new Float64Array(this.orders);
    this.quantities = new Float64Array(this.orders);
    this.immediate = new Uint8Array(this.orders);
  }

  make(): Flow {
    const { standing } = this.scenario;
    for (let n = 0; n < standing; n++) this.addStanding(n);
    let walk = 0;
    for (let n = standing; n < this.orders; n++) {
      walk += this.scenario.step * this.normal();
      const part = (n - standing) / (this.orders - standing);
      this.addOrder(n, Math.round(START_TICKS * (1 - fallAt(part, this.scenario)) + walk));
    }
    return this.inOrder();
  }

  private addStanding(n: number): void {
    const away = 1 + Math.floor(this.random() * STANDING_DEPTH);
    this.describe(n, START_TICKS, away, false);
    this.note(0, MessageKind.Enter, n);
  }

  private addOrder(n: number, mid: number): void {
    const depth = this.depth();
    const isImmediate = this.random() < IMMEDIATE_SHARE;
    const away = isImmediate ? -Math.floor(this.random() * REACH_TICKS) : depth + 1;
    this.describe(n, mid, away, isImmediate);
    this.note(n, MessageKind.Enter, n);
    if (isImmediate) return;
    const messagesPerOrder = this.messages / (this.orders - this.scenario.standing);
    const halfLife = (HALF_LIFE / messagesPerOrder) * Math.sqrt(1 + depth);
    const life = (-Math.log(1 - this.random()) * halfLife) / Math.LN2;
    let amends = Math.floor(AMENDS_PER_ORDER + this.random());
    for (; amends > 0; amends--) this.note(n + this.random() * life, MessageKind.Amend, n);
    if (this.random() < CANCELLED_SHARE) this.note(n + life, MessageKind.Cancel, n);
  }

  private describe(n: number, mid: number, away: number, isImmediate: boolean): void {
    const shard = 1 + Math.floor(this.random() * SHARDS);
    this.counts[shard]! += 1;
    this.ids[n] = orderIdOf(this.counts[shard]!, shard);
    this.sides[n] = this.random() < 0.5 ? Side.Buy : Side.Sell;
    const towardsWorse = this.sides[n] === Side.Buy ? -1 : 1;
    this.prices[n] = Math.max(1, mid + towardsWorse * away);
    this.quantities[n] = 1 + Math.floor(this.random() * QUANTITY_MAX);
    this.immediate[n] = isImmediate ? 1 : 0;
  }

  private note(moment: number, kind: number, order: number): void {
    if (moment >= this.orders) return;
    this.moments.push(Math.floor(moment));
    this.kinds.push(kind);
    this.subjects.push(order);
  }

  /** What belongs to one moment stays in the order in which it was noted. */
  private inOrder(): Flow {
    const places = new Int32Array(this.orders + 1);
    for (const moment of this.moments) places[moment + 1]! += 1;
    for (let at = 1; at < places.length; at++) places[at]! += places[at - 1]!;
    const order = new Int32Array(this.moments.length);
    for (let event = 0; event < this.moments.length; event++) {
      order[places[this.moments[event]!]!++] = event;
    }
    const flow = new Flow(order.length, this.scenario.standing);
    for (let at = 0; at < order.length; at++) this.write(flow, at, order[at]!);
    return flow;
  }

  private write(flow: Flow, at: number, event: number): void {
    const n = this.subjects[event]!;
    const kind = this.kinds[event]!;
    flow.kinds[at] = kind;
    flow.orderIds[at] = this.ids[n]!;
    if (kind === MessageKind.Cancel) return;
    if (kind === MessageKind.Amend) {
      this.writeAmend(flow, at, n);
      return;
    }
    flow.accounts[at] = 1 + Math.floor(this.random() * ACCOUNTS);
    flow.sides[at] = this.sides[n]!;
    flow.prices[at] = this.prices[n]!;
    flow.quantities[at] = this.quantities[n]!;
    flow.timesInForce[at] =
      this.immediate[n] === 1 ? TimeInForce.ImmediateOrCancel : TimeInForce.GoodTillCancel;
  }

  private writeAmend(flow: Flow, at: number, n: number): void {
    if (this.random() < REPRICED_SHARE) {
      const change = this.random() < 0.5 ? 1 : -1;
      this.prices[n] = Math.max(1, this.prices[n]! + change);
      flow.prices[at] = this.prices[n]!;
    }
    flow.quantities[at] = this.random() < 0.5 ? 1 : -1;
  }

  private depth(): number {
    const wanted = this.random() * this.depths[DEPTH_MAX - 1]!;
    let low = 0;
    let high = DEPTH_MAX - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.depths[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return radius * Math.cos(2 * Math.PI * this.random());
  }
}

/** How far the price has fallen at a part of the run. */
function fallAt(part: number, { fall, from, to, left }: Scenario): number {
  if (part <= from) return 0;
  if (part <= to) return fall * smooth((part - from) / (to - from));
  return fall * (1 - (1 - left) * smooth((part - to) / (1 - to)));
}

/** From 0 to 1, without a jump at either end. */
function smooth(part: number): number {
  return (1 - Math.cos(Math.PI * part)) / 2;
}

/** Sums of the weights of the depths. */
function depthTable(): Float64Array {
  let sum = 0;
  return Float64Array.from({ length: DEPTH_MAX }, (_, depth) => {
    const hump = HUMP_HEIGHT * Math.exp(-0.5 * (depth - HUMP_AT) ** 2);
    sum += 1 / (depth + 1) ** DEPTH_EXPONENT + hump;
    return sum;
  });
}
