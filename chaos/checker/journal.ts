/**
 * The fills that a journal row says were settled. Knows only how the row's bytes are laid out: each event is a tag and
 * then numbers (`n`, seven bits a byte, the lowest first), strings (`s`, a number for their length in front), and flags
 * (`f`, a number of which each bit from the third on stands for a number that follows).
 */

const LAYOUTS: Readonly<Record<number, string>> = {
  1: "nnn", // opened: origin
  2: "nnnnns", // deposited: origin, asset, amount, key
  3: "nnnnsnnnnnn", // accepted: origin, order, client id, instrument, side, type, time in force, price, quantity
  4: "nnnnsn", // rejected: origin, order, client id, code
  5: "nnnnn", // requested: origin, order, request
  6: "nnnns", // voided: origin, order, client id
  7: "nnn", // rested: order, leaves, sequence
  8: "nnnnnnnnn", // filled: order, trade, instrument, side, liquidity, price, quantity, leaves, sequence
  9: "nnnn", // ended: order, leaves, code, sequence
  10: "nnn", // reduced: order, leaves, sequence
  11: "nnnn", // refused: order, request, code, sequence
  12: "nnnnsnnnnnnnnnnf", // accepted as 3; then stop price, display, expiry, self-trade mode, flags (trail, minimum)
  13: "nnnn", // reduced as 10; then code
  14: "nnn", // waiting: order, leaves, sequence
  15: "nnn", // triggered: order, leaves, sequence
  16: "nnnnnnn", // amended: order, price, quantity, leaves, stop price, display, sequence
  17: "nnnnnn", // cancel-all: origin, instrument, side, orders
  18: "nnnnsnnnnnnnnnnfn", // accepted as 12; then the other order of its pair
  19: "nnn", // repriced: order, price, sequence
  20: "nnnnnsn", // withdrawal: origin, asset, amount, key, status
  21: "nnnn", // account-state: origin, state
  22: "nnnnnnnnnn", // filled as 8; then the fee
  23: "nnnnn", // fee: order, trade, instrument, asset, amount
  24: "nnnnnns", // transfer: origin, recipient, asset, amount, key
  25: "nnnsn", // transfer-ended: recipient, asset, amount, key, code
  26: "nnns", // transfer-received: sender, asset, amount, key
  27: "nnnnnn", // account-limits: origin, orders a day, open orders, requests a second
  28: "nnnn", // account-group: origin, group
  29: "nnnnnnn", // account-tier: origin, tier, limits as in 27
  30: "nnnnnn", // opened as 1; then limits as in 27
  31: "nnnn", // opened as 1; then its parent
  33: "nn", // review: order, until
  34: "nnnnn", // reviewed: origin, order, approved
  35: "nnnnn", // review-limit: origin, asset, value
  37: "nnnnnnnn", // warning: kind, window, orders, amends, cancels, trades, self-trades, usual orders
};
const FILLED = [8, 22];

export interface SettledFill {
  readonly orderId: number;
  readonly tradeId: number;
  readonly market: number;
  readonly price: number;
  readonly quantity: number;
}

/** The fills among a journal row's events. Throws when the bytes are not `count` events. */
export function settledFills(bytes: Buffer, count: number): SettledFill[] {
  const fills: SettledFill[] = [];
  let at = 0;
  let events = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("JOURNAL_UNREADABLE: the events end too early");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = number();
    const layout = LAYOUTS[tag];
    if (layout === undefined) throw new Error(`JOURNAL_UNREADABLE: event ${tag} is not known`);
    const values: number[] = [];
    for (const kind of layout) {
      const value = number();
      if (kind === "s") at += value;
      else values.push(value);
      for (let bits = kind === "f" ? value >> 2 : 0; bits > 0; bits >>= 1) {
        if (bits % 2 === 1) number();
      }
    }
    events += 1;
    if (!FILLED.includes(tag)) continue;
    const [orderId, tradeId, market, , , price, quantity] = values as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    fills.push({ orderId, tradeId, market, price, quantity });
  }
  if (events !== count) {
    throw new Error(`JOURNAL_UNREADABLE: ${events} events stand under ${count} numbers`);
  }
  return fills;
}
