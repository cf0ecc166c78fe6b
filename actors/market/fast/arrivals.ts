/**
 * How an order in hand comes in, a new or an amended one: it is judged by what the book says, then
 * waits, trades or rests.
 */
import { Code } from "../../kernel/codes.js";
import { Side, TimeInForce } from "../../kernel/order.js";
import { judgeEntry, judgeRepriced, repricedLimit } from "../ladder.js";
import { EventKind } from "../event-log.js";
import type { OrderEntry } from "../order-entry.js";
import { Phase } from "../phase.js";
import type { FastBook } from "./fast-book.js";
import { LookAhead } from "./look-ahead.js";
import type { OrderLife } from "./order-life.js";
import type { Sweep } from "./sweep.js";

const BUY = Side.Buy;
const AT_THE_CLOSE = TimeInForce.AtTheClose;
const FILL_OR_KILL = TimeInForce.FillOrKill;
const CONTINUOUS = Phase.Continuous;
const OK = Code.OK;

export class Arrivals {
  private readonly book: FastBook;
  private readonly life: OrderLife;
  private readonly sweep: Sweep;
  private readonly look: LookAhead;

  constructor(life: OrderLife, sweep: Sweep) {
    this.book = life.book;
    this.life = life;
    this.sweep = sweep;
    this.look = new LookAhead(life.book);
  }

  /**
   * A new order, judged by its terms, the phase and the rules; then by its pair (1.7); then by what
   * the book itself says.
   */
  enter(entry: OrderEntry, isPlainlyGood: boolean): void {
    const code = isPlainlyGood ? OK : judgeEntry(entry, this.book.state);
    if (code !== OK) {
      this.life.refuse(entry, code);
      return;
    }
    const slot = this.book.open(entry);
    const refusal = this.judge(slot, entry);
    if (refusal === OK) this.arrive(slot);
    else this.life.end(slot, refusal);
  }

  /** An order that is taken waits, trades or rests. */
  arrive(slot: number): void {
    if (this.comesToWait(slot)) this.life.wait(slot);
    else if (this.book.state.phase === CONTINUOUS) this.sweep.take(slot, false);
    else this.life.rest(slot);
  }

  /** 1.6 and 4.1: would an order trade at this price at once, and must not? */
  isBarredFromTrading(slot: number, price: number): boolean {
    const { orders, levels, state, bids, asks } = this.book;
    const { phase } = state;
    const isBarred = phase === CONTINUOUS ? orders.isPostOnly(slot) : phase === Phase.PostOnly;
    if (!isBarred || this.comesToWait(slot)) return false;
    const isBuy = orders.side(slot) === BUY;
    const opposite = isBuy ? asks.best : bids.best;
    if (opposite === 0) return false;
    return isBuy ? levels.price(opposite) <= price : levels.price(opposite) >= price;
  }

  private judge(slot: number, entry: OrderEntry): Code {
    const { orders } = this.book;
    const pair = orders.pair(slot);
    const isSecondLeg = pair !== 0 && pair < orders.orderId(slot);
    if (isSecondLeg && this.book.pairOf(slot) === 0) return Code.PAIR_DONE;
    if (this.isBarredFromTrading(slot, orders.price(slot))) {
      return entry.reprices ? this.reprice(slot) : Code.POST_ONLY_WOULD_TRADE;
    }
    if (orders.timeInForce(slot) === FILL_OR_KILL) {
      return this.look.wouldTrade(slot, entry.quantity) ? OK : Code.FOK_NOT_FILLABLE;
    }
    if (entry.minQuantity === 0) return OK;
    return this.look.wouldTrade(slot, entry.minQuantity) ? OK : Code.MIN_QUANTITY_NOT_FILLABLE;
  }

  /** 1.6: it takes the nearest limit at which it rests. Returns why not, or `OK`. */
  private reprice(slot: number): Code {
    const { orders, levels, state, bids, asks } = this.book;
    const side = orders.side(slot);
    const opposite = levels.price(side === BUY ? asks.best : bids.best);
    const price = repricedLimit(side, opposite, state);
    const code = judgeRepriced(price, orders.leaves(slot), state);
    if (code !== OK) return code;
    orders.setPrice(slot, price);
    this.life.tell(EventKind.Amended, slot, OK);
    return OK;
  }

  /** 1.3 and 1.4. */
  private comesToWait(slot: number): boolean {
    const { orders, state } = this.book;
    if (orders.stopPrice(slot) !== 0) return true;
    return orders.timeInForce(slot) === AT_THE_CLOSE && state.phase !== Phase.ClosingAuction;
  }
}
