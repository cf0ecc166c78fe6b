/** A leader that is stopped and woken: after its lease (freeze), or after everybody has given it up (zombie). */
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import { isStoppedSince, ticksOf } from "../../stage/process-state.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";
import { LEASE_MS, type Silence, silentLeader } from "./silent-leader.js";

/** Longer than the lease by this factor. */
const FREEZE_LEASES = 2.5;
/** Longer than NATS (30 s), PostgreSQL (8 s) and etcd keep what they know of a client, and than any command waits (10 s). */
const ZOMBIE_MS = 35_000;

/** SIGSTOP, then SIGCONT. */
export function frozenFor(lastsMs: number): Silence {
  const ticks = new WeakMap<ExchangeProcess, number>();
  return {
    lastsMs,
    begin(process) {
      process.freeze();
      ticks.set(process, ticksOf(process.pid));
    },
    broken: (process) =>
      isStoppedSince(process.pid, ticks.get(process)!)
        ? []
        : [`${process.name} was not stopped all the time`],
    end: (process) => process.resume(),
  };
}

export const FREEZE_LEADER: Drill = {
  name: "freeze-leader",
  hypothesis: "a leader that wakes up late can do no harm",
  about: "SIGSTOP to such a node for longer than its lease, then SIGCONT",
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts(silentLeader(frozenFor(FREEZE_LEASES * LEASE_MS))),
};

export const ZOMBIE: Drill = {
  name: "zombie",
  hypothesis:
    "a leader that wakes up when all have forgotten it can do no harm, and is of use again",
  about: `SIGSTOP to such a node for ${ZOMBIE_MS / 1_000} s: longer than any server keeps its connection`,
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts(silentLeader(frozenFor(ZOMBIE_MS))),
};
