/** A node gives away all that it leads, as before its machine is stopped, and has it again afterwards. */
import { decodeSymbol, kindOfName } from "../../../actors/kernel/ids.js";
import { preference } from "../../../actors/placement/rendezvous.js";
import { CliError } from "../../../services/cli/cli-error.js";
import { actorOf, type ClusterState, nodeOf } from "../../../services/cli/cluster.js";
import { isOpen } from "../operator.js";
import { symbolOf } from "../radius.js";
import {
  HARDLY_NOTICED,
  HOLD_MS,
  inTurn,
  type LiveDrill,
  PACE,
  type Plan,
  type Stage,
  type Struck,
} from "./drill.js";
import { openNodeOf } from "./open-node.js";

const DRAIN_MS_MAX = 30_000;

export const DRAIN: LiveDrill = {
  name: "drain",
  hypothesis: "a node can be emptied under load, and nobody notices",
  about:
    "each node of --nodes that leads something, in turn, is drained until it leads nothing, and undrained after a second",
  needs: "all that the node leads in --symbols, and in --nodes the node and those that take it",
  bound: HARDLY_NOTICED,
  pace: PACE,
  plan({ state, radius }, round) {
    const leaders = radius.nodes.filter((node) => nodeOf(state, node).leads.length > 0);
    if (radius.nodes.length > 0 && leaders.length === 0) {
      const names = radius.nodes.join(", ");
      throw new CliError("NOTHING_LED", `none of ${names} leads anything that it could give away`);
    }
    const node = openNodeOf(state, inTurn(leaders, round), "drain");
    const { leads } = nodeOf(state, node);
    const heirs = new Map(leads.map((actor) => [actor, heirOf(state, actor, node)]));
    const nodes = [...new Set([node, ...heirs.values()])];
    const wished = [...state.wishes.moves].filter(([, to]) => to === node).map(([actor]) => actor);
    const names = (actors: readonly string[]) => actors.map(decodeSymbol).join(", ");
    const led = leads.filter((actor) => kindOfName(actor) === "market").map(symbolOf);
    return {
      node,
      actors: leads,
      nodes,
      symbols: led.length > 0 ? led : radius.symbols,
      does: [
        ...(wished.length > 0 ? [`take back that ${names(wished)} is wished to ${node}`] : []),
        `drain ${node}: ${[...heirs].map(([actor, to]) => `${decodeSymbol(actor)} to ${to}`).join(", ")}`,
      ],
      undone: [
        `undrain ${node}`,
        ...(wished.length > 0 ? [`wish ${names(wished)} to ${node} again`] : []),
        `wait until ${node} leads ${names(leads)} again`,
      ],
      strike: (stage) => strike(stage, { node, leads, wished }),
    } satisfies Plan;
  },
};

/** Whoever the placement prefers of those that are open, or where it is wished to. */
function heirOf(state: ClusterState, actor: string, from: string): string {
  const wished = state.wishes.moves.get(actor);
  if (wished !== undefined && wished !== from && isOpen(state, wished)) return wished;
  const others = state.nodes.filter(({ node }) => node !== from && isOpen(state, node));
  return preference(actor, others)[0]!;
}

interface Drained {
  readonly node: string;
  readonly leads: readonly string[];
  readonly wished: readonly string[];
}

async function strike(stage: Stage, { node, leads, wished }: Drained): Promise<Struck> {
  const { operator } = stage;
  const before = await operator.look();
  operator.noteLeaders(new Map(leads.map((actor) => [actor, node])));
  for (const actor of wished) await operator.unmove(actor);
  await operator.drain(node);
  const begunMs = performance.now();
  const isEmpty = await operator.isSo(DRAIN_MS_MAX, (state) => hasGiven(state, node, leads));
  const tookMs = performance.now() - begunMs;
  if (!isEmpty) {
    const failure = `${node} still leads something after ${DRAIN_MS_MAX} ms`;
    return { failures: [failure], summary: failure };
  }
  await stage.pause(HOLD_MS);
  const after = await operator.look();
  const failures = leads
    .filter((actor) => actorOf(after, actor).token <= actorOf(before, actor).token)
    .map((actor) => `${decodeSymbol(actor)} has no higher token`);
  const summary = `${node} gave away ${leads.length} actors within ${Math.round(tookMs)} ms`;
  return { failures, samples: { emptied: [tookMs] }, summary };
}

/** Others hold the keys, and have raised the tokens. */
function hasGiven(state: ClusterState, node: string, leads: readonly string[]): boolean {
  if (nodeOf(state, node).leads.length > 0) return false;
  return leads.map((actor) => actorOf(state, actor)).every((now) => now.node === now.holder);
}
