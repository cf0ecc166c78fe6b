/**
 * The open orders of a market as numbers, a record of one cache line for each (`layout.ts`). A
 * *slot* is a record's number, from 1; 0 is none. Levels have records in here too (`LevelStore`).
 * Slots that were given back are given out again, the last one first: it is still in the
 * processor's cache. What few orders have (a stop price, a display, …) stands apart, in
 * `RareTerms`.
 *
 * Values are read and written by small methods: the compiler puts them in line, and no number
 * becomes an object.
 */
import { OrderType, type SelfTrade, type Side, TimeInForce } from "../../kernel/order.js";
import type { OrderEntry } from "../order-entry.js";
import { doubled, integersOf, makeRecords, OrderField, OrderFlag, Place } from "./layout.js";
import { RareTerms } from "./rare-terms.js";

const ORDER_ID = OrderField.orderId;
const ACCOUNT = OrderField.account;
const PRICE = OrderField.price;
const LEAVES = OrderField.leaves;
const PRIORITY = OrderField.priority;
const PREVIOUS = OrderField.previous;
const NEXT = OrderField.next;
const LEVEL = OrderField.level;
const FLAGS = OrderField.flags;
const RARE = OrderField.rare;

const SIDE_MASK = OrderFlag.sideMask;
const TYPE_SHIFT = OrderFlag.typeShift;
const TIME_IN_FORCE_SHIFT = OrderFlag.timeInForceShift;
const SELF_TRADE_SHIFT = OrderFlag.selfTradeShift;
const THREE_BITS = 7;
const POST_ONLY = OrderFlag.postOnly;
const PLACE_SHIFT = OrderFlag.placeShift;
const PLACE_MASK = 3 << PLACE_SHIFT;
const TOUCHED = OrderFlag.touched;
/**
 * All terms but the side, and what they are of an ordinary order: limit, good till cancelled,
 * nothing else.
 */
const TERMS_MASK = (POST_ONLY << 1) - 1 - SIDE_MASK;
const ORDINARY_TERMS =
  (OrderType.Limit << TYPE_SHIFT) | (TimeInForce.GoodTillCancel << TIME_IN_FORCE_SHIFT);

const INITIAL_SLOTS = 64;

export class OrderStore {
  readonly rare = new RareTerms();
  /** The records, as doubles and as integers; others when there are more. */
  doubles = makeRecords(INITIAL_SLOTS);
  integers = integersOf(this.doubles);
  /** How many records there are. */
  capacity = INITIAL_SLOTS;
  /** The first slot that was never used. */
  private fresh = 1;
  /** The last slot that was given back; each of these has the one before as its next. */
  private free = 0;

  /** A slot for an order. Only whether it was touched is known of it. */
  take(): number {
    const { free } = this;
    if (free !== 0) {
      this.free = this.integers[(free << 4) | NEXT]!;
      return free;
    }
    if (this.fresh === this.capacity) this.grow();
    return this.fresh++;
  }

  /** Takes an order in hand, with all its quantity open and without a priority. */
  open(entry: OrderEntry): number {
    const slot = this.take();
    const { doubles, integers } = this;
    const double = slot << 3;
    doubles[double | ORDER_ID] = entry.orderId;
    doubles[double | ACCOUNT] = entry.account;
    doubles[double | PRICE] = entry.price;
    doubles[double | LEAVES] = entry.quantity;
    doubles[double | PRIORITY] = 0;
    const integer = slot << 4;
    integers[integer | LEVEL] = 0;
    integers[integer | FLAGS] =
      (integers[integer | FLAGS]! & TOUCHED) |
      entry.side |
      (entry.type << TYPE_SHIFT) |
      (entry.timeInForce << TIME_IN_FORCE_SHIFT) |
      (entry.selfTrade << SELF_TRADE_SHIFT) |
      (entry.postOnly ? POST_ONLY : 0);
    integers[integer | RARE] = isRare(entry) ? this.openRare(entry) : 0;
    return slot;
  }

