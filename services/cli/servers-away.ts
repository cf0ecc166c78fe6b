/** Servers that give nodes no answer, for as long as makes a difference: whoever is alive does nothing then. */
import type { ServersAway } from "../node/reach.js";
import { askNodes } from "./ask-nodes.js";
import type { RunFile } from "./run-file.js";

const NAMES: Readonly<Record<keyof ServersAway, string>> = {
  nats: "NATS",
  etcd: "etcd",
  postgres: "PostgreSQL",
};

/** The names of those servers, by the node that says so. One that says nothing is left out. */
export async function serversAway(
  run: Pick<RunFile, "processes">,
): Promise<Map<string, readonly string[]>> {
  const away = new Map<string, readonly string[]>();
  for (const [node, said] of await askNodes<ServersAway>(run, "/away"))
    away.set(node, awayNames(said));
  return away;
}

export function awayNames(away: Partial<ServersAway>): string[] {
  return Object.entries(NAMES).flatMap(([server, name]) =>
    away[server as keyof ServersAway] ? [name] : [],
  );
}

/** Lines for people, one for each set of servers; none where all nodes have answers. */
export function awayInWords(away: ReadonlyMap<string, readonly string[]>): string[] {
  const byServers = new Map<string, string[]>();
  for (const [node, names] of away) {
    const servers = names.join(" and ");
    if (servers !== "") byServers.set(servers, [...(byServers.get(servers) ?? []), node]);
  }
  return [...byServers].map(([servers, nodes]) => {
    const who = nodes.join(", ");
    return `no answer from ${servers}: ${who} ${nodes.length === 1 ? "waits" : "wait"} for it`;
  });
}
