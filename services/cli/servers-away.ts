/** Servers that give nodes no answer, for as long as makes a difference: whoever is alive does nothing then. */
import type { ServersAway } from "../node/reach.js";
import { askNodes } from "./ask-nodes.js";
import type { RunFile } from "./run-file.js";

/** The names of those servers, by the node that says so. One that says nothing is left out. */
export async function serversAway(
  run: Pick<RunFile, "processes">,
): Promise<Map<string, readonly string[]>> {
  const said = await askNodes<ServersAway>(run, "/away");
  return new Map([...said].map(([node, away]) => [node, namesOf(away)]));
}

function namesOf({ nats, etcd, postgres }: ServersAway): string[] {
  return [nats ? "NATS" : "", etcd ? "etcd" : "", postgres ? "PostgreSQL" : ""].filter(Boolean);
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
