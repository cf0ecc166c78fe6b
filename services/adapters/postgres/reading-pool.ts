/**
 * Connections for those who tell others what they read. A server that was killed and is back shows commits for whose synchronous standby their
 * owners still waited; were it then lost for good, they would never have been. So whoever reads by the first connection to a server waits until the
 * standby has all that there is. As long as that connection is there the server was not killed, and nobody else has to wait.
 */
import pg from "pg";
import { openPool } from "./connections.js";

/** One that waits for a standby that is away waits for ever, though nobody listens to it any more: there is to be one of a kind. */
const STANDING = `SELECT current_setting('synchronous_standby_names') <> '' AND NOT pg_is_in_recovery() AS "isReplicated",
  EXISTS (SELECT FROM pg_stat_activity WHERE application_name = current_setting('application_name')
    AND wait_event = 'SyncRep' AND query LIKE '%palisade-settle%' AND pid <> pg_backend_pid()) AS "isWaiting"`;
/** A commit of nothing, which is answered when the standby has it, and so all that is visible here. */
const SETTLE = "SELECT pg_logical_emit_message(true, 'palisade-settle', '')";

interface Standing {
  readonly isReplicated: boolean;
  readonly isWaiting: boolean;
}

export function openReadingPool(postgresUrl: string, holder: string): pg.Pool {
  const pool = openPool(postgresUrl, holder);
  const settlement = new Settlement();
  pool.options.verify = (client, done) => {
    settlement.settle(client).then(() => done(), done);
  };
  return pool;
}

class Settlement {
  /** Connections that are there, since all that is visible is on the standby. */
  private readonly settled = new Set<pg.PoolClient>();
  private underWay: Promise<void> | null = null;

  async settle(client: pg.PoolClient): Promise<void> {
    if (this.settled.size === 0) {
      this.underWay ??= ask(client).finally(() => {
        this.underWay = null;
      });
      await this.underWay;
    }
    this.settled.add(client);
    client.once("end", () => this.settled.delete(client));
  }
}

async function ask(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<Standing>(STANDING);
  const { isReplicated, isWaiting } = rows[0]!;
  if (!isReplicated) return;
  if (isWaiting) throw new Error("the synchronous standby does not answer");
  await client.query(SETTLE);
}
