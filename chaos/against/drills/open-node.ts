/** A node that is as usual: a drill changes nothing that an operator has changed before it. */
import { CliError } from "../../../services/cli/cli-error.js";
import {
  aliveNodes,
  type ClusterState,
  nodeOf,
  type NodeState,
} from "../../../services/cli/cluster.js";
import { isOpen } from "../operator.js";

/** Its name. Throws `CliError` when it is not open, or when no other node is. */
export function openNodeOf(state: ClusterState, name: string | undefined, drill: string): string {
  if (name === undefined) throw nodesMissing(state, drill);
  const { node, isAlive, isLeaving, isDrained } = nodeOf(state, name);
  if (!isOpen(state, node)) {
    const why = !isAlive
      ? "not alive"
      : isLeaving
        ? "about to end"
        : isDrained
          ? "drained"
          : "cordoned";
    throw new CliError(
      "NODE_NOT_OPEN",
      `${node} is ${why} already, and a drill changes only what is as usual${wayBack(node, { isLeaving, isAlive, isDrained })}`,
    );
  }
  if (!state.nodes.some((each) => each.node !== node && isOpen(state, each.node))) {
    throw new CliError(
      "NO_NODE_LEFT",
      `no other node than ${node} is alive and open; see npx palisade cluster`,
    );
  }
  return node;
}

/** An operator has set it so, or a drill that was killed before it could take it back. */
function wayBack(
  node: string,
  { isAlive, isLeaving, isDrained }: Pick<NodeState, "isAlive" | "isLeaving" | "isDrained">,
): string {
  if (!isAlive || isLeaving) return "; see npx palisade cluster";
  return `. If nobody means it to be so any more: npx palisade ${isDrained ? "undrain" : "uncordon"} ${node}`;
}

export function nodesMissing({ nodes }: ClusterState, drill: string): CliError {
  return new CliError(
    "RADIUS_MISSING",
    `${drill} needs to be told which nodes may be touched: --nodes; ${aliveNodes(nodes)}`,
  );
}
