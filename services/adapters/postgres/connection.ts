/** How this project talks to Postgres: its connections' settings, its numbers, its errors. */
import pg from "pg";
import { assert } from "../../../actors/kernel/assert.js";

const INT8 = 20;
const NUMERIC = 1700;

const CONNECT_MS_MAX = 2_000;
const STATEMENT_MS_MAX = 10_000;
const KEEP_ALIVE_AFTER_MS = 1_000;

/** Bigint columns hold safe integers only; anything else in them is damage. */
function toInteger(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `${text} is not a safe integer`);
  return value;
}

const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") => {
    if (oid === INT8 || oid === NUMERIC) return toInteger;
    return pg.types.getTypeParser(oid, format as "text");
  },
};

export interface PoolOptions {
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** More settings of the session, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

export function createPool(url: string, options: PoolOptions): pg.Pool {
  const settings = { synchronous_commit: "on", ...options.settings };
  const pool = new pg.Pool({
    connectionString: url,
    application_name: options.applicationName,
    max: options.connectionsMax,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    idleTimeoutMillis: 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    statement_timeout: STATEMENT_MS_MAX,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
    types: types as unknown as pg.CustomTypesConfig,
  });
  // An idle connection that breaks is replaced; whoever uses one sees the error itself.
  pool.on("error", () => undefined);
  return pool;
}

/** Postgres's five-letter code, when Postgres itself answered. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** A statement that the schema or our own code made wrong: nothing that trying again would mend. */
export function isOwnBug(state: string): boolean {
  return ["22", "23", "42", "0A", "P0", "XX"].includes(state.slice(0, 2));
}
