/** Actors that have stopped, on which nodes and why: these nodes do not lead them again before they are restarted. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { askNodes } from "./ask-nodes.js";
import type { RunFile } from "./run-file.js";

export const WAY_OUT = 'see "An actor is stopped" in deploy/RUNBOOK.md';

export interface Stop {
  readonly node: string;
  readonly reason: string;
}

/** By actor name. A node that does not answer says nothing. */
export async function stopsOf(run: Pick<RunFile, "processes">): Promise<Map<string, Stop[]>> {
  const stops = new Map<string, Stop[]>();
  for (const [node, reasons] of await askNodes<Record<string, string>>(run, "/stopped")) {
    for (const [actor, reason] of Object.entries(reasons)) {
      stops.set(actor, [...(stops.get(actor) ?? []), { node, reason }]);
    }
  }
  return stops;
}

/** A line for people; nodes have stopped for the same reason as a rule, so the first one's is said. */
export function stopInWords(actor: string, stops: readonly Stop[]): string {
  const nodes = stops.map(({ node }) => node).join(", ");
  return `${decodeSymbol(actor)} is stopped on ${nodes}: ${stops[0]!.reason}; ${WAY_OUT}`;
}
