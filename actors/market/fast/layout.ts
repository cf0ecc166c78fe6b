/**
 * Where the values of orders and levels stand in their records. A record is 64 bytes, a cache line:
 * eight doubles, some of whose places hold two integers each instead. A double is at `record << 3 |
 * field`, an integer at `record << 4 | field`.
 *
 * Orders and levels are records of one store. The queue of a level is a ring, from the level
 * through its orders by priority and back to the level: an order enters or leaves without a look at
 * whether it is the first or the last.
 *
 * Who uses these on the way of every order copies them into constants of his own: those of another
 * module are looked up each time.
 */

/** Of an order; the first five are doubles. */
export const OrderField = {
  orderId: 0,
  account: 1,
  price: 2,
  leaves: 3,
  priority: 4,
  previous: 10,
  next: 11,
  level: 12,
  flags: 13,
  rare: 14,
} as const;

/**
 * The bits of an order's flags: its terms from the lowest on, then its place, then what else there
 * is to know.
 */
export const OrderFlag = {
  sideMask: 3,
  typeShift: 2,
  timeInForceShift: 5,
  selfTradeShift: 8,
  postOnly: 1 << 11,
  placeShift: 12,
  /**
   * It is among those that changed since rows were taken. That stays with the slot when the order
   * goes.
   */
  touched: 1 << 14,
  touchedShift: 14,
  /** There is a row of it. */
  stored: 1 << 15,
  /** It was ordinary when its row was written. */
  storedOrdinary: 1 << 16,
  /** Its terms are otherwise than when its row was written. */
  hasNewTerms: 1 << 17,
  /** It is in the index. */
  indexed: 1 << 18,
  /** It has a part in the hash. */
  hashed: 1 << 19,
} as const;

/**
 * Of a level; the first four are doubles. The last order is its previous one, the first its next
 * one.
 */
export const LevelField = {
  price: 0,
  /** What everybody may see of what rests there. */
  shown: 1,
  /** What icebergs hold back. */
  hidden: 2,
  /** How good its price is (`PriceLadder`). */
  rank: 3,
  previous: 10,
  next: 11,
  /** Which ladder it is a level of. */
  ladder: 12,
  /** How many orders stand there. */
  count: 14,
  /** Is it among the levels that the command under way has changed? */
  isChanged: 15,
} as const;

/** Where an order is. */
export const Place = {
  /** In hand: on its way in, or trading. */
  Hand: 0,
  Book: 1,
  /** Among the stops that wait. */
  Stops: 2,
  /** Among those that wait for the closing auction. */
  Closing: 3,
} as const;
export type Place = (typeof Place)[keyof typeof Place];

const RECORD_BYTES = 64;
/**
 * Where record 0 begins. Allocators put a large buffer 16 bytes behind the start of a page, so this
 * is where a cache line begins. Where one does otherwise a record lies in two lines: that costs a
 * little time, and nothing else.
 */
const LINE_OFFSET_BYTES = 48;

/** Records as doubles; their buffer's integers are had by `integersOf`. */
export function makeRecords(count: number): Float64Array {
  return new Float64Array(
    new ArrayBuffer(LINE_OFFSET_BYTES + count * RECORD_BYTES),
    LINE_OFFSET_BYTES,
  );
}

export function integersOf(records: Float64Array): Int32Array {
  return new Int32Array(records.buffer, records.byteOffset);
}

/** Twice as many records, the first ones the same. */
export function doubled(records: Float64Array): Float64Array {
  const more = makeRecords((records.byteLength / RECORD_BYTES) * 2);
  // As integers: not every pattern of bits is a double that survives being copied.
  integersOf(more).set(integersOf(records));
  return more;
}
