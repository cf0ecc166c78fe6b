/**
 * Brings a database to the schema of this code: numbered SQL files, each applied once, in order, in a transaction of
 * its own, and never changed afterwards. What was applied is kept with a checksum.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { LEDGER_SHARDS_MAX, ledgerName } from "../../actors/kernel/ids.js";
import { PROJECT_ROOT } from "../servers/project-root.js";

const DIRECTORY = join(PROJECT_ROOT, "deploy", "postgres", "migrations");

/** The advisory lock under which one process at a time changes the schema: "pali" in ASCII. */
const LOCK_KEY = 0x70616c69;

export type MigrationProblem =
  | "MIGRATION_FILE_INVALID"
  | "MIGRATION_CHANGED"
  | "MIGRATION_MISSING"
  | "MIGRATION_FAILED"
  | "DATABASE_NEWER"
  | "LEDGER_SHARDS_INVALID"
  | "LEDGER_SHARDS_DIFFER";

/** The database and this code do not fit. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly code: MigrationProblem;
  constructor(code: MigrationProblem, message: string) {
    super(message);
    this.code = code;
  }
}

export interface MigrateOptions {
  /** Where the migrations are; the project's own by default. */
  readonly directory?: string;
  /** Takes a line for each migration that is applied. */
  readonly log?: (line: string) => void;
}

interface Migration {
  readonly number: number;
  readonly file: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Applied {
  readonly number: number;
  readonly file: string;
  readonly checksum: string;
}

/** Applies what is missing. Rejects with `MigrationError`; then nothing of the failing migration is applied. */
export async function migrate(postgresUrl: string, options: MigrateOptions = {}): Promise<void> {
  const migrations = readMigrations(options.directory ?? DIRECTORY);
  await withLockedDatabase(postgresUrl, async (client) => {
    await client.query(
      `CREATE TABLE IF NOT EXISTS schema_migrations (
         number integer PRIMARY KEY,
         file text NOT NULL,
         checksum text NOT NULL,
         applied timestamptz NOT NULL DEFAULT clock_timestamp()
       )`,
    );
    const { rows } = await client.query<Applied>(
      "SELECT number, file, checksum FROM schema_migrations ORDER BY number",
    );
    checkApplied(rows, migrations);
    for (const migration of migrations.slice(rows.length)) {
      await apply(client, migration);
      options.log?.(`applied migration ${migration.file}`);
    }
  });
}

/**
 * Fixes how many ledger shards the exchange has and makes their actors. Again with the same number does nothing;
 * another number is a `MigrationError`.
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
  const shards = Array.from({ length: ledgerShards }, (_, at) => at + 1);
  await withLockedDatabase(postgresUrl, (client) =>
    inTransaction(client, async () => {
      await client.query(
        "INSERT INTO exchange (ledger_shards) VALUES ($1) ON CONFLICT (one) DO NOTHING",
        [ledgerShards],
      );
      const { rows } = await client.query<{ ledger_shards: number }>(
        "SELECT ledger_shards FROM exchange",
      );
      const stored = rows[0]?.ledger_shards;
      if (stored !== ledgerShards) {
        throw new MigrationError(
          "LEDGER_SHARDS_DIFFER",
          `this exchange was created with ${stored} ledger shards and cannot have ${ledgerShards}`,
        );
      }
      await client.query(
        `INSERT INTO actors (actor, name, kind, incarnation)
         SELECT v.actor, v.name, 'ledger', e.incarnation
         FROM exchange e, unnest($1::integer[], $2::text[]) AS v (actor, name)
         ON CONFLICT (actor) DO NOTHING`,
        [shards, shards.map(ledgerName)],
      );
    }),
  );
}

function readMigrations(directory: string): Migration[] {
  const files = readdirSync(directory).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file, at) => {
    const number = Number(/^(\d{3})_\w+\.sql$/.exec(file)?.[1]);
    if (number !== at + 1) {
      const expected = `${String(at + 1).padStart(3, "0")}_name.sql`;
      throw new MigrationError(
        "MIGRATION_FILE_INVALID",
        `${join(directory, file)} should be called ${expected}: numbers go up from 001 without a gap`,
      );
    }
    const sql = readFileSync(join(directory, file), "utf8");
    return { number, file, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

function checkApplied(applied: readonly Applied[], migrations: readonly Migration[]): void {
  const newest = applied.at(-1);
  if (newest && newest.number > migrations.length) {
    throw new MigrationError(
      "DATABASE_NEWER",
      `the database has migration ${newest.file}, this code ends at ${migrations.length}: run newer code`,
    );
  }
  applied.forEach(({ number, file, checksum }, at) => {
    const migration = migrations[at];
    if (number !== migration?.number) {
      throw new MigrationError(
        "MIGRATION_MISSING",
        `the database has migration ${file}, but not ${migration?.file} before it`,
      );
    }
    if (checksum !== migration.checksum) {
      throw new MigrationError(
        "MIGRATION_CHANGED",
        `migration ${migration.file} is not what was applied as ${file}: put it back, add a new one`,
      );
    }
  });
}

async function apply(client: pg.Client, { number, file, sql, checksum }: Migration): Promise<void> {
  try {
    await inTransaction(client, async () => {
      await client.query(sql);
      await client.query(
        "INSERT INTO schema_migrations (number, file, checksum) VALUES ($1, $2, $3)",
        [number, file, checksum],
      );
    });
  } catch (error) {
    throw new MigrationError("MIGRATION_FAILED", `migration ${file}: ${(error as Error).message}`);
  }
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

async function withLockedDatabase(
  postgresUrl: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({
    connectionString: postgresUrl,
    application_name: "palisade:migrate",
  });
  await client.connect();
  try {
    // The lock belongs to the session and goes with it.
    await client.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
    await work(client);
  } finally {
    await client.end();
  }
}
