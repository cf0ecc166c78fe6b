/**
 * A peer on what it knows of the same flow: `nodejs-order-book`, the order book of npm that has
 * most of it (limit orders, immediate or cancel, cancels, changes of price or size). It tells
 * nobody anything, has no accounts and stores nothing, so it is spared what the engine does
 * besides; both are timed by the messages that the peer got through in its time.
 */
import { OrderBook, Side as PeerSide } from "nodejs-order-book";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { type Flow, MessageKind } from "./match-flow.js";
import { Driver, openEngine } from "./match-run.js";

/** Its names are not among what it exports. */
type PeerTimeInForce = NonNullable<Parameters<OrderBook["limit"]>[0]["timeInForce"]>;

const MS_PER_SECOND = 1_000;
/** The clock is looked at after so many messages. */
const STRETCH = 100;

export interface PeerReport {
  readonly version: string;
  /** Messages that it got through before its time was over. */
  readonly messages: number;
  readonly messagesPerSecond: number;
  /** The engine on the same messages. */
  readonly engineMessagesPerSecond: number;
  readonly ratio: number;
}

export function measurePeers(flow: Flow, secondsMax: number): Record<string, PeerReport> {
  const peer = new Peer(flow);
  for (let at = 0; at < flow.standing; at++) peer.step(at);
  const started = performance.now();
  const deadline = started + secondsMax * MS_PER_SECOND;
  let at = flow.standing;
  while (at < flow.length && performance.now() < deadline) {
    for (const end = Math.min(flow.length, at + STRETCH); at < end; at++) peer.step(at);
  }
  const messagesPerSecond = rate(at - flow.standing, performance.now() - started);
  const engineMessagesPerSecond = engineRate(flow, at);
  return {
    "nodejs-order-book": {
      version: "10.1.1",
      messages: at - flow.standing,
      messagesPerSecond,
      engineMessagesPerSecond,
      ratio: Math.round(engineMessagesPerSecond / messagesPerSecond),
    },
  };
}

class Peer {
  private readonly flow: Flow;
  private readonly book = new OrderBook();
  /** Its orders go by strings: made before, as the engine's numbers are. */
  private readonly names: readonly string[];

  constructor(flow: Flow) {
    this.flow = flow;
    this.names = Array.from(flow.orderIds, String);
  }

  step(at: number): void {
    const { flow, book } = this;
    const id = this.names[at]!;
    const kind = flow.kinds[at]!;
    if (kind === MessageKind.Cancel) {
      book.cancel(id);
    } else if (kind === MessageKind.Enter) {
      const isImmediate = flow.timesInForce[at] === TimeInForce.ImmediateOrCancel;
      book.limit({
        id,
        side: flow.sides[at] === Side.Buy ? PeerSide.BUY : PeerSide.SELL,
        size: flow.quantities[at]!,
        price: flow.prices[at]!,
        timeInForce: (isImmediate ? "IOC" : "GTC") as PeerTimeInForce,
      });
    } else {
      this.amend(id, at);
    }
  }

  /** It takes sizes as they shall be, and price and size together. */
  private amend(id: string, at: number): void {
    const { flow, book } = this;
    const order = book.order(id);
    if (!order || !("price" in order)) return;
    const size = order.size + flow.quantities[at]!;
    if (size < 1) return;
    book.modify(id, { price: flow.prices[at]! || order.price, size });
  }
}

function engineRate(flow: Flow, until: number): number {
  const driver = new Driver(flow, openEngine());
  driver.run(0, flow.standing);
  const started = performance.now();
  driver.run(flow.standing, until);
  return rate(until - flow.standing, performance.now() - started);
}

function rate(count: number, milliseconds: number): number {
  return Math.round((count * MS_PER_SECOND) / milliseconds);
}
