/** The process that hosts actors. */
import { SystemClock } from "../common/clock.js";
import { loadConfig } from "../common/config.js";
import { openPorts } from "./ports.js";
import { runNode } from "./run.js";

const { values: config } = loadConfig();
await runNode(config, await openPorts(config, new SystemClock()));
