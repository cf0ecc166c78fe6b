/**
 * Makes what an exchange has from its beginning: its ledger shards, on its PostgreSQL instances. Instances may be added later; what is on
 * one stays there.
 */
import pg from "pg";
import { LEDGER_SHARDS_MAX, ledgerName } from "../../actors/kernel/ids.js";
import {
  HOME,
  INSTANCE_ROW,
  type InstanceRow,
  instanceUrls,
} from "../adapters/instances/instances.js";
import { inTransaction, MigrationError, withLockedDatabase } from "./migrate.js";

interface Shard {
  readonly actor: number;
  readonly instance: number;
}

/** What the home has that the others need. */
interface Venue extends InstanceRow {
  readonly incarnation: number;
  readonly ledgers: readonly Shard[];
  readonly assets: readonly object[];
  readonly instruments: readonly object[];
}

/**
 * Fixes how many ledger shards the exchange has and makes their actors, on its instances in turn. Again with the same number does
 * nothing, or completes what was interrupted; another number is a `MigrationError`.
 */
export async function genesis(
  postgresUrl: string,
  { ledgerShards }: { readonly ledgerShards: number },
): Promise<void> {
  if (!Number.isInteger(ledgerShards) || ledgerShards < 1 || ledgerShards > LEDGER_SHARDS_MAX) {
    throw new MigrationError(
      "LEDGER_SHARDS_INVALID",
      `${ledgerShards} ledger shards: allowed are 1 to ${LEDGER_SHARDS_MAX}`,
    );
  }
  const urls = instanceUrls(postgresUrl);
  const venue = await createHome(urls[HOME], urls.length, ledgerShards);
  for (let instance = 1; instance < urls.length; instance++) {
    await join(urls[instance]!, instance, venue);
  }
}

function createHome(url: string, instances: number, ledgerShards: number): Promise<Venue> {
  const shards = Array.from({ length: ledgerShards }, (_, at) => at + 1);
  return withLockedDatabase(url, (client) =>
    inTransaction(client, async () => {
      await client.query(
        "INSERT INTO exchange (ledger_shards) VALUES ($1) ON CONFLICT (one) DO NOTHING",
        [ledgerShards],
      );
      expectHome((await rowsOf<InstanceRow>(client, INSTANCE_ROW))[0]!, instances, ledgerShards);
      await client.query("UPDATE exchange SET instances = $1 WHERE instances <> $1", [instances]);
      await client.query(
        `INSERT INTO actor_instances (actor, instance)
         SELECT actor, (actor - 1) % $2 FROM unnest($1::integer[]) AS actor ON CONFLICT (actor) DO NOTHING`,
        [shards, instances],
      );
      const venue = await readVenue(client);
      await insertLedgers(client, HOME, venue.ledgers);
      return venue;
    }),
  );
}

function expectHome(
  { instance, instances, shards }: InstanceRow,
  named: number,
  ledgerShards: number,
): void {
  if (instance !== HOME) {
    const message = `the first PostgreSQL instance has to be the home; this is number ${instance}`;
    throw new MigrationError("INSTANCE_FOREIGN", message);
  }
  if (instances > named) {
    const message = `this exchange has ${instances} PostgreSQL instances and cannot have only ${named}`;
    throw new MigrationError("INSTANCES_FEWER", message);
  }
  if (shards === ledgerShards) return;
  throw new MigrationError(
    "LEDGER_SHARDS_DIFFER",
    `this exchange was created with ${shards} ledger shards and cannot have ${ledgerShards}`,
  );
}

async function readVenue(client: pg.Client): Promise<Venue> {
  const [row] = await rowsOf<InstanceRow & { incarnation: number }>(
    client,
    INSTANCE_ROW.replace("SELECT", "SELECT incarnation,"),
  );
  return {
    ...row!,
    ledgers: await rowsOf<Shard>(
      client,
      "SELECT actor, instance FROM actor_instances WHERE actor <= $1",
      [LEDGER_SHARDS_MAX],
    ),
    assets: await rowsOf(client, "SELECT * FROM assets"),
    instruments: await rowsOf(client, "SELECT * FROM instruments"),
  };
}

/** Makes a database an instance of the exchange, with its copies of what is the venue's. */
function join(url: string, instance: number, venue: Venue): Promise<void> {
  const { identity, incarnation, shards, assets, instruments } = venue;
  return withLockedDatabase(url, (client) =>
    inTransaction(client, async () => {
      await client.query(
        `INSERT INTO exchange (ledger_shards, incarnation, identity, instance, instances)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (one) DO NOTHING`,
        [shards, incarnation, identity, instance, instance + 1],
      );
      const stored = (await rowsOf<InstanceRow>(client, INSTANCE_ROW))[0]!;
      if (stored.identity !== identity || stored.instance !== instance) {
        throw new MigrationError(
          "INSTANCE_FOREIGN",
          `PostgreSQL instance ${instance} is to be made in a database that is another's: an empty one is needed`,
        );
      }
      await client.query(
        `INSERT INTO assets OVERRIDING SYSTEM VALUE
         SELECT * FROM jsonb_populate_recordset(NULL::assets, $1) ON CONFLICT (asset) DO NOTHING`,
        [JSON.stringify(assets)],
      );
      await client.query(
        `INSERT INTO instruments SELECT * FROM jsonb_populate_recordset(NULL::instruments, $1)
         ON CONFLICT (instrument) DO NOTHING`,
        [JSON.stringify(instruments)],
      );
      await insertLedgers(client, instance, venue.ledgers);
    }),
  );
}

async function insertLedgers(
  client: pg.Client,
  instance: number,
  ledgers: readonly Shard[],
): Promise<void> {
  const here = ledgers.filter((each) => each.instance === instance).map(({ actor }) => actor);
  await client.query(
    `INSERT INTO actors (actor, name, kind, incarnation)
     SELECT v.actor, v.name, 'ledger', e.incarnation
     FROM exchange e, unnest($1::integer[], $2::text[]) AS v (actor, name)
     ON CONFLICT (actor) DO NOTHING`,
    [here, here.map(ledgerName)],
  );
}

async function rowsOf<T>(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return (await client.query(text, [...values])).rows as T[];
}
