/**
 * What only some orders have: an owner that is not the account, a stop price, a display and what it
 * shows, an expiry, a pair, a trail. One buffer, a record for each such order, from 1.
 */
const WIDTH = 7;
const OWNER = 0;
const STOP_PRICE = 1;
const DISPLAY = 2;
const SHOWN = 3;
const EXPIRES = 4;
const PAIR = 5;
const TRAIL = 6;
const INITIAL_RECORDS = 16;

export class RareTerms {
  private values = new Float64Array(INITIAL_RECORDS * WIDTH);
  /** The first record that was never used. */
  private fresh = 1;
  /** The last record that was given back; its owner's place holds the one before. */
  private free = 0;

  open(
    owner: number,
    stopPrice: number,
    display: number,
    expires: number,
    pair: number,
    trail: number,
  ): number {
    const record = this.take();
    const at = record * WIDTH;
    this.values[at + OWNER] = owner;
    this.values[at + STOP_PRICE] = stopPrice;
    this.values[at + DISPLAY] = display;
    this.values[at + SHOWN] = 0;
    this.values[at + EXPIRES] = expires;
    this.values[at + PAIR] = pair;
    this.values[at + TRAIL] = trail;
    return record;
  }

  close(record: number): void {
    this.values[record * WIDTH + OWNER] = this.free;
    this.free = record;
  }

  owner(record: number): number {
    return this.values[record * WIDTH + OWNER]!;
  }

  stopPrice(record: number): number {
    return this.values[record * WIDTH + STOP_PRICE]!;
  }

  setStopPrice(record: number, price: number): void {
    this.values[record * WIDTH + STOP_PRICE] = price;
  }

  display(record: number): number {
    return this.values[record * WIDTH + DISPLAY]!;
  }

  setDisplay(record: number, display: number): void {
    this.values[record * WIDTH + DISPLAY] = display;
  }

  shown(record: number): number {
    return this.values[record * WIDTH + SHOWN]!;
  }

  setShown(record: number, shown: number): void {
    this.values[record * WIDTH + SHOWN] = shown;
  }

  expires(record: number): number {
    return this.values[record * WIDTH + EXPIRES]!;
  }

  pair(record: number): number {
    return this.values[record * WIDTH + PAIR]!;
  }

  setPair(record: number, pair: number): void {
    this.values[record * WIDTH + PAIR] = pair;
  }

  trail(record: number): number {
    return this.values[record * WIDTH + TRAIL]!;
  }

  setTrail(record: number, trail: number): void {
    this.values[record * WIDTH + TRAIL] = trail;
  }

  /** Bytes of its buffer. */
  get bytes(): number {
    return this.values.byteLength;
  }

  private take(): number {
    if (this.free !== 0) {
      const record = this.free;
      this.free = this.values[record * WIDTH + OWNER]!;
      return record;
    }
    if ((this.fresh + 1) * WIDTH > this.values.length) {
      const grown = new Float64Array(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    return this.fresh++;
  }
}
