/** A leader that is stopped and woken: after its lease (freeze), or after everybody has given it up (zombie). */
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import { kindOfName } from "../../../actors/kernel/ids.js";
import { leadingOf } from "../../ask-node.js";
import { inMidCommit } from "../../stage/commit-trap.js";
import { isStoppedSince, ticksOf } from "../../stage/process-state.js";
import type { Drill } from "../drill.js";
import { onceItIsHealed, whileItLasts } from "../fault.js";
import { brieflySilent, LEASE_MS, type Silence, silentLeader } from "./silent-leader.js";

interface Freeze {
  /** Longer than the lease by this factor. */
  readonly leases: number;
  /** Too short to be sure that others take over. */
  readonly isBrief?: true;
  /** It begins when Postgres has a commit of the node's that is not answered yet. */
  readonly isInMidCommit?: true;
}

/** Those first that surely have others take over, for drills of few rounds. */
const FREEZES: readonly Freeze[] = [
  { leases: 2.5 },
  { leases: 5 },
  { leases: 2.5, isInMidCommit: true },
  { leases: 0.5, isBrief: true },
  { leases: 1, isBrief: true },
];
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

/** The same, from the middle of a commit of one of its markets on: Postgres makes it, and its leader hears of it late. */
function frozenInMidCommit(lastsMs: number): Silence {
  const frozen = frozenFor(lastsMs);
  let isCaught = false;
  return {
    ...frozen,
    async begin(process, stage) {
      const market = Object.keys(await leadingOf(process)).find(
        (actor) => kindOfName(actor) === "market",
      );
      let begunMs = performance.now();
      isCaught = await inMidCommit(stage.scene, process.name, market!, () => {
        begunMs = performance.now();
        void frozen.begin(process, stage);
      });
      if (!isCaught) await frozen.begin(process, stage);
      return begunMs;
    },
    async broken(process, stage) {
      const failures = await frozen.broken(process, stage);
      return isCaught ? failures : [...failures, `${process.name} began no commit to be frozen in`];
    },
  };
}

export const FREEZE_LEADER: Drill = {
  name: "freeze-leader",
  hypothesis: "a leader that wakes up late can do no harm",
  about:
    `SIGSTOP to such a node, then SIGCONT: each round after another time (${FREEZES.map(({ leases }) => leases).join(", ")} leases), ` +
    "in one of them in the middle of a commit",
  bound: { of: "resume", ms: 2_000 },
  rounds: FREEZES.length,
  round(stage, number) {
    const { leases, isBrief, isInMidCommit } = FREEZES[(number - 1) % FREEZES.length]!;
    const lastsMs = leases * LEASE_MS;
    // Where others may not take over, clients trade when it is back, if not before.
    if (isBrief) return onceItIsHealed(brieflySilent(frozenFor(lastsMs)))(stage, number);
    const silence = isInMidCommit ? frozenInMidCommit(lastsMs) : frozenFor(lastsMs);
    return whileItLasts(silentLeader(silence))(stage, number);
  },
};

export const ZOMBIE: Drill = {
  name: "zombie",
  hypothesis:
    "a leader that wakes up when all have forgotten it can do no harm, and is of use again",
  about: `SIGSTOP to such a node for ${ZOMBIE_MS / 1_000} s: longer than any server keeps its connection`,
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts(silentLeader(frozenFor(ZOMBIE_MS))),
};
