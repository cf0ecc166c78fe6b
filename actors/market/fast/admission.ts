/**
 * Whether an order is taken, for the many that are: what `ladder.ts` says, for ordinary orders and
 * amends that nothing is wrong with, from bounds that are worked out once for each listing, set of
 * rules and session. Whatever is not that plain the ladder judges.
 */
import { PRICE_UNITS_MAX, QUANTITY_UNITS_MAX } from "../../kernel/limits.js";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../kernel/order.js";
import type { Instrument } from "../../kernel/instrument.js";
import type { MarketState } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";
import { Phase } from "../phase.js";
import { partOf } from "../protection.js";
import type { MarketRules } from "../rules.js";

const BUY = Side.Buy;
const SELL = Side.Sell;
const LIMIT = OrderType.Limit;
const GOOD_TILL_CANCEL = TimeInForce.GoodTillCancel;
const IMMEDIATE_OR_CANCEL = TimeInForce.ImmediateOrCancel;
const DECREMENT = SelfTrade.Decrement;
const CONTINUOUS = Phase.Continuous;

export class Admission {
  private readonly state: MarketState;
  /** What the bounds below were worked out for. */
  private instrument: Instrument | null = null;
  private rules: MarketRules | null = null;
  private sessionReference = -1;
  private tick = 1;
  private lot = 1;
  private lowest = 1;
  private highest = 0;
  private quantityMax = 0;
  private valueMax = 0;

  constructor(state: MarketState) {
    this.state = state;
  }

  /** Would the ladder take this order, as one without anything special? False says nothing. */
  isPlainlyGood(entry: OrderEntry): boolean {
    return this.isPlain(entry) && this.isGood(entry.price, entry.quantity);
  }

  /**
   * Is nothing wrong with this limit and this quantity, in continuous trading? False says nothing.
   */
  isGood(price: number, quantity: number): boolean {
    this.refresh();
    const { tick, lot } = this;
    return (
      this.state.phase === CONTINUOUS &&
      price >= this.lowest &&
      price <= this.highest &&
      quantity >= 1 &&
      quantity <= this.quantityMax &&
      price * quantity <= this.valueMax &&
      (tick === 1 || Math.floor(price / tick) * tick === price) &&
      (lot === 1 || Math.floor(quantity / lot) * lot === quantity)
    );
  }

  private isPlain(entry: OrderEntry): boolean {
    return (
      entry.type === LIMIT &&
      (entry.side === BUY || entry.side === SELL) &&
      (entry.timeInForce === GOOD_TILL_CANCEL || entry.timeInForce === IMMEDIATE_OR_CANCEL) &&
      entry.selfTrade >= 0 &&
      entry.selfTrade <= DECREMENT &&
      entry.stopPrice === 0 &&
      entry.display === 0 &&
      entry.expires === 0 &&
      !entry.postOnly &&
      !entry.reprices &&
      entry.trail === 0 &&
      entry.minQuantity === 0
    );
  }

  private refresh(): void {
    const { instrument, rules, sessionReference } = this.state;
    const isFresh =
      instrument === this.instrument &&
      rules === this.rules &&
      sessionReference === this.sessionReference;
    if (!isFresh) this.workOut(instrument, rules, sessionReference);
  }

  private workOut(
    instrument: Instrument | null,
    rules: MarketRules,
    sessionReference: number,
  ): void {
    this.instrument = instrument;
    this.rules = rules;
    this.sessionReference = sessionReference;
    this.tick = instrument?.tick ?? 1;
    this.lot = instrument?.lot ?? 1;
    this.lowest = 1;
    // Before the instrument is listed nothing is good.
    this.highest = instrument ? PRICE_UNITS_MAX : 0;
    this.quantityMax = Math.min(QUANTITY_UNITS_MAX, rules.orderQuantityMax);
    this.valueMax = rules.orderValueMax;
    if (rules.staticBandBps === 0 || sessionReference === 0) return;
    const distance = partOf(sessionReference, rules.staticBandBps);
    this.lowest = Math.max(this.lowest, sessionReference - distance);
    this.highest = Math.min(this.highest, sessionReference + distance);
  }
}
