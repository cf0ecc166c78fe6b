/** An order that has ended as a row of numbers and the bytes of its client order id. */
import { assert } from "../kernel/assert.js";
import { CLIENT_ORDER_ID_LENGTH_MAX } from "../kernel/limits.js";
import { isFinal, type OrderStatus } from "../kernel/order.js";
import { unboxed } from "../kernel/unboxed.js";
import type { Account } from "./accounts.js";
import { type Order, RowChange } from "./order.js";

/** How many numbers an order is. */
export const PACKED_NUMBERS = 31;
/** Where in them its id is, whose it is, of which pair, how long its client order id, and the hash of that and its account. */
export const PackedField = { Id: 0, Account: 1, Pair: 2, ClientIdLength: 3, KeyHash: 30 } as const;

const Flag = { PostOnly: 1, Reprices: 2, Cancelling: 4, PairDone: 8, Waiting: 16 } as const;

/** Writes an order from `at` on; the text of its client order id from `textAt` on. */
export function pack(
  order: Order,
  numbers: Float64Array,
  at: number,
  text: Uint8Array,
  textAt: number,
): void {
  const { clientOrderId } = order;
  assert(isFinal(order.status) && order.leaves === 0, "order %s has ended", order.id);
  assert(order.amend === null, "order %s is being amended, and has ended", order.id);
  assert(order.reviewUntil === 0, "order %s is under review, and has ended", order.id);
  assert(clientOrderId.length <= CLIENT_ORDER_ID_LENGTH_MAX, "the id of %s is too long", order.id);
  numbers[at] = order.id;
  numbers[at + 1] = order.account.id;
  numbers[at + 2] = order.pair;
  numbers[at + 3] = clientOrderId.length;
  numbers[at + 4] = order.instrument;
  numbers[at + 5] = order.side;
  numbers[at + 6] = order.type;
  numbers[at + 7] = order.timeInForce;
  numbers[at + 8] = order.price;
  numbers[at + 9] = order.quantity;
  numbers[at + 10] = order.stopPrice;
  numbers[at + 11] = order.display;
  numbers[at + 12] = order.expires;
  numbers[at + 13] = order.selfTrade;
  numbers[at + 14] = order.trail;
  numbers[at + 15] = order.minQuantity;
  numbers[at + 16] = order.makerFee;
  numbers[at + 17] = order.takerFee;
  numbers[at + 18] = order.makerValue;
  numbers[at + 19] = order.takerValue;
  numbers[at + 20] = order.fees;
  numbers[at + 21] = order.worstPrice;
  numbers[at + 22] = order.filled;
  numbers[at + 23] = order.status;
  numbers[at + 24] = order.code;
  numbers[at + 25] = order.firstSequence;
  numbers[at + 26] = order.lastSequence;
  numbers[at + 27] = order.created;
  numbers[at + 28] = order.updated;
  numbers[at + 29] = flagsOf(order);
  numbers[at + PackedField.KeyHash] = order.keyHash;
  for (let n = 0; n < clientOrderId.length; n++) {
    const code = clientOrderId.charCodeAt(n);
    assert(code < 0x80, "a client order id is ASCII");
    text[textAt + n] = code;
  }
}

/** The order that is written from `at` on, anew. */
export function unpack(
  numbers: Float64Array,
  at: number,
  clientOrderId: string,
  account: Account,
): Order {
  const field = (offset: number): number => unboxed(numbers[at + offset]!);
  const flags = field(29);
  return {
    id: field(PackedField.Id),
    account,
    clientOrderId,
    keyHash: field(PackedField.KeyHash),
    before: null,
    after: null,
    instrument: field(4),
    side: field(5),
    type: field(6),
    timeInForce: field(7),
    price: field(8),
    quantity: field(9),
    stopPrice: field(10),
    display: field(11),
    expires: field(12),
    selfTrade: field(13),
    postOnly: (flags & Flag.PostOnly) !== 0,
    reprices: (flags & Flag.Reprices) !== 0,
    trail: field(14),
    minQuantity: field(15),
    makerFee: field(16),
    takerFee: field(17),
    makerValue: field(18),
    takerValue: field(19),
    fees: field(20),
    pair: field(2),
    amend: null,
    worstPrice: field(21),
    isCancelling: (flags & Flag.Cancelling) !== 0,
    isPairDone: (flags & Flag.PairDone) !== 0,
    isWaiting: (flags & Flag.Waiting) !== 0,
    reviewUntil: 0,
    filled: field(22),
    leaves: 0,
    status: field(23) as OrderStatus,
    code: field(24),
    firstSequence: field(25),
    lastSequence: field(26),
    created: field(27),
    updated: field(28),
    rowChange: RowChange.None,
    lowHash: 0,
    highHash: 0,
    isStale: false,
  };
}

function flagsOf(order: Order): number {
  return (
    (order.postOnly ? Flag.PostOnly : 0) |
    (order.reprices ? Flag.Reprices : 0) |
    (order.isCancelling ? Flag.Cancelling : 0) |
    (order.isPairDone ? Flag.PairDone : 0) |
    (order.isWaiting ? Flag.Waiting : 0)
  );
}
