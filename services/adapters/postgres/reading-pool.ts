/**
 * Connections for those who tell others what they read. A server that was killed and is back shows commits for whose synchronous standby their
 * owners still waited; were it then lost for good, they would never have been. So whoever reads by the first connection to a server waits until the
 * standby has all that there is. As long as that connection is there the server was not killed, and nobody else has to wait.
 */
import pg from "pg";
import { READS_WAITING_MAX } from "../../common/queues.js";
import { CONNECTIONS_MAX, LOCK_TIMEOUT_MS, openPool } from "./connections.js";

/** One that waits for a standby that is away waits for ever, though nobody listens to it any more: there is to be one of a kind. */
const STANDING = `SELECT current_setting('synchronous_standby_names') <> '' AND NOT pg_is_in_recovery() AS "isReplicated",
  current_setting('synchronous_standby_names') <> '' AND EXISTS (SELECT FROM pg_stat_activity WHERE application_name = current_setting('application_name')
    AND wait_event = 'SyncRep' AND query LIKE '%palisade-settle%' AND pid <> pg_backend_pid()) AS "isWaiting",
  concat(inet_server_addr(), ' ', inet_server_port(), ' ', pg_postmaster_start_time()) AS life`;
/** A commit of nothing, which is answered when the standby has it, and so all that is visible here. */
const SETTLE = "SELECT pg_logical_emit_message(true, 'palisade-settle', '')";

interface Standing {
  readonly isReplicated: boolean;
  readonly isWaiting: boolean;
  /** Of the server: another one after each start. */
  readonly life: string;
}

export function openReadingPool(postgresUrl: string, holder: string): pg.Pool {
  const pool = openPool(postgresUrl, holder, CONNECTIONS_MAX, LOCK_TIMEOUT_MS, READS_WAITING_MAX);
  const settlement = new Settlement();
  pool.options.verify = (client, done) => {
    settlement.settle(client).then(() => done(), done);
  };
  return pool;
}

class Settlement {
  /** Connections that are there, since all that is visible is on the standby. */
  private readonly settled = new Set<pg.PoolClient>();
  /** Of the server that they are to: one that has lost its power may not have told them. */
  private life = "";
  private underWay: Promise<void> | null = null;

  async settle(client: pg.PoolClient): Promise<void> {
    const { rows } = await client.query<Standing>(STANDING);
    const standing = rows[0]!;
    if (this.settled.size === 0 || standing.life !== this.life) {
      this.underWay ??= wait(client, standing).finally(() => {
        this.underWay = null;
      });
      await this.underWay;
      this.life = standing.life;
    }
    this.settled.add(client);
    client.once("end", () => this.settled.delete(client));
  }
}

async function wait(client: pg.PoolClient, { isReplicated, isWaiting }: Standing): Promise<void> {
  if (!isReplicated) return;
  if (isWaiting) throw new Error("the synchronous standby does not answer");
  await client.query(SETTLE);
}
