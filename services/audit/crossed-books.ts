/** Which markets' books are crossed at rest though their phase allows it not: only a market's state knows its phase. */
import type { Client } from "pg";
import { MarketState } from "../../actors/market/market-state.js";
import { isUncrossed, PHASE_NAMES } from "../../actors/market/phase.js";

const TABLE = `
  CREATE TEMP TABLE seen_crossed_books (actor integer, best_bid bigint, best_ask bigint, phase text)`;

/** One statement: the books and the states are of one moment. */
const CROSSED = `
  SELECT a.actor, b.best_bid, b.best_ask, a.state
  FROM actors a JOIN (
    SELECT actor, max(price) FILTER (WHERE side = 1) AS best_bid, min(price) FILTER (WHERE side = 2) AS best_ask
    FROM book WHERE shown > 0 GROUP BY actor
  ) b USING (actor)
  WHERE b.best_bid >= b.best_ask`;

interface Crossed {
  readonly actor: number;
  readonly best_bid: string;
  readonly best_ask: string;
  readonly state: Uint8Array;
}

/** Fills the table `seen_crossed_books` of the session. */
export async function seeCrossedBooks(client: Client): Promise<void> {
  await client.query(TABLE);
  const { rows } = await client.query<Crossed>(CROSSED);
  for (const { actor, best_bid, best_ask, state } of rows) {
    const { phase } = MarketState.decode(state);
    if (!isUncrossed(phase)) continue;
    const values = [actor, best_bid, best_ask, PHASE_NAMES[phase]];
    await client.query("INSERT INTO seen_crossed_books VALUES ($1, $2, $3, $4)", values);
  }
}
