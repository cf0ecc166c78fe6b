/** Raising an actor's token, past a predecessor that has fallen asleep in the middle of its commit. */
import type pg from "pg";
import type { ActorRecord, Holder } from "../../ports/store.js";
import { query, withConnection } from "./connections.js";
import { END_PREDECESSOR, RAISE } from "./store-sql.js";

/** Commits take milliseconds: whoever holds the actor's row longer than this is asleep. */
const ROW_WAIT_MAX_MS = 300;

/**
 * Null: the token is another. Rejects when someone else holds the row for too long. `ender` has a connection for when raises have
 * all of the pool's: a predecessor's transaction may hold the rows of many actors.
 */
export function raiseToken(
  pool: pg.Pool,
  ender: pg.Pool,
  actor: number,
  fromToken: number,
  { node, incarnation, reason }: Holder,
  leaseRevision: number,
): Promise<ActorRecord | null> {
  return withConnection(pool, async (client) => {
    // The driver knows its backend, though its types do not say so.
    const { processID: backend } = client as pg.PoolClient & { readonly processID: number };
    // A wait that is behind another claimant may end at the predecessor only later: it is looked at again and again.
    const watch = setInterval(() => {
      // Whether it worked is seen by the raise, which goes on or is given up.
      query(ender, END_PREDECESSOR, [actor, fromToken, backend]).catch(() => undefined);
    }, ROW_WAIT_MAX_MS);
    try {
      const values = [actor, fromToken, node, incarnation, leaseRevision, reason];
      const { rows } = await client.query<ActorRecord>({ ...RAISE, values });
      return rows[0] ?? null;
    } finally {
      clearInterval(watch);
    }
  });
}
