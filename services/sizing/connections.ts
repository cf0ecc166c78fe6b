/** Connections that the processes of an exchange make to each PostgreSQL instance at most, and how many the settings here let in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMIT_CONNECTIONS_MAX } from "../adapters/postgres/transactions.js";
import { CONNECTIONS_MAX } from "../adapters/postgres/connections.js";
import { OTHER_CONNECTIONS_MAX } from "../adapters/postgres/store.js";
import { PROJECT_ROOT } from "../servers/project-root.js";

/** PostgreSQL keeps so many of its own accord for its superuser. */
const RESERVED = 3;
/** For whoever looks: `explain` has two pools, and it may do so beside an audit, an archive or a migration. */
const LOOKING = 2 * CONNECTIONS_MAX + 1;

export interface Connections {
  /** To the instance that also says on which instance an actor is. */
  readonly home: number;
  /** To each of the others; nothing where there is one instance. */
  readonly others: number | null;
}

export function connectionsFor({
  nodes,
  gateways,
  feeds,
  postgresInstances,
}: {
  readonly nodes: number;
  readonly gateways: number;
  readonly feeds: number;
  readonly postgresInstances: number;
}): Connections {
  const readers = gateways + feeds;
  const nodesConnections = nodes * (COMMIT_CONNECTIONS_MAX + OTHER_CONNECTIONS_MAX);
  const each = nodesConnections + readers * CONNECTIONS_MAX + LOOKING + RESERVED;
  if (postgresInstances === 1) return { home: each, others: null };
  return { home: each + (nodes + readers) * CONNECTIONS_MAX, others: each };
}

/** What `deploy/postgres/palisade.conf` says. */
export function shippedMaxConnections(): number {
  const path = join(PROJECT_ROOT, "deploy", "postgres", "palisade.conf");
  const found = /^max_connections = (\d+)/m.exec(readFileSync(path, "utf8"));
  if (!found) throw new Error(`${path} has no line max_connections`);
  return Number(found[1]);
}
