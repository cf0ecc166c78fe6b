/**
 * Brings a database to the schema of this code: numbered SQL files, each applied once, in order, in a transaction of
 * its own, and never changed afterwards. What was applied is kept with a checksum.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { instanceUrls } from "../adapters/instances/instances.js";
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
  | "LEDGER_SHARDS_DIFFER"
  | "INSTANCES_FEWER"
  | "INSTANCE_FOREIGN";

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

/**
 * Applies what is missing, in each of an exchange's instances. Rejects with `MigrationError`; then nothing of the failing migration is
 * applied.
 */
export async function migrate(postgresUrl: string, options: MigrateOptions = {}): Promise<void> {
  const migrations = readMigrations(options.directory ?? DIRECTORY);
  for (const url of instanceUrls(postgresUrl)) await migrateOne(url, migrations, options);
}

async function migrateOne(
  url: string,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<void> {
  await withLockedDatabase(url, async (client) => {
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

export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query("BEGIN");
  try {
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** Works under the lock that lets one process at a time change the schema, or what is made once. */
export async function withLockedDatabase<T>(
  postgresUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: postgresUrl,
    application_name: "palisade:migrate",
  });
  await client.connect();
  try {
    // The lock belongs to the session and goes with it.
    await client.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
    return await work(client);
  } finally {
    await client.end();
  }
}