  /**
   * Gives an order's slot back. Whether it was touched stays with it, as it stands among those that
   * were.
   */
  close(slot: number): void {
    const { rare } = this;
    const at = this.rareOf(slot);
    if (at !== 0) rare.close(at);
    // What remembers the slot by its priority knows so that the order is gone.
    this.doubles[(slot << 3) | PRIORITY] = 0;
    this.integers[(slot << 4) | RARE] = 0;
    this.release(slot);
  }

  /** Gives the slot of a plain order back, or that of a level. */
  release(slot: number): void {
    const { integers } = this;
    integers[(slot << 4) | FLAGS]! &= TOUCHED;
    integers[(slot << 4) | NEXT] = this.free;
    this.free = slot;
  }

  orderId(slot: number): number {
    return this.doubles[(slot << 3) | ORDER_ID]!;
  }

  account(slot: number): number {
    return this.doubles[(slot << 3) | ACCOUNT]!;
  }

  /** The limit. */
  price(slot: number): number {
    return this.doubles[(slot << 3) | PRICE]!;
  }

  setPrice(slot: number, price: number): void {
    this.doubles[(slot << 3) | PRICE] = price;
  }

  leaves(slot: number): number {
    return this.doubles[(slot << 3) | LEAVES]!;
  }

  setLeaves(slot: number, leaves: number): void {
    this.doubles[(slot << 3) | LEAVES] = leaves;
  }

  priority(slot: number): number {
    return this.doubles[(slot << 3) | PRIORITY]!;
  }

  setPriority(slot: number, priority: number): void {
    this.doubles[(slot << 3) | PRIORITY] = priority;
  }

  /**
   * The neighbours in the queue that it stands in; the level itself before the first and behind the
   * last.
   */
  previous(slot: number): number {
    return this.integers[(slot << 4) | PREVIOUS]!;
  }

  next(slot: number): number {
    return this.integers[(slot << 4) | NEXT]!;
  }

  /** The level whose queue it stands in; 0: in none. */
  level(slot: number): number {
    return this.integers[(slot << 4) | LEVEL]!;
  }

  /** The bits that `OrderFlag` names. */
  flags(slot: number): number {
    return this.integers[(slot << 4) | FLAGS]!;
  }

  /** Has it such a flag? */
  is(slot: number, flag: number): boolean {
    return (this.integers[(slot << 4) | FLAGS]! & flag) !== 0;
  }

  setFlag(slot: number, flag: number): void {
    this.integers[(slot << 4) | FLAGS]! |= flag;
  }

  clearFlag(slot: number, flag: number): void {
    this.integers[(slot << 4) | FLAGS]! &= ~flag;
  }

  /** Is the slot some order's? Not a level's, nor nobody's. */
  isOpen(slot: number): boolean {
    return (this.flags(slot) & SIDE_MASK) !== 0;
  }

  side(slot: number): Side {
    return (this.flags(slot) & SIDE_MASK) as Side;
  }

  type(slot: number): OrderType {
    return ((this.flags(slot) >>> TYPE_SHIFT) & THREE_BITS) as OrderType;
  }

  timeInForce(slot: number): TimeInForce {
    return ((this.flags(slot) >>> TIME_IN_FORCE_SHIFT) & THREE_BITS) as TimeInForce;
  }

  selfTrade(slot: number): SelfTrade {
    return ((this.flags(slot) >>> SELF_TRADE_SHIFT) & THREE_BITS) as SelfTrade;
  }

  isPostOnly(slot: number): boolean {
    return (this.flags(slot) & POST_ONLY) !== 0;
  }

  place(slot: number): Place {
    return ((this.flags(slot) & PLACE_MASK) >>> PLACE_SHIFT) as Place;
  }

  setPlace(slot: number, place: Place): void {
    const at = (slot << 4) | FLAGS;
    this.integers[at] = (this.integers[at]! & ~PLACE_MASK) | (place << PLACE_SHIFT);
  }

