/**
 * The orders that have ended, oldest first, up to a number: a ring. They are many, and asked for seldom, so they are packed
 * into a few large arrays: as objects they would be most of what a node holds, and the garbage collector would go through
 * each again and again, in the time of the living.
 */
import { hashOfInteger } from "../kernel/hash.js";
import { CLIENT_ORDER_ID_LENGTH_MAX } from "../kernel/limits.js";
import type { Account } from "./accounts.js";
import { hashOfKey } from "./key-table.js";
import type { Order } from "./order.js";
import { pack, PACKED_NUMBERS, PackedField, unpack } from "./packed-order.js";
import { SlotTable } from "./slot-table.js";

/** Room is made for so many orders at once. */
const CHUNK_BITS = 10;
const CHUNK_ORDERS = 1 << CHUNK_BITS;
const NO_SLOT = -1;

interface Chunk {
  readonly numbers: Float64Array;
  readonly text: Uint8Array;
}

interface ClientKey {
  readonly account: number;
  readonly clientOrderId: string;
}

export class FinishedOrders {
  private readonly maximum: number;
  private readonly accountOf: (id: number) => Account;
  private readonly chunks: Chunk[] = [];
  private readonly byId = new SlotTable<number>(
    hashOfInteger,
    (slot, id) => this.idAt(slot) === id,
  );
  private readonly byClientId = new SlotTable<ClientKey>(
    ({ account, clientOrderId }) => hashOfKey(account, clientOrderId),
    (slot, key) => this.isKeyAt(slot, key),
  );
  /** Slots that were ever used; and which is the oldest, once all are. */
  private used = 0;
  private oldest = 0;

  constructor(maximum: number, accountOf: (id: number) => Account) {
    this.maximum = maximum;
    this.accountOf = accountOf;
  }

  find(id: number): Order | undefined {
    return this.orderAt(this.byId.find(id));
  }

  /** `hash`: that of the account's number and the id. */
  findByClientId(account: Account, clientOrderId: string, hash: number): Order | undefined {
    return this.orderAt(this.byClientId.find({ account: account.id, clientOrderId }, hash));
  }

  /**
   * Takes an order as the newest, or as it is now when it is here. Returns, when there was no room and the oldest was
   * forgotten for it, the other of that one's pair, of which one may not be known without the other; else 0.
   */
  put(order: Order): number {
    const known = this.byId.find(order.id);
    if (known !== NO_SLOT) {
      this.write(order, known);
      return 0;
    }
    const isFull = this.used === this.maximum;
    const slot = isFull ? this.oldest : this.used++;
    if (isFull) this.oldest = (this.oldest + 1) % this.maximum;
    const pair = isFull ? this.numberAt(slot, PackedField.Pair) : 0;
    const isTaken = isFull && this.numberAt(slot, PackedField.Id) !== 0;
    if (isTaken) this.removeKeys(slot);
    this.write(order, slot);
    this.byId.add(order.id, slot);
    const key = { account: order.account.id, clientOrderId: order.clientOrderId };
    this.byClientId.add(key, slot, order.keyHash);
    return isTaken ? pair : 0;
  }

  /** Its slot stays empty until it is the oldest's turn. */
  forget(id: number): void {
    const slot = this.byId.find(id);
    if (slot !== NO_SLOT) this.clear(slot);
  }

  has(id: number): boolean {
    return this.byId.find(id) !== NO_SLOT;
  }

  /** Forgets those of a pair of which the other is not known. */
  forgetHalfPairs(isKnown: (id: number) => boolean): void {
    for (let slot = 0; slot < this.used; slot++) {
      const pair = this.numberAt(slot, PackedField.Pair);
      if (pair !== 0 && !isKnown(pair)) this.clear(slot);
    }
  }

  *ids(): Iterable<number> {
    for (let slot = 0; slot < this.used; slot++) if (this.idAt(slot) !== 0) yield this.idAt(slot);
  }

  private removeKeys(slot: number): void {
    this.byId.remove(slot, hashOfInteger(this.idAt(slot)));
    this.byClientId.remove(slot, this.numberAt(slot, PackedField.KeyHash));
  }

  private clear(slot: number): void {
    this.removeKeys(slot);
    this.chunks[slot >> CHUNK_BITS]!.numbers.fill(
      0,
      numbersAt(slot),
      numbersAt(slot) + PACKED_NUMBERS,
    );
  }

  private orderAt(slot: number): Order | undefined {
    if (slot === NO_SLOT) return undefined;
    const account = this.accountOf(this.numberAt(slot, PackedField.Account));
    const { numbers } = this.chunks[slot >> CHUNK_BITS]!;
    return unpack(numbers, numbersAt(slot), this.clientIdAt(slot), account);
  }

  private write(order: Order, slot: number): void {
    const { numbers, text } = (this.chunks[slot >> CHUNK_BITS] ??= {
      numbers: new Float64Array(CHUNK_ORDERS * PACKED_NUMBERS),
      text: new Uint8Array(CHUNK_ORDERS * CLIENT_ORDER_ID_LENGTH_MAX),
    });
    pack(order, numbers, numbersAt(slot), text, textAt(slot));
  }

  private numberAt(slot: number, field: number): number {
    return this.chunks[slot >> CHUNK_BITS]!.numbers[numbersAt(slot) + field]!;
  }

  private idAt(slot: number): number {
    return this.numberAt(slot, PackedField.Id);
  }

  private clientIdAt(slot: number): string {
    const { text } = this.chunks[slot >> CHUNK_BITS]!;
    const at = textAt(slot);
    return String.fromCharCode(
      ...text.subarray(at, at + this.numberAt(slot, PackedField.ClientIdLength)),
    );
  }

  private isKeyAt(slot: number, { account, clientOrderId }: ClientKey): boolean {
    const { length } = clientOrderId;
    if (this.numberAt(slot, PackedField.Account) !== account) return false;
    if (this.numberAt(slot, PackedField.ClientIdLength) !== length) return false;
    const { text } = this.chunks[slot >> CHUNK_BITS]!;
    const at = textAt(slot);
    for (let n = 0; n < length; n++) {
      if (text[at + n] !== clientOrderId.charCodeAt(n)) return false;
    }
    return true;
  }
}

function numbersAt(slot: number): number {
  return (slot & (CHUNK_ORDERS - 1)) * PACKED_NUMBERS;
}

function textAt(slot: number): number {
  return (slot & (CHUNK_ORDERS - 1)) * CLIENT_ORDER_ID_LENGTH_MAX;
}
