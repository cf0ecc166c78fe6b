/**
 * Changes of open orders that their accounts ask for: amend and reduce (rule book, 4.1 and 4.2).
 */
import { Code } from "../../kernel/codes.js";
import { OrderType, Side } from "../../kernel/order.js";
import type { AmendRequest } from "../engine.js";
import { EventKind } from "../event-log.js";
import { type Amended, judgeAmend, keepsPlace } from "../ladder.js";
import type { Arrivals } from "./arrivals.js";
import type { FastBook } from "./fast-book.js";
import type { OrderLife } from "./order-life.js";

const OK = Code.OK;

/** What an order is, or would be; filled again for each amend. */
class Terms implements Amended {
  type: OrderType = OrderType.Limit;
  side: Side = Side.Buy;
  price = 0;
  leaves = 0;
  stopPrice = 0;
  display = 0;
}

export class Amendments {
  private readonly book: FastBook;
  private readonly life: OrderLife;
  private readonly arrivals: Arrivals;
  private readonly before = new Terms();
  private readonly after = new Terms();

  constructor(life: OrderLife, arrivals: Arrivals) {
    this.book = life.book;
    this.life = life;
    this.arrivals = arrivals;
  }

  /** Amends an open order. Returns why not, or `OK`. */
  amend(slot: number, request: AmendRequest): Code {
    const { orders, state } = this.book;
    const { before, after } = this;
    const expires = orders.expires(slot);
    if (expires !== 0 && expires <= state.time) return Code.TOO_LATE;
    this.read(slot, request);
    const code = judgeAmend(before, after, state);
    if (code !== OK) return code;
    if (keepsPlace(before, after)) {
      this.change(slot);
      return OK;
    }
    if (this.arrivals.isBarredFromTrading(slot, after.price)) return Code.POST_ONLY_WOULD_TRADE;
    this.move(slot);
    return OK;
  }

  private read(slot: number, request: AmendRequest): void {
    const { orders } = this.book;
    const { before, after } = this;
    before.type = orders.type(slot);
    before.side = orders.side(slot);
    before.price = orders.price(slot);
    before.leaves = orders.leaves(slot);
    before.stopPrice = orders.stopPrice(slot);
    before.display = orders.display(slot);
    after.type = before.type;
    after.side = before.side;
    after.price = request.price === 0 ? before.price : request.price;
    after.leaves = before.leaves + request.change;
    after.stopPrice = request.stopPrice === 0 ? before.stopPrice : request.stopPrice;
    after.display = request.display === 0 ? before.display : request.display;
  }

  /** It keeps its place. */
  private change(slot: number): void {
    const { book, after } = this;
    const { orders } = book;
    const shown = orders.shown(slot);
    book.lower(slot, after.leaves, shown < after.leaves ? shown : after.leaves);
    if (after.display !== orders.display(slot)) orders.setDisplay(slot, after.display);
    this.life.tell(EventKind.Amended, slot, OK);
  }

  /** It takes a new place, as if it were cancelled and entered at once. */
  private move(slot: number): void {
    const { book, after } = this;
    const { orders } = book;
    book.leave(slot);
    orders.setPrice(slot, after.price);
    orders.setLeaves(slot, after.leaves);
    if (after.stopPrice !== orders.stopPrice(slot)) orders.setStopPrice(slot, after.stopPrice);
    if (after.display !== orders.display(slot)) orders.setDisplay(slot, after.display);
    this.life.tell(EventKind.Amended, slot, OK);
    this.arrivals.arrive(slot);
  }
}
