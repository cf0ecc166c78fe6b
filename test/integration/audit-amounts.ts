/** For each table an amount that cannot be, in a row that the table itself lets through. */
import type { Damage } from "./audit-damages.js";
import { BUY_ORDER, BUYER, MARKET, SELLER, TRADE } from "./audit-exchange.js";

export const IMPOSSIBLE: Damage[] = [
  impossible("trades", MARKET, TRADE, "UPDATE trades SET quantity = 0"),
  impossible("deposits", 1, BUYER, `UPDATE deposits SET amount = 0 WHERE account = ${BUYER}`),
  impossible(
    "withdrawals",
    1,
    BUYER,
    `INSERT INTO withdrawals VALUES (1, ${BUYER}, 'w', 2, 0, 2, 5, 5)`,
  ),
  impossible(
    "transfers",
    1,
    BUYER,
    `INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 0, 1, 0, 5, 5)`,
  ),
  impossible(
    "credits",
    2,
    SELLER,
    `INSERT INTO credits VALUES (2, ${SELLER}, 4, ${BUYER}, 't', 2, 0)`,
  ),
  impossible("book", MARKET, BUY_ORDER, "UPDATE book SET leaves = 0"),
  impossible("shard_totals", 1, 2, "UPDATE shard_totals SET transferred_in = -1 WHERE actor = 1"),
  impossible(
    "links",
    1,
    MARKET,
    `UPDATE links SET base_out = -1 WHERE actor = 1 AND peer = ${MARKET}`,
  ),
  impossible(
    "account_limits",
    1,
    BUYER,
    `INSERT INTO account_limits VALUES (1, ${BUYER}, -5, 5, 5, 0, 0, 0, 0)`,
  ),
  impossible("review_limits", 1, BUYER, `INSERT INTO review_limits VALUES (1, ${BUYER}, 2, -1)`),
];

function impossible(of_table: string, actor: number, number: number, statement: string): Damage {
  return {
    what: `an amount in ${of_table} that cannot be`,
    statement,
    rule: "amounts",
    row: { of_table, actor, number },
  };
}