  /**
   * A triggered stop is a market order, immediate or cancel; a triggered stop-limit a limit order
   * of its own time in force.
   */
  trigger(slot: number): void {
    const isStop = this.type(slot) === OrderType.Stop;
    this.setTerm(slot, TYPE_SHIFT, isStop ? OrderType.Market : OrderType.Limit);
    if (isStop) this.setTerm(slot, TIME_IN_FORCE_SHIFT, TimeInForce.ImmediateOrCancel);
    this.setStopPrice(slot, 0);
    this.rare.setTrail(this.rareOf(slot), 0);
  }

  owner(slot: number): number {
    const rare = this.rareOf(slot);
    return rare === 0 ? this.account(slot) : this.rare.owner(rare);
  }

  stopPrice(slot: number): number {
    const rare = this.rareOf(slot);
    return rare === 0 ? 0 : this.rare.stopPrice(rare);
  }

  setStopPrice(slot: number, price: number): void {
    this.rare.setStopPrice(this.rareOf(slot), price);
    this.setFlag(slot, OrderFlag.hasNewTerms);
  }

  display(slot: number): number {
    const rare = this.rareOf(slot);
    return rare === 0 ? 0 : this.rare.display(rare);
  }

  setDisplay(slot: number, display: number): void {
    this.rare.setDisplay(this.rareOf(slot), display);
    this.setFlag(slot, OrderFlag.hasNewTerms);
  }

  /** What it shows when it stands on the book: all of it, but for an iceberg. */
  shown(slot: number): number {
    const rare = this.rareOf(slot);
    if (rare === 0 || this.rare.display(rare) === 0) return this.leaves(slot);
    return this.rare.shown(rare);
  }

  /** Of an iceberg. */
  setShown(slot: number, shown: number): void {
    this.rare.setShown(this.rareOf(slot), shown);
  }

  expires(slot: number): number {
    const rare = this.rareOf(slot);
    return rare === 0 ? 0 : this.rare.expires(rare);
  }

  pair(slot: number): number {
    const rare = this.rareOf(slot);
    return rare === 0 ? 0 : this.rare.pair(rare);
  }

  /** How far behind the last trade it follows, if it is such a stop; else 0. */
  trail(slot: number): number {
    const rare = this.rareOf(slot);
    return rare === 0 ? 0 : this.rare.trail(rare);
  }

  /** It has no pair any more. */
  clearPair(slot: number): void {
    this.rare.setPair(this.rareOf(slot), 0);
    this.setFlag(slot, OrderFlag.hasNewTerms);
  }

  /**
   * What `isOrdinary` of the contract says: is there nothing to know of it but what the rows of
   * `book` say?
   */
  isOrdinary(slot: number): boolean {
    if ((this.flags(slot) & TERMS_MASK) !== ORDINARY_TERMS) return false;
    const rare = this.rareOf(slot);
    if (rare === 0) return true;
    const isOwn = this.rare.owner(rare) === this.account(slot);
    return isOwn && this.rare.display(rare) === 0 && this.rare.pair(rare) === 0;
  }

  /** How many slots were ever used, 0 among them. */
  get slots(): number {
    return this.fresh;
  }

  get bytes(): number {
    return this.doubles.buffer.byteLength + this.rare.bytes;
  }

  private rareOf(slot: number): number {
    return this.integers[(slot << 4) | RARE]!;
  }

  private setTerm(slot: number, shift: number, value: number): void {
    const at = (slot << 4) | FLAGS;
    this.integers[at] = (this.integers[at]! & ~(THREE_BITS << shift)) | (value << shift);
  }

  private openRare(entry: OrderEntry): number {
    const { owner, stopPrice, display, expires, pair, trail } = entry;
    return this.rare.open(owner, stopPrice, display, expires, pair, trail);
  }

  private grow(): void {
    this.doubles = doubled(this.doubles);
    this.integers = integersOf(this.doubles);
    this.capacity *= 2;
  }
}

function isRare({ owner, account, stopPrice, display, expires, pair }: OrderEntry): boolean {
  return owner !== account || stopPrice !== 0 || display !== 0 || expires !== 0 || pair !== 0;
}
