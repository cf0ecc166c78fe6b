/** An audited desk that trades the same story with the taker as buyer or as seller: prices are told by how much worse they are for it. */
import { Side } from "../../actors/kernel/order.js";
import { AuditedDesk } from "./audited-desk.js";
import { type DeskOptions, type EngineClass, ENGINES, type OrderTerms } from "./engine.js";

/** Each engine, with the taker on each side. */
export const MIRRORED = ENGINES.flatMap(([name, Engine]) => [
  [name, "buyer", Engine, Side.Buy] as const,
  [name, "seller", Engine, Side.Sell] as const,
]);

const MIDDLE = 1_000;

export class MirroredDesk extends AuditedDesk {
  readonly takerSide: Side;
  readonly makerSide: Side;

  constructor(Engine: EngineClass, takerSide: Side, options: DeskOptions = {}) {
    super(Engine, { ...options, rules: { staticBandBps: 0, ...options.rules } });
    this.takerSide = takerSide;
    this.makerSide = takerSide === Side.Buy ? Side.Sell : Side.Buy;
  }

  /** A price that is so much worse for the taker than the middle. */
  at(worse: number): number {
    return this.takerSide === Side.Buy ? MIDDLE + worse : MIDDLE - worse;
  }

  take(orderId: number, worse: number, quantity: number, terms?: OrderTerms): string[] {
    return this.enter(orderId, this.takerSide, this.at(worse), quantity, terms);
  }

  make(orderId: number, worse: number, quantity: number, terms?: OrderTerms): string[] {
    return this.enter(orderId, this.makerSide, this.at(worse), quantity, terms);
  }

  /** The makers' side of the book, the best first. */
  get makers(): string[] {
    return this.book(this.makerSide);
  }

  get takers(): string[] {
    return this.book(this.takerSide);
  }

  /** How a trade is told. */
  trade(taker: number, quantity: number, worse: number, maker: number): string {
    return `${taker} takes ${quantity} at ${this.at(worse)} from ${maker}`;
  }

  rest(orderId: number, leaves: number, worse: number): string {
    return `${orderId} rests with ${leaves} at ${this.at(worse)}`;
  }

  /** How an order stands on the book. */
  standing(orderId: number, leaves: number, worse: number): string {
    return `${orderId}: ${leaves} at ${this.at(worse)}`;
  }

  /** What is told of a level of the makers. */
  level(worse: number, shown: number): string {
    return `${this.makerSide === Side.Buy ? "bid" : "ask"} ${this.at(worse)}: ${shown}`;
  }
}
