/** A node is closed to whatever it does not lead yet, and opened again. */
import { decodeSymbol, kindOfName } from "../../../actors/kernel/ids.js";
import { actorOf, nodeOf } from "../../../services/cli/cluster.js";
import { symbolOf } from "../radius.js";
import { HARDLY_NOTICED, HOLD_MS, inTurn, type LiveDrill, PACE, type Plan } from "./drill.js";
import { openNodeOf } from "./open-node.js";

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
        await stage.operator.cordon(node);
        await stage.pause(HOLD_MS);
        const now = await stage.operator.look();
        const failures = leads
          .filter((actor) => actorOf(now, actor).token !== actorOf(state, actor).token)
          .map((actor) => `${decodeSymbol(actor)} has another token, though nothing was to move`);
        if (!nodeOf(now, node).isCordoned) failures.push(`${node} is not cordoned`);
        return {
          failures,
          summary: `${node} led on its ${leads.length} actors while it was cordoned${unheard}`,
        };
      },
    } satisfies Plan;
  },
};
