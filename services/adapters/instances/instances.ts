/**
 * The PostgreSQL instances of an exchange: by which URLs they are reached, and whether these are the ones. The first is the home.
 */
import pg from "pg";
import { EXACT_INTEGERS } from "../postgres/connections.js";
import { sqlState } from "../postgres/errors.js";

/** The number of the instance that has what is the venue's. */
export const HOME = 0;

const CONNECT_TIMEOUT_MS = 2_000;

export type InstanceProblem =
  | "INSTANCES_DIFFER"
  | "INSTANCE_FOREIGN"
  | "SEVERAL_INSTANCES_UNSUPPORTED";

/** The URLs are not those of the exchange's instances, or what was asked for works on one instance alone. */
export class InstanceError extends Error {
  override readonly name = "InstanceError";
  readonly code: InstanceProblem;
  constructor(code: InstanceProblem, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** What an instance says of itself. */
export interface InstanceRow {
  readonly identity: string;
  readonly instance: number;
  /** How many there are; the home's word counts. */
  readonly instances: number;
  readonly shards: number;
}

export const INSTANCE_ROW =
  "SELECT identity, instance, instances, ledger_shards AS shards FROM exchange";

/** The URL of each instance, in the order of their numbers, as the setting has them. */
export function instanceUrls(postgresUrl: string): readonly [string, ...string[]] {
  return postgresUrl.split(",") as [string, ...string[]];
}

/**
 * Rejects with `InstanceError` unless these are all instances of one exchange, the home first. One that is not the home and does not
 * answer is passed over: what is on it has to wait, and nothing else.
 */
export async function checkInstances(urls: readonly string[]): Promise<InstanceRow> {
  const home = await askInstance(urls[HOME]!);
  checkHome(home, urls.length);
  const others = urls.slice(1).map((url, at) => checkOther(url, at + 1, home));
  await Promise.all(others);
  return home;
}

/** For what works on one instance alone: gives its URL, or rejects with `InstanceError`. */
export async function theOnlyInstance(postgresUrl: string, what: string): Promise<string> {
  const urls = instanceUrls(postgresUrl);
  await checkInstances(urls);
  if (urls.length === 1) return urls[HOME];
  throw new InstanceError(
    "SEVERAL_INSTANCES_UNSUPPORTED",
    `${what} does not work yet on an exchange with several PostgreSQL instances; this one has ${urls.length}`,
  );
}

function checkHome({ instance, instances }: InstanceRow, named: number): void {
  if (instance !== HOME) {
    throw new InstanceError(
      "INSTANCE_FOREIGN",
      `the first PostgreSQL URL is instance ${instance}'s; the home's, number ${HOME}, comes first`,
    );
  }
  if (instances === named) return;
  throw new InstanceError(
    "INSTANCES_DIFFER",
    `this exchange has ${instances} PostgreSQL instances, and ${named} are named; name the URL of each, ` +
      "in the order of their numbers, with commas between them",
  );
}

async function checkOther(url: string, number: number, home: InstanceRow): Promise<void> {
  let said: InstanceRow;
  try {
    said = await askInstance(url);
  } catch (error) {
    // Whoever is not there says nothing wrong. But a database without the table is no instance.
    if (error instanceof InstanceError || sqlState(error) === "42P01") throw error;
    return;
  }
  if (said.identity === home.identity && said.instance === number) return;
  const whose = said.identity === home.identity ? `instance ${said.instance}` : "another exchange";
  throw new InstanceError(
    "INSTANCE_FOREIGN",
    `PostgreSQL URL number ${number} (the home's is ${HOME}) is of ${whose}`,
  );
}

async function askInstance(url: string): Promise<InstanceRow> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "palisade:instances",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
    types: EXACT_INTEGERS,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<InstanceRow>(INSTANCE_ROW);
    if (rows[0]) return rows[0];
    throw new InstanceError("INSTANCE_FOREIGN", "there is no exchange in one of the databases");
  } finally {
    await client.end();
  }
}
