/** Passive orders that rest, given once each to be cancelled, the oldest first; so many of each symbol are spared. */

export interface RestingOrder {
  readonly symbol: string;
  isFinal: boolean;
  /** Does it rest, and was not given to be cancelled? */
  isResting: boolean;
}

interface Book<T> {
  readonly orders: Fifo<T>;
  resting: number;
}

export class RestingOrders<T extends RestingOrder> {
  private readonly sparedPerSymbol: number;
  private readonly books = new Map<string, Book<T>>();
  /** Those that came when enough of their symbol rested: for each of them one of that symbol may go. */
  private readonly surplus = new Fifo<T>();

  constructor(sparedPerSymbol = 0) {
    this.sparedPerSymbol = sparedPerSymbol;
  }

  add(order: T): void {
    const book = this.books.get(order.symbol) ?? { orders: new Fifo<T>(), resting: 0 };
    this.books.set(order.symbol, book);
    order.isResting = true;
    book.orders.push(order);
    book.resting += 1;
    if (book.resting > this.sparedPerSymbol) this.surplus.push(order);
  }

  /** It has traded in full, or ended. */
  finish(order: T): void {
    if (!order.isResting) return;
    order.isResting = false;
    this.books.get(order.symbol)!.resting -= 1;
  }

  /** The oldest, of a symbol of which more rest than are spared. */
  take(): T | undefined {
    for (;;) {
      const next = this.surplus.shift();
      if (!next) return undefined;
      const book = this.books.get(next.symbol)!;
      if (next.isFinal || book.resting <= this.sparedPerSymbol) continue;
      let oldest = book.orders.shift();
      while (oldest && !oldest.isResting) oldest = book.orders.shift();
      if (oldest) this.finish(oldest);
      return oldest;
    }
  }
}

/** What was taken is let go of now and then, not with each. */
const TAKEN_MAX = 10_000;

class Fifo<T> {
  private items: T[] = [];
  private at = 0;

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    const item = this.items[this.at];
    if (item !== undefined) this.at += 1;
    if (this.at === this.items.length || this.at > TAKEN_MAX) {
      this.items = this.items.slice(this.at);
      this.at = 0;
    }
    return item;
  }
}
