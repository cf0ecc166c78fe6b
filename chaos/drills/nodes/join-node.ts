/** One more node comes, takes its share, and goes again. */
import { join } from "node:path";
import type { ProcessPlan } from "../../../services/supervisor/child.js";
import type { Exchange } from "../../../services/supervisor/exchange.js";
import { countLed } from "../../ask-node.js";
import { isSoWithin } from "../../stage/patience.js";
import type { Drill } from "../drill.js";
import { UNNOTICED, whileActorsMove } from "./while-actors-move.js";

/** It is given its share after five seconds, one actor at a time, each with a warm standby. */
const SHARE_LIMIT_MS = 60_000;

export const JOIN_NODE: Drill = {
  name: "join-node",
  hypothesis: "one more node takes its share, and gives it back when it leaves, and nobody notices",
  about: "one more node is started under dense orders for all, leads something, and is stopped",
  bound: UNNOTICED,
  surroundings: { ordersPerSecond: 50 },
  round: (stage) =>
    whileActorsMove(stage, "one more node is started", async () => {
      const { exchange } = stage.scene;
      const joined = await exchange.add(anotherNode(exchange));
      const leads = async () => (await countLed(joined)) > 0;
      const hasShare = await isSoWithin(SHARE_LIMIT_MS, leads);
      await exchange.remove(joined);
      const { code, signal } = await joined.exited;
      const failures = hasShare ? [] : [`${joined.name} was given nothing to lead`];
      if (code !== 0) failures.push(`${joined.name} ended with ${signal ?? `code ${code}`}`);
      return failures;
    }),
};

function anotherNode({ nodes, dataDir }: Exchange): ProcessPlan {
  const { plan } = nodes[0]!;
  const name = `node-${nodes.length + 1}`;
  const logFile = join(dataDir, "logs", `${name}.log`);
  return { ...plan, name, logFile, env: { ...plan.env, PALISADE_NODE: name } };
}
