/** All drills, by what they strike. */
import { closest } from "../../services/common/closest.js";
import { chaosOf } from "./chaos.js";
import { makeFault } from "./chaos-faults.js";
import { KILL_FEED, SLOW_SUBSCRIBER } from "./clients/feed.js";
import { FREEZE_GATEWAY, KILL_GATEWAY } from "./clients/gateway.js";
import { OVERLOAD } from "./clients/overload.js";
import type { Drill } from "./drill.js";
import { CLOCK_JUMP } from "./nodes/clock-jump.js";
import { CUT_LEADER } from "./nodes/cut-leader.js";
import { DRAIN } from "./nodes/drain.js";
import { FREEZE_LEADER, ZOMBIE } from "./nodes/freeze-leader.js";
import { HANG_LEADER } from "./nodes/hang-leader.js";
import { JOIN_NODE } from "./nodes/join-node.js";
import { KILL_LEADER } from "./nodes/kill-leader.js";
import { MOVE_LEADER } from "./nodes/move-leader.js";
import { ROLLING_RESTART } from "./nodes/rolling-restart.js";
import { TWIN_NODE } from "./nodes/twin-node.js";
import { POWER_CUT } from "./power-cut.js";
import { CUT_COMMIT } from "./servers/cut-commit.js";
import { FREEZE_ETCD, KILL_ETCD, RESTORE_ETCD, WIPE_ETCD } from "./servers/etcd.js";
import { DISK_FULL } from "./servers/disk-full.js";
import { FAILOVER_POSTGRES } from "./servers/failover-postgres.js";
import { FULL_CONNECTIONS } from "./servers/full-connections.js";
import {
  FREEZE_NATS,
  FREEZE_POSTGRES,
  KILL_NATS,
  KILL_POSTGRES,
} from "./servers/kill-and-freeze.js";
import { LOSE_NATS_SERVER } from "./servers/lose-nats-server.js";
import { DELETE_STREAM, ROLLBACK_NATS, WIPE_NATS } from "./servers/nats-loss.js";

/** Planned moves first: a node that was lost again and again gets nothing to lead for a while. */
const SINGLE: readonly Drill[] = [
  MOVE_LEADER,
  DRAIN,
  JOIN_NODE,
  ROLLING_RESTART,
  KILL_ETCD,
  FREEZE_ETCD,
  WIPE_ETCD,
  RESTORE_ETCD,
  KILL_NATS,
  FREEZE_NATS,
  WIPE_NATS,
  ROLLBACK_NATS,
  DELETE_STREAM,
  KILL_POSTGRES,
  FREEZE_POSTGRES,
  FULL_CONNECTIONS,
  KILL_GATEWAY,
  FREEZE_GATEWAY,
  KILL_FEED,
  SLOW_SUBSCRIBER,
  OVERLOAD,
  KILL_LEADER,
  FREEZE_LEADER,
  HANG_LEADER,
  ZOMBIE,
  TWIN_NODE,
  POWER_CUT,
  CUT_LEADER,
  CUT_COMMIT,
];

/** Of a node that is lost so often nothing is moved back to; and some take longer than a mix of them should. */
const NOT_IN_A_MIX: readonly Drill[] = [JOIN_NODE, MOVE_LEADER, ZOMBIE, SLOW_SUBSCRIBER, OVERLOAD];

/** Those that need an exchange of their own come last. */
export const DRILLS: readonly Drill[] = [
  ...SINGLE,
  chaosOf(
    SINGLE.filter((drill) => !NOT_IN_A_MIX.includes(drill)),
    makeFault,
  ),
  FAILOVER_POSTGRES,
  LOSE_NATS_SERVER,
  CLOCK_JUMP,
  DISK_FULL,
];

/** An unknown drill; the message says which may be meant, or lists those that there are. */
export class UnknownDrillError extends Error {
  override readonly name = "UnknownDrillError";
  readonly code = "UNKNOWN_DRILL";
  constructor(name: string) {
    const names = DRILLS.map((drill) => drill.name);
    const near = closest(name, names);
    const known = DRILLS.map((drill) => `  ${drill.name}: ${drill.about}`).join("\n");
    const hint =
      near.length > 0
        ? `Did you mean ${near.join(" or ")}? npm run drill -- list shows all`
        : `There are:\n${known}`;
    super(`UNKNOWN_DRILL: there is no drill ${JSON.stringify(name)}. ${hint}`);
  }
}

/** Throws `UnknownDrillError`. */
export function drillOf(name: string): Drill {
  const found = DRILLS.find((drill) => drill.name === name);
  if (!found) throw new UnknownDrillError(name);
  return found;
}
