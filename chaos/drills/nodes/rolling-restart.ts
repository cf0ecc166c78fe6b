/** Each node in turn is stopped in good order and started again, while every actor has something to do all the time. */
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import type { Exchange } from "../../../services/supervisor/exchange.js";
import { trialsOf } from "../../ask-node.js";
import type { Scene } from "../../scene.js";
import { ledBy, settledLeaders, untilGivenBack, untilTakenOver } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { UNNOTICED, whileActorsMove } from "./while-actors-move.js";

export const ROLLING_RESTART: Drill = {
  name: "rolling-restart",
  hypothesis: "all nodes can be replaced under load, and nobody notices",
  about:
    "each node in turn is stopped in good order, started again and given back its share, under dense orders for all",
  bound: UNNOTICED,
  surroundings: { symbols: 3, ledgerShards: 3, ordersPerSecond: 50 },
  round: (stage) =>
    whileActorsMove(stage, "the nodes are restarted in turn", async () => {
      const { scene } = stage;
      const failures: string[] = [];
      const areTrusted = await areAllTrusted(scene.exchange);
      for (const node of scene.exchange.nodes) {
        failures.push(...(await restart(scene, node, areTrusted)));
      }
      return failures;
    }),
};

/** Gives why it was no restart in good order, if it was none. */
async function restart(
  { exchange }: Scene,
  node: ExchangeProcess,
  isGivenBack: boolean,
): Promise<string[]> {
  const failures: string[] = [];
  const led = ledBy(node, await exchange.leaders());
  await node.stop();
  const { code, signal } = await node.exited;
  if (code !== 0) failures.push(`${node.name} ended with ${signal ?? `code ${code}`}`);
  failures.push(...(await untilTakenOver(exchange, led)));
  await node.restart();
  // As the runbook has it: the next one's turn comes when this one has its share.
  if (isGivenBack) failures.push(...(await untilGivenBack(exchange, led)));
  await settledLeaders(exchange);
  return failures;
}

/**
 * A node that was lost of late, as in a mix of drills, is given nothing for minutes; meanwhile others lead what would be its share, and
 * do not get that back. Asked before the first restart: who is started anew has seen nothing.
 */
async function areAllTrusted({ nodes }: Exchange): Promise<boolean> {
  const trials = await Promise.all(nodes.map((each) => trialsOf(each)));
  return trials.flatMap((seen) => Object.values(seen)).every(({ losses }) => losses === 0);
}
