/** How this project's processes talk to PostgreSQL: few connections, bounded waits, whole numbers that are exact. */
import pg from "pg";
import { assert } from "../../../actors/kernel/assert.js";
import { SystemClock } from "../../common/clock.js";
import { TooManyReadsError } from "../../ports/reads.js";
import { Doorway } from "./doorway.js";

/** Connections of a pool that is not told otherwise, made when they are needed. */
export const CONNECTIONS_MAX = 4;

/** What an answer may take before the connection is given up, and its outcome with it. */
export const ANSWER_TIMEOUT_MS = 5_000;
/** The same for a page of a recovery, which may have to pass over much history. */
export const PAGE_TIMEOUT_MS = 25_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Part of that: who waits for his turn to ask is told why he had none before the pool gives him up without a reason. */
const TURN_TIMEOUT_MS = 4_500;
/** What a row that somebody else holds is waited for, where nothing else is said. */
export const LOCK_TIMEOUT_MS = 2_000;
const KEEPALIVE_AFTER_MS = 1_000;

/**
 * Every statement here looks rows up by key, a few or many. A plan that was made while a table was still empty would
 * read all of it later, so only plans by index are allowed, in the order in which joins are written, and each is made
 * once. (A batch that changed 1,000 of 30,000 orders took 1.8 s when the planner was free to join the other way round.)
 */
const SESSION_SETTINGS = [
  "synchronous_commit=on",
  "plan_cache_mode=force_generic_plan",
  "enable_seqscan=off",
  "enable_hashjoin=off",
  "enable_mergejoin=off",
  "enable_bitmapscan=off",
  "enable_material=off",
  "join_collapse_limit=1",
  "jit=off",
];

const OID_BIGINT = 20;
const OID_BIGINT_ARRAY = 1016;
const OID_INTEGER_ARRAY = 1007;
const OID_SMALLINT_ARRAY = 1005;

function parseInteger(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), "%s is no integer that a double holds exactly", text);
  return value;
}

function parseIntegers(text: string): number[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",").map(parseInteger);
}

const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<
  number,
  (text: string) => unknown
>([
  [OID_BIGINT, parseInteger],
  [OID_BIGINT_ARRAY, parseIntegers],
  [OID_INTEGER_ARRAY, parseIntegers],
  [OID_SMALLINT_ARRAY, parseIntegers],
]);

/** Whole numbers are numbers, where a double holds them exactly. */
export const EXACT_INTEGERS: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    PARSERS.get(oid) ?? pg.types.getTypeParser(oid, format),
};

/** What the names of this project's connections begin with. */
export const APPLICATION_PREFIX = "palisade:";
/** PostgreSQL keeps so much of a connection's name. */
const APPLICATION_NAME_MAX_BYTES = 63;

/** The name under which a holder's connections are known to PostgreSQL. */
export function applicationName(holder: string): string {
  const name = `${APPLICATION_PREFIX}${holder}`;
  const bytes = Buffer.byteLength(name);
  assert(bytes <= APPLICATION_NAME_MAX_BYTES, "%s is too long for a connection's name", name);
  return name;
}

const ignore = (): void => undefined;

/** One for each server: what one pool of the process is told holds for the others. */
const doorways = new Map<string, Doorway>();

function doorwayOf(postgresUrl: string): Doorway {
  let doorway = doorways.get(postgresUrl);
  if (!doorway) doorways.set(postgresUrl, (doorway = new Doorway(new SystemClock())));
  return doorway;
}

/**
 * Clients that ask one at a time when the server lets nobody in, and are listened to from their birth: one that breaks in the
 * moment in which it is made or lent says so when its borrower does not listen yet, which would end the process.
 */
function clientsThrough(doorway: Doorway): typeof pg.Client {
  return class extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error | null) => void): void;
    override connect(callback?: (error: Error | null) => void): Promise<pg.Client> | void {
      this.on("error", ignore);
      const connected = doorway.pass(() => super.connect(), TURN_TIMEOUT_MS);
      if (!callback) return connected;
      connected.then(() => callback(null), callback);
    }
  };
}

/** A pool at which only so many wait for a connection; whoever comes then is refused at once. */
class BoundedPool extends pg.Pool {
  private readonly waitersMax: number;

  constructor(config: pg.PoolConfig, waitersMax: number) {
    super(config);
    this.waitersMax = waitersMax;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | void {
    if (this.waitingCount < this.waitersMax) {
      return callback ? super.connect(callback) : super.connect();
    }
    const refused = new TooManyReadsError(this.waitersMax);
    if (!callback) return Promise.reject(refused);
    callback(refused, undefined, ignore);
  }
}

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** Opens no connection yet; each is made when it is needed and kept, and the one that was used last is used first. */
export function openPool(
  postgresUrl: string,
  holder: string,
  connectionsMax = CONNECTIONS_MAX,
  lockTimeoutMs = LOCK_TIMEOUT_MS,
  waitersMax = Infinity,
): pg.Pool {
  const config: pg.PoolConfig = {
    Client: clientsThrough(doorwayOf(postgresUrl)),
    connectionString: postgresUrl,
    application_name: applicationName(holder),
    max: connectionsMax,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: lockTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    options: SESSION_SETTINGS.map((setting) => `-c ${setting}`).join(" "),
    types: EXACT_INTEGERS,
  };
  const pool = new BoundedPool(config, waitersMax);
  // An idle connection that breaks is replaced when one is needed; whoever asks then is told if that fails.
  pool.on("error", ignore);
  return pool;
}

/** A prepared statement, by a name that stands for this text alone. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

/** Runs a prepared statement on any connection. */
export async function query<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  { name, text }: Prepared,
  values: readonly unknown[] = [],
  timeoutMs: number = ANSWER_TIMEOUT_MS,
): Promise<R[]> {
  const config = { name, text, values: [...values], query_timeout: timeoutMs };
  const { rows } = await pool.query<R>(config);
  return rows;
}

/** Lends a connection. It is closed when the work fails, in whatever state it is: nothing of it is left then. */
export async function withConnection<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Runs statements in one transaction, on one connection; all or nothing. `begin` is the statement that begins it. */
export function inTransaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return withConnection(pool, async (client) => {
    await client.query(begin);
    const result = await work(client);
    const { command } = await client.query("COMMIT");
    // COMMIT of a transaction that has failed succeeds, and says ROLLBACK.
    if (command !== "COMMIT") throw new Error("the transaction was rolled back");
    return result;
  });
}
