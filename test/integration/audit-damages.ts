/** What may be done by hand to the rows of a small exchange, and which rule names which row for it. */
import {
  BUY_ORDER,
  BUYER,
  letter,
  MARKET,
  OTHER_LETTER,
  SELL_ORDER,
  SELLER,
  TRADE,
  TRADE_UNDER_WAY,
  TRANSFER_GIVEN,
  TRANSFER_UNDER_WAY,
} from "./audit-exchange.js";

export const DAY_MICROS = 86_400_000_000;

/** The seller's order has ended; another of its client order id is rejected so much later. */
export function takenAgain(after: number): string {
  const at = `(SELECT updated + ${after} FROM orders WHERE order_id = ${SELL_ORDER})`;
  return `UPDATE orders SET released = 1 WHERE order_id = ${SELL_ORDER};
    INSERT INTO orders VALUES (${SELL_ORDER + 1_024}, 2, ${SELLER}, 's1', ${MARKET}, 2, 1, 1, 50, 10, 0, 0, 6, 96, 4, 4, ${at}, ${at})`;
}

export interface Damage {
  readonly what: string;
  readonly statement: string;
  readonly rule: string;
  readonly row: Record<string, unknown>;
}

export const DAMAGES: Damage[] = [
  {
    what: "a balance changed by hand",
    statement: `UPDATE balances SET total = total + 1 WHERE account = ${SELLER} AND asset = 2`,
    rule: "journalSums",
    row: { account: SELLER, asset: 2, total: 501, journal_total: 500 },
  },
  {
    what: "a hold changed by hand, in the balance and in the journal",
    statement: `UPDATE balances SET held = 400 WHERE account = ${BUYER} AND asset = 2;
      UPDATE journal SET held_changes = '{0,-600}' WHERE account = ${BUYER} AND last_sequence = 5`,
    rule: "holds",
    row: { account: BUYER, asset: 2, held: 400, held_by_orders: 500 },
  },
  {
    what: "a journal row deleted",
    statement: `DELETE FROM journal WHERE account = ${BUYER} AND last_sequence = 4`,
    rule: "journalGaps",
    row: { account: BUYER, first_sequence: 5, expected_first: 4 },
  },
  {
    what: "the last journal row deleted",
    statement: `DELETE FROM journal WHERE account = ${SELLER} AND last_sequence = 4`,
    rule: "journalGaps",
    row: { account: SELLER, last_sequence: 3, expected_first: 4 },
  },
  {
    what: "a trade's price altered",
    statement: `UPDATE trades SET price = 51 WHERE trade_id = ${TRADE}`,
    rule: "tradesOfOrders",
    row: { actor: MARKET, trade_id: TRADE, order_id: BUY_ORDER, price: 51, order_price: 50 },
  },
  {
    what: "a trade's quantity altered",
    statement: `UPDATE trades SET quantity = 9 WHERE trade_id = ${TRADE}`,
    rule: "orderFills",
    row: { order_id: BUY_ORDER, filled: 10, filled_by_trades: 9 },
  },
  {
    what: "a trade deleted",
    statement: `DELETE FROM trades WHERE trade_id = ${TRADE}`,
    rule: "orderFills",
    row: { order_id: BUY_ORDER, filled: 10, filled_by_trades: 0 },
  },
  {
    what: "a flow total altered",
    statement: `UPDATE links SET base_in = 11 WHERE actor = 1 AND peer = ${MARKET}`,
    rule: "flows",
    row: { actor: 1, peer: MARKET, base_in: 11, trades_base_in: 10 },
  },
  {
    what: "a deposit doubled",
    statement: `INSERT INTO deposits VALUES (1, ${BUYER}, 'k2', 2, 10000, 2)`,
    rule: "deposits",
    row: { actor: 1, asset: 2, deposits: 10000, deposits_less_withdrawals: 20000 },
  },
  {
    what: "a withdrawal that nothing is held for",
    statement: `INSERT INTO withdrawals VALUES (1, ${BUYER}, 'w', 2, 100, 2, 5, 5)`,
    rule: "holds",
    row: { account: BUYER, asset: 2, held: 500, held_by_orders: 500, held_by_withdrawals: 100 },
  },
  {
    what: "a settled withdrawal that took nothing",
    statement: `INSERT INTO withdrawals VALUES (1, ${BUYER}, 'w', 2, 100, 3, 5, 5)`,
    rule: "deposits",
    row: { actor: 1, asset: 2, deposits: 10000, deposits_less_withdrawals: 9900 },
  },
  {
    what: "a withdrawal taken off the balance and the total alone",
    statement: `UPDATE shard_totals SET deposits = 9900 WHERE actor = 1;
      INSERT INTO withdrawals VALUES (1, ${BUYER}, 'w', 2, 100, 3, 5, 5)`,
    rule: "settlements",
    row: { account: BUYER, asset: 2, journal_total: 9500, deposits_and_trades: 9400 },
  },
  {
    what: "a transfer that is settled and was never given",
    statement: `INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 2, 0, 5, 5)`,
    rule: "transfers",
    row: { account: BUYER, key: "t", recipient: SELLER, amount: 100, status: 2, given_to: null },
  },
  {
    what: "a transfer that came back and was given too",
    statement: `INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 3, 143, 4, 5);
      INSERT INTO credits VALUES (2, ${SELLER}, 4, ${BUYER}, 't', 2, 100)`,
    rule: "transfers",
    row: { account: BUYER, key: "t", status: 3, given_to: SELLER, given: 100 },
  },
  {
    what: "a transfer of which less was given",
    statement: `INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 1, 0, 5, 5);
      INSERT INTO credits VALUES (2, ${SELLER}, 4, ${BUYER}, 't', 2, 99)`,
    rule: "transfers",
    row: { account: BUYER, key: "t", status: 1, amount: 100, given: 99 },
  },
  {
    what: "something given that nobody has sent",
    statement: `INSERT INTO credits VALUES (2, ${SELLER}, 4, ${BUYER}, 't', 2, 100)`,
    rule: "transfers",
    row: { account: BUYER, key: "t", recipient: null, given_to: SELLER, given: 100 },
  },
  {
    what: "a transfer that its shard does not count",
    statement: `INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 1, 0, 5, 5)`,
    rule: "transferred",
    row: { actor: 1, asset: 2, transferred_out: 0, transfers: 100 },
  },
  {
    what: "a transfer that its account was not charged",
    statement: `INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 1, 0, 5, 5);
      UPDATE shard_totals SET transferred_out = 100 WHERE actor = 1 AND asset = 2`,
    rule: "settlements",
    row: { account: BUYER, asset: 2, journal_total: 9500, deposits_and_trades: 9400 },
  },
  {
    what: "an order that was charged too much",
    statement: `UPDATE orders SET maker_fee = -1000, taker_fee = 4000, maker_value = 0, taker_value = 500, fees = 3
      WHERE order_id = ${SELL_ORDER}`,
    rule: "fees",
    row: { order_id: SELL_ORDER, fees: 3, taker_value: 500, trades_taker_value: 500 },
  },
  {
    what: "an order that was charged for more than it traded",
    statement: `UPDATE orders SET maker_fee = 0, taker_fee = 4000, maker_value = 0, taker_value = 600, fees = 3
      WHERE order_id = ${SELL_ORDER}`,
    rule: "fees",
    row: { order_id: SELL_ORDER, taker_value: 600, trades_taker_value: 500 },
  },
  {
    what: "a fee that was charged and moved nothing",
    statement: `UPDATE orders SET maker_fee = 0, taker_fee = 4000, maker_value = 0, taker_value = 500, fees = 2
      WHERE order_id = ${SELL_ORDER}`,
    rule: "settlements",
    row: { asset: 2 },
  },
  {
    what: "a stale batch",
    statement: `INSERT INTO batch_log SELECT actor, 5, 1, anchor, 40, 50, time, hash, commands
      FROM batch_log WHERE actor = 1 AND batch = 4; UPDATE actors SET batch = 5 WHERE actor = 1`,
    rule: "staleBatches",
    row: { actor: 1, batch: 5, token: 1, highest_before: 2 },
  },
  {
    what: "a batch of a token after which a higher one was raised that has committed nothing",
    statement: "INSERT INTO claims VALUES (1, 3, 'node-2', 'node-2#1', 'test', 5, 3)",
    rule: "staleBatches",
    row: { actor: 1, batch: 4, token: 2, highest_before: 3 },
  },
  {
    what: "a batch missing",
    statement: "DELETE FROM batch_log WHERE actor = 2 AND batch = 2",
    rule: "batchGaps",
    row: { actor: 2, batch: 3, previous_batch: 1 },
  },
  {
    what: "an order of a pair that the other does not name",
    statement: `UPDATE orders SET pair = ${SELL_ORDER} WHERE order_id = ${BUY_ORDER}`,
    rule: "pairs",
    row: { order_id: BUY_ORDER, pair: SELL_ORDER },
  },
  {
    what: "a pair of which both have traded",
    statement: `UPDATE orders SET pair = order_id WHERE order_id = ${BUY_ORDER}`,
    rule: "pairs",
    row: { order_id: BUY_ORDER, filled: 10, filled_by_pair: 10 },
  },
  {
    what: "an order that held nothing for its pair, which has not traded",
    statement: `INSERT INTO orders VALUES (2049, 1, ${BUYER}, 'b2', ${MARKET}, 1, 1, 1, 50, 20, 0, 0, 5, 96, 3, 5, 1, 4);
      UPDATE orders SET pair = order_id, pair_done = 1 WHERE order_id = 2049`,
    rule: "pairs",
    row: { order_id: 2_049, pair_done: 1, filled_by_pair: 0 },
  },
  {
    what: "an order that was held for review, and has traded",
    statement: `UPDATE orders SET review_until = 5 WHERE order_id = ${BUY_ORDER}`,
    rule: "reviews",
    row: { order_id: BUY_ORDER, review_until: 5, filled: 10 },
  },
  {
    what: "an order that is held for review, and stands on the book",
    statement: `INSERT INTO orders VALUES (2049, 1, ${BUYER}, 'b2', ${MARKET}, 1, 1, 1, 1, 2, 0, 2, 1, 0, 3, 5, 1, 4);
      UPDATE orders SET review_until = 5 WHERE order_id = 2049;
      INSERT INTO book VALUES (${MARKET}, 2049, ${BUYER}, 1, 1, 2, 1, 2)`,
    rule: "reviews",
    row: { order_id: 2_049, review_until: 5, filled: 0 },
  },
  {
    what: "an order larger than it was",
    statement: `UPDATE orders SET quantity = 15 WHERE order_id = ${BUY_ORDER}`,
    rule: "orderQuantities",
    row: { order_id: BUY_ORDER, quantity: 15 },
  },
  {
    what: "an order whose client order id is nobody's",
    statement: `UPDATE orders SET released = 1 WHERE order_id = ${BUY_ORDER}`,
    rule: "clientOrderIds",
    row: { order_id: BUY_ORDER, next_order_id: null },
  },
  {
    what: "a client order id that was another's a moment less than a day ago",
    statement: takenAgain(DAY_MICROS - 1),
    rule: "clientOrderIds",
    row: { order_id: SELL_ORDER, next_order_id: SELL_ORDER + 1_024 },
  },
  {
    what: "a crossed book",
    statement: `INSERT INTO book VALUES (${MARKET}, ${SELL_ORDER}, ${SELLER}, 2, 50, 1, 2, 1)`,
    rule: "crossedBooks",
    row: { actor: MARKET, best_bid: 50, best_ask: 50, phase: "continuous" },
  },
  {
    what: "an order that shows less than is open, and no terms that say so",
    statement: "UPDATE book SET shown = 4",
    rule: "orderTerms",
    row: { actor: MARKET, order_id: BUY_ORDER },
  },
  {
    what: "terms of an order that is not open",
    statement: `INSERT INTO order_terms VALUES (${MARKET}, ${SELL_ORDER}, ${SELLER}, 1, 1, 0, 5, 0, 0, 0, 0)`,
    rule: "orderTerms",
    row: { actor: MARKET, order_id: SELL_ORDER },
  },
  {
    what: "a balance that is said to be another shard's",
    statement: `UPDATE balances SET actor = 2 WHERE account = ${BUYER} AND asset = 2`,
    rule: "shardBalances",
    row: { actor: 1, asset: 2, balances: 0, deposits_and_flows: 9_500 },
  },
  {
    what: "a trade's letter deleted",
    statement: `${TRADE_UNDER_WAY}; DELETE FROM outbox WHERE destination = 2`,
    rule: "tradesUnderWay",
    row: { actor: MARKET, trade_id: 2, order_id: SELL_ORDER, number: 2, received: 1, sent: 2 },
  },
  {
    what: "a trade that its letter tells otherwise",
    statement: `${TRADE_UNDER_WAY}; UPDATE outbox SET frame = o.frame FROM (${OTHER_LETTER}) o WHERE destination = 2`,
    rule: "tradesUnderWay",
    row: { actor: MARKET, trade_id: 2, order_id: SELL_ORDER, number: 2, received: 1, sent: 2 },
  },
  {
    what: "a trade that nobody was told of",
    statement: `${TRADE_UNDER_WAY}; DELETE FROM outbox; UPDATE links SET sent = 2 WHERE actor = ${MARKET} AND peer = 1;
      UPDATE links SET sent = 1 WHERE actor = ${MARKET} AND peer = 2`,
    rule: "tradesUnderWay",
    row: { actor: MARKET, trade_id: 2, order_id: BUY_ORDER, number: 3, received: 2, sent: 2 },
  },
  {
    what: "a mark raised over a trade that was not settled",
    statement: `${TRADE_UNDER_WAY}; UPDATE links SET received = 3 WHERE actor = 1 AND peer = ${MARKET}`,
    rule: "orderFills",
    row: { order_id: BUY_ORDER, filled: 10, filled_by_trades: 15 },
  },
  {
    what: "a transfer's letter deleted",
    statement: `${TRANSFER_UNDER_WAY}; DELETE FROM outbox`,
    rule: "transfersUnderWay",
    row: { account: BUYER, key: "t", recipient: SELLER, asset: 2, amount: 100 },
  },
  {
    what: "a mark raised over a transfer that was not given",
    statement: `${TRANSFER_UNDER_WAY}; INSERT INTO links VALUES (2, 1, 1, 1, 0)`,
    rule: "transfersUnderWay",
    row: { account: BUYER, key: "t", recipient: SELLER, asset: 2, amount: 100 },
  },
  {
    what: "the answer to a transfer deleted",
    statement: `${TRANSFER_UNDER_WAY}; ${TRANSFER_GIVEN}; DELETE FROM outbox WHERE actor = 2`,
    rule: "transfersUnderWay",
    row: { account: BUYER, key: "t", recipient: SELLER, asset: 2, amount: 100 },
  },
  {
    what: "an order's letter deleted",
    statement: `UPDATE links SET sent = 2 WHERE actor = 1 AND peer = ${MARKET}`,
    rule: "outbox",
    row: { actor: 1, destination: MARKET, received: 1, sent: 2, last: null },
  },
  {
    what: "a hole in the outbox",
    statement: `UPDATE links SET sent = 3 WHERE actor = 1 AND peer = ${MARKET};
      ${letter(1, MARKET, 3, { kind: "cancel", orderId: BUY_ORDER })}`,
    rule: "outbox",
    row: { actor: 1, destination: MARKET, received: 1, sent: 3, first: 3, last: 3 },
  },
  {
    what: "a mark above what was ever sent",
    statement: `UPDATE links SET received = 2 WHERE actor = ${MARKET} AND peer = 1`,
    rule: "outbox",
    row: { actor: 1, destination: MARKET, received: 2, sent: 1 },
  },
  {
    what: "a frame of the outbox that cannot be read",
    statement: `UPDATE links SET sent = 2 WHERE actor = 1 AND peer = ${MARKET};
      ${letter(1, MARKET, 2, { kind: "cancel", orderId: BUY_ORDER })}; UPDATE outbox SET frame = substr(frame, 2)`,
    rule: "outbox",
    row: { actor: 1, destination: MARKET, last: 2 },
  },
  {
    what: "an open order's limit changed by hand",
    statement: `UPDATE orders SET price = 49, worst_price = 50 WHERE order_id = ${BUY_ORDER};
      UPDATE balances SET held = 490 WHERE account = ${BUYER} AND asset = 2;
      UPDATE journal SET held_changes = '{0,-510}' WHERE account = ${BUYER} AND last_sequence = 5`,
    rule: "ordersOnBooks",
    row: { actor: MARKET, order_id: BUY_ORDER, price: 49, leaves: 10, book_price: 50 },
  },
  {
    what: "an open order that is on no book",
    statement: "DELETE FROM book",
    rule: "ordersOnBooks",
    row: { actor: MARKET, order_id: BUY_ORDER, price: 50, book_price: null },
  },
  {
    what: "an account deleted",
    statement: `DELETE FROM accounts WHERE account = ${SELLER}`,
    rule: "accounts",
    row: { account: SELLER, account_actor: null },
  },
  {
    what: "an account in a state that there is not",
    statement: `UPDATE accounts SET state = 9 WHERE account = ${SELLER}`,
    rule: "accounts",
    row: { account: SELLER, account_actor: 2, state: 9 },
  },
  {
    what: "limits of nobody",
    statement: "INSERT INTO account_limits VALUES (1, 999, 5, 5, 5, 0, 0, 0, 0)",
    rule: "accounts",
    row: { account: 999, named_in: "account_limits" },
  },
];
