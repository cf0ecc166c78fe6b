/** Runs a node's process as `services/node/main.ts` does, on ports that a mutation stands in front of. */
import { SystemClock } from "../../services/common/clock.js";
import { type Config, loadConfig } from "../../services/common/config.js";
import { type NodePorts, openPorts } from "../../services/node/ports.js";
import { runNode } from "../../services/node/run.js";

export async function runNodeOn(
  mutated: (ports: NodePorts, config: Config) => Partial<NodePorts>,
): Promise<void> {
  const { values: config } = loadConfig();
  const ports = await openPorts(config, new SystemClock());
  await runNode(config, { ...ports, ...mutated(ports, config) });
}
