/** The process that hosts actors. */
import { SystemClock } from "../common/clock.js";
import { configOrExit } from "../common/config.js";
import { openPorts } from "./ports.js";
import { runNode } from "./run.js";

const config = configOrExit();
await runNode(config, await openPorts(config, new SystemClock()));
