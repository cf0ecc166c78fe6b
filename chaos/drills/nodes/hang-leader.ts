/** A leader whose event loop stands still: its process lives, its sockets are open, and it does nothing. */
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import { execute, openDebugger } from "../../stage/inspector.js";
import { isStopped, ticksOf } from "../../stage/process-state.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";
import { LEASE_MS, type Silence, silentLeader } from "./silent-leader.js";

const HANG_LEASES = 2.5;
const HANG_MS = HANG_LEASES * LEASE_MS;
/** What it works, on a busy machine perhaps a tenth of the time, while it answers nothing. */
const WORKED_TICKS_MIN = 10;

interface Hang {
  readonly ticks: number;
  /** When it answers its first request again. */
  readonly answered: Promise<number>;
}

/** An endless loop, until its time is over. */
export function hung(): Silence {
  const hangs = new WeakMap<ExchangeProcess, Hang>();
  return {
    lastsMs: HANG_MS,
    prepare: openDebugger,
    async begin(process) {
      await execute(process, `for (const end = Date.now() + ${HANG_MS}; Date.now() < end; );`);
      const answered = fetch(`http://127.0.0.1:${process.ports.http}/healthz`).then(() =>
        performance.now(),
      );
      answered.catch(() => undefined); // Whoever asks hears of it.
      hangs.set(process, { ticks: ticksOf(process.pid), answered });
    },
    async broken(process) {
      const { ticks } = hangs.get(process)!;
      const failures: string[] = [];
      if (isStopped(process.pid)) failures.push(`${process.name} was stopped, and did not hang`);
      if (ticksOf(process.pid) - ticks < WORKED_TICKS_MIN)
        failures.push(`${process.name} did nothing`);
      return failures;
    },
    async end(process) {
      await hangs.get(process)?.answered;
    },
  };
}

export const HANG_LEADER: Drill = {
  name: "hang-leader",
  hypothesis:
    "a leader that hangs is replaced although its process and its sockets live, and does no harm afterwards",
  about: `the event loop of such a node is blocked for ${HANG_MS / 1_000} s, by Node's own debugger`,
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts(silentLeader(hung())),
};
