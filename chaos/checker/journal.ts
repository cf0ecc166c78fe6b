/**
 * What a journal row says, event by event. Knows only how the row's bytes are laid out: each event is a tag and then its fields:
 * numbers (seven bits a byte, the lowest first), and what a mark stands behind: `$` strings (a number for their length in
 * front), `±` numbers below zero too (twice the number, or twice what it is below zero less one), `?` yes or no, `*` flags (a
 * number whose first two bits say yes or no, and of which each further one stands for a number that follows).
 */

export type Value = number | string | boolean;

export interface JournalEvent {
  /** As clients are told it. */
  readonly kind: string;
  /** By the names that clients are told; a market and an asset by their numbers. What is not there has its usual value. */
  readonly fields: Readonly<Record<string, Value>>;
}

const ORIGIN = "slot token number";
const LIMITS = "ordersPerDay openOrders requestsPerSecond";
const ORDER = `${ORIGIN} orderId clientOrderId$ market side type timeInForce price quantity`;
const TERMS = "stopPrice displayQuantity expiresAt selfTradePrevention *";
const STANDS = "orderId leaves marketSequence";
const FILL = "orderId tradeId market side liquidity price quantity leaves marketSequence";
const MONEY = "asset amount idempotencyKey$";

/** By its tag: the event's kind, and its fields in their order. */
const LAYOUTS: Readonly<Record<number, string>> = {
  1: `opened ${ORIGIN}`,
  2: `deposited ${ORIGIN} ${MONEY}`,
  3: `accepted ${ORDER}`,
  4: `rejected ${ORIGIN} orderId clientOrderId$ code`,
  5: `requested ${ORIGIN} orderId request`,
  6: `voided ${ORIGIN} orderId clientOrderId$`,
  7: `rested ${STANDS}`,
  8: `filled ${FILL}`,
  9: "ended orderId leaves code marketSequence",
  10: `reduced ${STANDS}`,
  11: "refused orderId request code marketSequence",
  12: `accepted ${ORDER} ${TERMS}`,
  13: `reduced ${STANDS} code`,
  14: `waiting ${STANDS}`,
  15: `triggered ${STANDS}`,
  16: "amended orderId price quantity leaves stopPrice displayQuantity marketSequence",
  17: `allCancelRequested ${ORIGIN} market side orders`,
  18: `accepted ${ORDER} ${TERMS} pairOrderId`,
  19: "repriced orderId price marketSequence",
  20: `withdrawal ${ORIGIN} ${MONEY} status`,
  21: `accountState ${ORIGIN} state`,
  22: `filled ${FILL} fee±`,
  23: "feeKept orderId tradeId market asset fee±",
  24: `transferSent ${ORIGIN} recipient ${MONEY}`,
  25: `transferEnded recipient ${MONEY} code`,
  26: `transferReceived sender ${MONEY}`,
  27: `accountLimits ${ORIGIN} ${LIMITS}`,
  28: `accountGroup ${ORIGIN} group`,
  29: `accountTier ${ORIGIN} tier ${LIMITS}`,
  30: `opened ${ORIGIN} ${LIMITS}`,
  31: `opened ${ORIGIN} parent`,
  33: "review orderId until",
  34: `reviewed ${ORIGIN} orderId approved?`,
  35: `reviewLimit ${ORIGIN} asset value`,
  37: "warning kind windowStart orders amends cancels trades selfTrades usualOrders",
};

interface Layout {
  readonly kind: string;
  readonly fields: readonly { readonly name: string; readonly mark: string }[];
}

const BY_TAG = new Map(Object.entries(LAYOUTS).map(([tag, text]) => [Number(tag), parse(text)]));

function parse(text: string): Layout {
  const [kind, ...fields] = text.split(" ");
  return {
    kind: kind!,
    fields: fields.map((field) => {
      const [, name, mark] = /^(\w*)(\W?)$/.exec(field)!;
      return { name: name!, mark: mark! };
    }),
  };
}

export interface SettledFill {
  readonly orderId: number;
  readonly tradeId: number;
  readonly market: number;
  readonly price: number;
  readonly quantity: number;
}

class Bytes {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Error("JOURNAL_UNREADABLE: the events end too early");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  string(): string {
    const length = this.number();
    const from = this.at;
    this.at += length;
    if (this.at > this.bytes.length) {
      throw new Error("JOURNAL_UNREADABLE: the events end too early");
    }
    return this.bytes.toString("latin1", from, this.at);
  }
}

/** The events of a journal row. Throws when the bytes are not `count` events of kinds that are known. */
export function journalEvents(bytes: Buffer, count: number): JournalEvent[] {
  const reader = new Bytes(bytes);
  const events: JournalEvent[] = [];
  while (!reader.isAtEnd) events.push(readEvent(reader));
  if (events.length !== count) {
    throw new Error(`JOURNAL_UNREADABLE: ${events.length} events stand under ${count} numbers`);
  }
  return events;
}

function readEvent(reader: Bytes): JournalEvent {
  const tag = reader.number();
  const layout = BY_TAG.get(tag);
  if (!layout) throw new Error(`JOURNAL_UNREADABLE: event ${tag} is not known`);
  const fields: Record<string, Value> = {};
  for (const { name, mark } of layout.fields) {
    if (mark === "$") fields[name] = reader.string();
    else if (mark === "±") fields[name] = signed(reader.number());
    else if (mark === "?") fields[name] = reader.number() === 1;
    else if (mark === "*") readFlags(reader, fields);
    else fields[name] = reader.number();
  }
  return { kind: layout.kind, fields };
}

function signed(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function readFlags(reader: Bytes, fields: Record<string, Value>): void {
  const flags = reader.number();
  if (flags > 15) throw new Error(`JOURNAL_UNREADABLE: flags ${flags} are not known`);
  fields["postOnly"] = (flags & 1) !== 0;
  fields["reprices"] = (flags & 2) !== 0;
  if ((flags & 4) !== 0) fields["trail"] = reader.number();
  if ((flags & 8) !== 0) fields["minQuantity"] = reader.number();
}

/** The fills among a journal row's events. Throws as `journalEvents` does. */
export function settledFills(bytes: Buffer, count: number): SettledFill[] {
  return journalEvents(bytes, count)
    .filter(({ kind }) => kind === "filled")
    .map(({ fields }) => fields as unknown as SettledFill)
    .map(({ orderId, tradeId, market, price, quantity }) => ({
      orderId,
      tradeId,
      market,
      price,
      quantity,
    }));
}
