/** A desk that keeps books of its own from what the engine tells, and after each command holds them against the engine's. */
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import type { OpenOrder } from "../../actors/market/engine.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { isUncrossed } from "../../actors/market/phase.js";
import { Desk, type OrderTerms } from "./engine.js";
import { eventsOf, type EngineEvent, type OrderEvent } from "./engine-events.js";

/** An order on the book, as whoever follows the events knows it. */
type Standing = Pick<OrderEvent, "side" | "price" | "leaves" | "shown" | "priority">;
type Trade = Extract<EngineEvent, { kind: "trade" }>;

export class AuditedDesk extends Desk {
  /** What is open of each order that lives: what was entered, less what was told to be gone of it. */
  private readonly leaves = new Map<number, number>();
  /** What stands on the book, order by order. */
  private readonly onBook = new Map<number, Standing>();
  /** What each level shows, as it was told; by side and price. */
  private readonly levels = new Map<string, number>();
  private lastSequence = 0;
  private lastTradeId = 0;

  override enter(
    orderId: number,
    side: Side,
    price: number,
    quantity: number,
    terms: OrderTerms = {},
  ): string[] {
    this.leaves.set(orderId, quantity);
    return super.enter(orderId, side, price, quantity, terms);
  }

  override do(command: Parameters<Desk["do"]>[0]): string[] {
    const told = super.do(command);
    for (const event of eventsOf(this.engine.log)) this.follow(event);
    this.audit();
    return told;
  }

  /** So many orders of one unit at one price, with one audit behind all of them. */
  enterMany(side: Side, price: number, count: number): void {
    const entry = new OrderEntry();
    this.do((engine) => {
      for (let id = 1; id <= count; id++) {
        this.leaves.set(id, 1);
        engine.enter(entry.reset(id, id, side, price, 1, TimeInForce.GoodTillCancel));
      }
    });
  }

  /** Holds the books against what the engine says that it has. */
  audit(): void {
    const { engine } = this;
    for (const side of [Side.Buy, Side.Sell]) {
      const orders = engine.book(side);
      equal(orders.map(standingOf), this.queueOf(side), "the orders of a side");
      equal(levelsOf(orders), this.levelsOf(side), "the levels of a side");
      equal(engine.count(side), orders.length, "the number of orders");
    }
    const [bid] = engine.book(Side.Buy);
    const [ask] = engine.book(Side.Sell);
    const isCrossed = bid !== undefined && ask !== undefined && bid.price >= ask.price;
    equal(isCrossed && isUncrossed(engine.state.phase), false, "a crossed book");
    const open = [...engine.book(Side.Buy), ...engine.book(Side.Sell), ...engine.waiting()];
    const byId = (a: readonly number[], b: readonly number[]): number => a[0]! - b[0]!;
    const known = [...this.leaves].sort(byId);
    equal(open.map(({ orderId, leaves }) => [orderId, leaves]).sort(byId), known, "what is open");
    for (const order of open) equal(engine.find(order.orderId), order, "an order by its id");
  }

  private follow(event: EngineEvent): void {
    equal(event.sequence >= this.lastSequence, true, "the sequence");
    this.lastSequence = event.sequence;
    switch (event.kind) {
      case "trade":
        this.followTrade(event);
        break;
      case "depth": {
        const { side, price, quantity } = event;
        if (quantity === 0) this.levels.delete(`${side} ${price}`);
        else this.levels.set(`${side} ${price}`, quantity);
        break;
      }
      case "refused":
      case "phase":
      case "indicative":
        break;
      default:
        this.followOrder(event);
    }
  }

  private followTrade({ tradeId, quantity, maker, taker, makerLeaves, takerLeaves }: Trade): void {
    this.lastTradeId += 1;
    equal(tradeId, this.lastTradeId, "the number of a trade");
    for (const [orderId, leaves] of [
      [maker, makerLeaves],
      [taker, takerLeaves],
    ] as const) {
      equal(leaves, this.leaves.get(orderId)! - quantity, `what is left of ${orderId}`);
      this.leaves.set(orderId, leaves);
      const order = this.onBook.get(orderId);
      const shown = Math.max(0, (order?.shown ?? 0) - quantity);
      if (order) this.onBook.set(orderId, { ...order, leaves, shown });
      if (leaves === 0) this.forget(orderId);
    }
  }

  private followOrder(event: OrderEvent): void {
    const { kind, orderId, leaves } = event;
    const before = this.leaves.get(orderId);
    const mayChange = kind === "amended" || (kind === "reduced" && leaves < before!);
    if (!mayChange) equal(leaves, before, `what is left of ${orderId}`);
    this.leaves.set(orderId, leaves);
    if (kind === "ended") this.forget(orderId);
    else if (event.priority > 0) this.onBook.set(orderId, standingOf(event));
    else this.onBook.delete(orderId);
  }

  private forget(orderId: number): void {
    this.leaves.delete(orderId);
    this.onBook.delete(orderId);
  }

  /** The best price first, a price by priority. */
  private queueOf(side: Side): Standing[] {
    const towardsWorse = side === Side.Buy ? -1 : 1;
    return [...this.onBook.values()]
      .filter((order) => order.side === side)
      .sort((a, b) => towardsWorse * (a.price - b.price) || a.priority - b.priority);
  }

  private levelsOf(side: Side): [price: number, shown: number][] {
    return [...this.levels]
      .map(([key, shown]) => [...key.split(" ").map(Number), shown])
      .filter(([of]) => of === side)
      .map(([, price, shown]): [number, number] => [price!, shown!])
      .sort(([a], [b]) => a - b);
  }
}

function standingOf({ side, price, leaves, shown, priority }: Standing): Standing {
  return { side, price, leaves, shown, priority };
}

function levelsOf(orders: readonly OpenOrder[]): [price: number, shown: number][] {
  const levels = new Map<number, number>();
  for (const { price, shown } of orders) levels.set(price, (levels.get(price) ?? 0) + shown);
  return [...levels].sort(([a], [b]) => a - b);
}

/** Books do not balance: never a thing of the test that meets it. */
function equal(found: unknown, known: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(known)];
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
}
