/** A cluster as operators see it, whose nodes and actors are well. */
import type { ClusterState, NodeState } from "../../services/cli/cluster.js";

/** `leaders`: the node of each actor. */
export function clusterState(
  leaders: Readonly<Record<string, string>>,
  nodes: readonly string[],
  changes: Partial<Record<string, Partial<NodeState>>> = {},
  moves: readonly (readonly [string, string])[] = [],
): ClusterState {
  return {
    nodes: nodes.map((node) => ({
      node,
      isAlive: true,
      away: [],
      weight: 1,
      isLeaving: false,
      isCordoned: false,
      isDrained: false,
      trial: { losses: 0, remainingMs: 0, knownMs: 60_000 },
      leads: Object.keys(leaders).filter((actor) => leaders[actor] === node),
      ...changes[node],
    })),
    actors: Object.entries(leaders).map(([actor, node]) => ({
      actor,
      node,
      holder: node,
      token: 7,
    })),
    wishes: {
      cordoned: new Set(),
      drained: new Set(),
      moves: new Map(moves),
      withoutStandby: new Set(),
    },
  };
}
