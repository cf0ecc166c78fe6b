/** A leader whose event loop stands still: its process lives, its sockets are open, and it does nothing. */
import { isStopped } from "../../../services/servers/process-identity.js";
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import { execute, openDebugger } from "../../stage/inspector.js";
import { isSoWithin } from "../../stage/patience.js";
import { ticksOf } from "../../stage/process-state.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";
import { LEASE_MS, type Silence, silentLeader } from "./silent-leader.js";

const HANG_LEASES = 2.5;
const HANG_MS = HANG_LEASES * LEASE_MS;
/** It hangs until it is healed, and not longer than this if nobody does. */
const HANG_MS_MAX = 120_000;
const HANG = `setImmediate(() => {
  globalThis.hangs = true;
  for (const end = Date.now() + ${HANG_MS_MAX}; globalThis.hangs && Date.now() < end; );
})`;
/** The debugger interrupts what runs, as nothing else can. */
const WAKE = "globalThis.hangs = false";
/** What it works, on a busy machine perhaps a tenth of the time, while it answers nothing. */
const WORKED_TICKS_MIN = 10;

/** So long it may take to answer again. */
const AWAKE_MS_MAX = 10_000;

/** An endless loop, until it is healed. */
export function hung(): Silence {
  /** What each had worked when it began to hang. */
  const hangs = new WeakMap<ExchangeProcess, number>();
  return {
    lastsMs: HANG_MS,
    prepare: openDebugger,
    async begin(process) {
      await execute(process, HANG);
      hangs.set(process, ticksOf(process.pid));
    },
    async broken(process) {
      const ticks = hangs.get(process)!;
      const failures: string[] = [];
      if (isStopped(process.pid)) failures.push(`${process.name} was stopped, and did not hang`);
      if (ticksOf(process.pid) - ticks < WORKED_TICKS_MIN)
        failures.push(`${process.name} did nothing`);
      return failures;
    },
    async end(process) {
      if (!hangs.delete(process)) return;
      await execute(process, WAKE);
      await isSoWithin(AWAKE_MS_MAX, () => answers(process));
    },
  };
}

function answers({ ports }: ExchangeProcess): Promise<boolean> {
  return fetch(`http://127.0.0.1:${ports.http}/healthz`).then(
    () => true,
    () => false, // A connection of before may have been closed meanwhile.
  );
}

export const HANG_LEADER: Drill = {
  name: "hang-leader",
  hypothesis:
    "a leader that hangs is replaced although its process and its sockets live, and does no harm afterwards",
  about: `the event loop of such a node is blocked for ${HANG_MS / 1_000} s, by Node's own debugger`,
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts(silentLeader(hung())),
};
