/** An actor is led by another node for a while, as an operator would move it, and then by its own again. */
import { decodeSymbol, kindOfName } from "../../../actors/kernel/ids.js";
import { CliError } from "../../../services/cli/cli-error.js";
import { actorOf } from "../../../services/cli/cluster.js";
import { nodesMissing } from "./open-node.js";
import { isOpen } from "../operator.js";
import { symbolOf } from "../radius.js";
import {
  type Ground,
  HARDLY_NOTICED,
  HOLD_MS,
  inTurn,
  type LiveDrill,
  PACE,
  type Plan,
  type Stage,
  type Struck,
} from "./drill.js";

export const MOVE_LEADER: LiveDrill = {
  name: "move-leader",
  hypothesis: "an operator moves an actor and nobody notices",
  about:
    "each actor of --symbols in turn is wished to the next node of --nodes, and back after a second",
  needs:
    "two nodes in --nodes, of which one leads the actor; of ledger shards only the probe's own",
  bound: HARDLY_NOTICED,
  pace: PACE,
  plan(ground, round) {
    const { state, radius } = ground;
    const actor = inTurn(movable(ground), round);
    const { node: from, token } = actorOf(state, actor);
    const name = decodeSymbol(actor);
    if (from === null) throw new CliError("NOBODY_LEADS", `nobody leads ${name} now`);
    const to = nextNode(ground, from);
    const symbols = kindOfName(actor) === "market" ? [symbolOf(actor)] : radius.symbols;
    return {
      actors: [actor],
      nodes: [from, to],
      symbols,
      does: [`wish ${name} from ${from} (token ${token}) to ${to}`],
      undone: [`wish ${name} back to ${from}`, `have the wish for ${name} as it was before`],
      strike: (stage) => strike(stage, { actor, from, to, token }),
    } satisfies Plan;
  },
};

/** Of a ledger shard that is not the probe's it would hear nothing. */
function movable({ radius, shard }: Ground): string[] {
  return radius.actors.filter((actor) => kindOfName(actor) === "market" || actor === shard);
}

function nextNode({ state, radius }: Ground, from: string): string {
  const { nodes } = radius;
  if (nodes.length === 0) throw nodesMissing(state, "move-leader");
  const at = nodes.indexOf(from);
  const others = [...nodes.slice(at + 1), ...nodes.slice(0, at)];
  const to = others.find((node) => isOpen(state, node));
  if (to !== undefined) return to;
  throw new CliError(
    "NO_NODE_LEFT",
    `none of --nodes ${nodes.join(",")} but ${from} is alive and open; name one that may take it`,
  );
}

interface Move {
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  readonly token: number;
}

async function strike(stage: Stage, { actor, from, to, token }: Move): Promise<Struck> {
  const name = decodeSymbol(actor);
  const wishedMs = performance.now();
  const isLed = await stage.operator.move(actor, to);
  const tookMs = performance.now() - wishedMs;
  if (!isLed) return { failures: [`${name} has not come to ${to}`], summary: `${name} stayed` };
  await stage.pause(HOLD_MS);
  const now = actorOf(await stage.operator.look(), actor);
  const failures: string[] = [];
  if (now.holder !== to) failures.push(`${name} was wished to ${to}, and ${now.holder} leads it`);
  if (now.token !== token + 1) {
    failures.push(`${name} went from token ${token} to ${now.token} in one move`);
  }
  const summary = `${name} went from ${from} to ${to} within ${Math.round(tookMs)} ms of the wish`;
  return { failures, samples: { wishToLead: [tookMs] }, summary };
}
