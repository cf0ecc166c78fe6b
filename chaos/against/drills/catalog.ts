/** The drills that need nothing of the servers' machines. */
import { CliError } from "../../../services/cli/cli-error.js";
import { BURST } from "./burst.js";
import { CORDON } from "./cordon.js";
import { DRAIN } from "./drain.js";
import type { LiveDrill } from "./drill.js";
import { RECONNECT, REPEAT_ORDER } from "./lost-connection.js";
import { MOVE_LEADER } from "./move-leader.js";
import { SLOW_SUBSCRIBER } from "./slow-subscriber.js";

export const LIVE_DRILLS: readonly LiveDrill[] = [
  MOVE_LEADER,
  DRAIN,
  CORDON,
  RECONNECT,
  REPEAT_ORDER,
  SLOW_SUBSCRIBER,
  BURST,
];

/** Why one that there is elsewhere is not among them. */
export const ELSEWHERE =
  "Those that kill or freeze something need an exchange of their own: npm run drill -- list";

/** Throws `CliError` that lists those that there are. */
export function liveDrillOf(name: string): LiveDrill {
  const found = LIVE_DRILLS.find((drill) => drill.name === name);
  if (found) return found;
  const known = LIVE_DRILLS.map((drill) => `  ${drill.name}: ${drill.about}`).join("\n");
  throw new CliError(
    "UNKNOWN_DRILL",
    `there is no drill "${name}" for a running exchange. There are:\n${known}\n${ELSEWHERE}`,
  );
}
