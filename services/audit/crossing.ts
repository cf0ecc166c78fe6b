/**
 * What the audit of an exchange on several PostgreSQL instances takes from one to another. There is no common snapshot, and none is
 * needed: trades and credits are append-only and numbered, and are read after the snapshot of whoever has taken them, so everything up
 * to that one's marks is there, and what is beyond them is passed over.
 */
import type { Client } from "pg";
import { isLedgerShard, shardOfAccount } from "../../actors/kernel/ids.js";
import { HOME } from "../adapters/instances/instances.js";

const PAGE_ROWS = 5_000;

/** Temporary tables of a session, empty where there is one instance only. */
export const FOREIGN_TABLES = `
  CREATE TEMP TABLE foreign_trades AS SELECT * FROM trades WITH NO DATA;
  CREATE TEMP VIEW all_trades AS SELECT * FROM trades UNION ALL SELECT * FROM foreign_trades;
  -- Credits at other instances for transfers of accounts that are here.
  CREATE TEMP TABLE foreign_credits (account bigint, sender bigint, key text, asset integer, amount bigint);
  -- Accounts of other instances from which accounts here were credited: that is judged there.
  CREATE TEMP TABLE foreign_senders (sender bigint);
  -- Orders of accounts that are here on books of other instances, of those that were under review here before.
  CREATE TEMP TABLE foreign_booked (order_id bigint);
`;

interface Instance {
  readonly client: Client;
  /** Numbers of the actors whose rows it has. */
  readonly actors: readonly number[];
}

/** Fills the sessions' `foreign_…` tables, after every instance's snapshot. The clients are in the order of the instances. */
export async function takeAcross(clients: readonly Client[]): Promise<void> {
  if (clients.length === 1) return;
  const instances = await Promise.all(clients.map(instanceOf));
  for (const [at, to] of instances.entries()) {
    for (const from of instances) {
      if (from === to) continue;
      await takeTrades(from, to);
      await lookAtBooks(from, to);
    }
    await giveCredits(at, instances);
  }
}

/** Actors that have rows on another instance than the home says. */
export async function misplacedActors(
  clients: readonly Client[],
): Promise<Readonly<Record<string, unknown>>[]> {
  if (clients.length === 1) return [];
  const { rows } = await clients[HOME]!.query<{ actor: number; instance: number }>(
    "SELECT actor, instance FROM actor_instances",
  );
  const assigned = new Map(rows.map(({ actor, instance }) => [actor, instance]));
  const instances = await Promise.all(clients.map(instanceOf));
  return instances.flatMap(({ actors }, at) =>
    actors
      .filter((actor) => assigned.get(actor) !== at)
      .map((actor) => ({ actor, on: at, assigned: assigned.get(actor) ?? null })),
  );
}

async function instanceOf(client: Client): Promise<Instance> {
  const { rows } = await client.query<{ actor: number }>("SELECT actor FROM seen_actors");
  return { client, actors: rows.map(({ actor }) => actor) };
}

/** Trades of the markets of one instance that have a side of a shard of the other. */
async function takeTrades(from: Instance, to: Instance): Promise<void> {
  const shards = to.actors.filter(isLedgerShard);
  for (let after = [0, 0]; ; ) {
    const { rows } = await from.client.query<{ actor: number; trade_id: number }>(
      `SELECT * FROM trades WHERE (actor, trade_id) > ($1, $2)
         AND (maker_order % 1024 = ANY ($3::bigint[]) OR taker_order % 1024 = ANY ($3::bigint[]))
       ORDER BY actor, trade_id LIMIT ${PAGE_ROWS}`,
      [...after, shards],
    );
    await to.client.query(
      "INSERT INTO foreign_trades SELECT * FROM jsonb_populate_recordset(NULL::trades, $1)",
      [JSON.stringify(rows)],
    );
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_ROWS) return;
    after = [last.actor, last.trade_id];
  }
}

/**
 * Which orders that are under review at one instance are on a book of the other. Whoever is still under review when the rules are tried,
 * after this, was so when it was on the book: nothing comes under review twice.
 */
async function lookAtBooks(from: Instance, to: Instance): Promise<void> {
  const under = await to.client.query<{ order_id: number }>(
    "SELECT order_id FROM orders WHERE review_until > 0",
  );
  const ids = under.rows.map((row) => row.order_id);
  const booked = await from.client.query<{ order_id: number }>(
    "SELECT order_id FROM book WHERE order_id = ANY ($1::bigint[])",
    [ids],
  );
  await to.client.query("INSERT INTO foreign_booked SELECT unnest($1::bigint[])", [
    booked.rows.map((row) => row.order_id),
  ]);
}

interface Credit {
  readonly account: number;
  readonly sequence: number;
  readonly sender: number;
}

/** Brings the credits of one instance, those that are another's transfers, to where these are. */
async function giveCredits(at: number, instances: readonly Instance[]): Promise<void> {
  const { client } = instances[at]!;
  const { rows } = await client.query<{ shards: number }>(
    "SELECT ledger_shards AS shards FROM exchange",
  );
  const { shards } = rows[0]!;
  const homes = new Map(
    instances.flatMap(({ actors }, instance) => actors.map((actor) => [actor, instance])),
  );
  for (let after = [0, 0]; ; ) {
    const page = await client.query<Credit>(
      `SELECT account, sequence, sender, key, asset, amount FROM credits WHERE (account, sequence) > ($1, $2)
       ORDER BY account, sequence LIMIT ${PAGE_ROWS}`,
      after,
    );
    const byInstance = new Map<number, Credit[]>();
    for (const credit of page.rows) {
      const home = homes.get(shardOfAccount(credit.sender, shards)) ?? at;
      if (home !== at) byInstance.set(home, [...(byInstance.get(home) ?? []), credit]);
    }
    for (const [instance, credits] of byInstance) {
      await instances[instance]!.client.query(
        `INSERT INTO foreign_credits
         SELECT account, sender, key, asset, amount FROM jsonb_populate_recordset(NULL::foreign_credits, $1)`,
        [JSON.stringify(credits)],
      );
      await client.query("INSERT INTO foreign_senders SELECT unnest($1::bigint[])", [
        [...new Set(credits.map(({ sender }) => sender))],
      ]);
    }
    const last = page.rows.at(-1);
    if (!last || page.rows.length < PAGE_ROWS) return;
    after = [last.account, last.sequence];
  }
}
