/**
 * What is written down of a running exchange besides what its public interfaces say: how far each actor's batch log was before a
 * drill and after it, its servers' versions, and what its processes count. No drill fails because something of it cannot be had.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { EXACT_INTEGERS } from "../../services/adapters/postgres/connections.js";
import { HOME, instanceUrls } from "../../services/adapters/instances/instances.js";
import type { RunFile } from "../../services/cli/run-file.js";
import type { ClusterPlaces } from "../../services/cli/whereabouts.js";
import { loadConfig } from "../../services/common/config.js";
import { metricsFolder } from "../evidence/folder.js";
import {
  ANSWER_MS_MAX,
  metricsOf,
  type ServerVersions,
  versionOfEtcd,
  versionOfNats,
} from "../evidence/servers.js";

/** What was asked for; or null, and why it could not be had. */
export type Asked<T> =
  | { readonly value: T; readonly reason: null }
  | { readonly value: null; readonly reason: string };

/** How far an actor was: its last batch, and the token that was raised last. */
export interface LogPlace {
  readonly actor: string;
  readonly batch: number;
  readonly token: number;
}

export interface Around {
  /** Of each actor, in the order of their ids. */
  readonly log: {
    readonly before: Asked<readonly LogPlace[]>;
    readonly after: Asked<readonly LogPlace[]>;
  };
  readonly servers: { readonly [Server in keyof ServerVersions]: Asked<string> };
  /** By process, the file in the record's folder that has what it counted when all was over. */
  readonly metrics: Asked<Readonly<Record<string, Asked<string>>>>;
}

/** Now. */
export function logPlaces({ urls }: ClusterPlaces): Promise<Asked<readonly LogPlace[]>> {
  return asked(async () => {
    const answers = await Promise.all(
      instanceUrls(urls.postgres).map((url) =>
        query<LogPlace & { id: number }>(
          url,
          "SELECT actor AS id, name AS actor, batch, token FROM actors",
        ),
      ),
    );
    return answers
      .flat()
      .toSorted((a, b) => a.id - b.id)
      .map(({ actor, batch, token }) => ({ actor, batch, token }));
  });
}

/** When all is over. `folder`: where the record will be. */
export async function aroundOf(
  places: ClusterPlaces,
  before: Around["log"]["before"],
  folder: string,
): Promise<Around> {
  const [after, postgres, nats, etcd, metrics] = await Promise.all([
    logPlaces(places),
    asked(() => versionOfPostgres(places)),
    asked(() => versionOfNats(natsUrlOf(places))),
    asked(() => versionOfEtcd(places.urls.etcd)),
    asked(() => keepMetrics(places, folder)),
  ]);
  return { log: { before, after }, servers: { postgres, nats, etcd }, metrics };
}

async function asked<T>(ask: () => Promise<T>): Promise<Asked<T>> {
  try {
    return { value: await ask(), reason: null };
  } catch (error) {
    return { value: null, reason: reasonOf(error) };
  }
}

/** What a request failed of is its cause; an error of several addresses has a code and no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, code, cause } = error as NodeJS.ErrnoException;
  return cause instanceof Error ? reasonOf(cause) : message || (code ?? error.name);
}

async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "palisade:drill",
    connectionTimeoutMillis: ANSWER_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    types: EXACT_INTEGERS,
  });
  client.on("error", () => undefined); // The query says it.
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function versionOfPostgres({ urls }: ClusterPlaces): Promise<string> {
  const home = instanceUrls(urls.postgres)[HOME];
  const [row] = await query<{ server_version: string }>(home, "SHOW server_version");
  return row!.server_version;
}

/** An operator needs none: it is known where the run file says it, or the settings do. */
function natsUrlOf({ urls }: { readonly urls: Partial<RunFile["urls"]> }): string {
  if (urls.nats !== undefined) return urls.nats;
  const { values, sources } = loadConfig();
  if (sources.natsUrl !== "default") return values.natsUrl;
  throw new Error("where NATS is was not said: set PALISADE_NATS_URL as the nodes have it");
}

async function keepMetrics(
  { processes }: ClusterPlaces,
  folder: string,
): Promise<Record<string, Asked<string>>> {
  if (processes.length === 0) {
    throw new Error(
      "its processes are not known here: only the data directory of an exchange names them, on the machine that it runs on",
    );
  }
  mkdirSync(metricsFolder(folder), { recursive: true });
  const keep = async (name: string, port: number): Promise<string> => {
    const text = await metricsOf(port);
    writeFileSync(join(metricsFolder(folder), `${name}.txt`), text);
    return `metrics/${name}.txt`;
  };
  const kept = await Promise.all(
    processes.map(async ({ name, http }) => [name, await asked(() => keep(name, http))] as const),
  );
  return Object.fromEntries(kept);
}
