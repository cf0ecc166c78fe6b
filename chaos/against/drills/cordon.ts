/** A node is closed to whatever it does not lead yet, and opened again. */
import { decodeSymbol, kindOfName } from "../../../actors/kernel/ids.js";
import { actorOf, nodeOf } from "../../../services/cli/cluster.js";
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

/** So long a node may take to stand by for nothing more. */
const HEEDED_MS_MAX = 5_000;

export const CORDON: LiveDrill = {
  name: "cordon",
  hypothesis: "a node that is cordoned leads on what it leads, and nobody notices",
  about:
    "each node of --nodes in turn is cordoned for a second; no leader changes, other nodes may stand by meanwhile",
  needs: "the node in --nodes",
  bound: HARDLY_NOTICED,
  pace: PACE,
  plan({ state, radius }, round) {
    const node = openNodeOf(state, inTurn(radius.nodes, round), "cordon");
    const { leads } = nodeOf(state, node);
    const led = leads.filter((actor) => kindOfName(actor) === "market").map(symbolOf);
    const heard = led.filter((symbol) => radius.symbols.includes(symbol));
    const isHeard = heard.length > 0;
    const unheard = isHeard
      ? ""
      : "; it leads no market of --symbols, so the probe hears others, and only its tokens speak for it";
    return {
      node,
      actors: [],
      nodes: [node],
      symbols: isHeard ? heard : radius.symbols,
      does: [`cordon ${node}${unheard}`],
      undone: [`uncordon ${node}`],
      async strike(stage) {
        const aside = await cordonAndSee(stage.operator, node, state.wishes.moves);
        await stage.pause(HOLD_MS);
        const now = await stage.operator.look();
        const failures = leads
          .filter((actor) => actorOf(now, actor).token !== actorOf(state, actor).token)
          .map((actor) => `${decodeSymbol(actor)} has another token, though nothing was to move`);
        if (!nodeOf(now, node).isCordoned) failures.push(`${node} is not cordoned`);
        return {
          failures: [...failures, ...aside.failures],
          summary: `${node} led on its ${leads.length} actors while it was cordoned; ${aside.summary}${unheard}`,
        };
      },
    } satisfies Plan;
  },
};

/**
 * That it is cordoned is the drill's own word; that the nodes heed it is seen by what this one stands by for: nothing, but what is
 * wished to it, as others may lead all the same.
 */
async function cordonAndSee(
  operator: Stage["operator"],
  node: string,
  moves: ReadonlyMap<string, string>,
): Promise<Struck> {
  const others = (actors: readonly string[]) =>
    actors.filter((actor) => moves.get(actor) !== node).map(decodeSymbol);
  const before = await operator.standbysOf(node);
  await operator.cordon(node);
  if (before === null) {
    return { failures: [], summary: "what it stands by for could not be asked from here" };
  }
  let left = others(before);
  const stoodBy = left.length;
  await operator.isSo(HEEDED_MS_MAX, async () => {
    const now = await operator.standbysOf(node);
    if (now !== null) left = others(now);
    return left.length === 0;
  });
  const summary =
    stoodBy === 0
      ? "it stood by for nothing before, so that it heeds this was not to be seen"
      : `of what others lead it stood by for ${stoodBy} before, for ${left.length} then`;
  const failures = left.map(
    (actor) => `${node} still stands by for ${actor}, though it is cordoned`,
  );
  return { failures, summary };
}
