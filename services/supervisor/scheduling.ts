/**
 * How the processes of an exchange share the cores of one machine. Each order goes through a dozen processes, and Linux stops
 * whoever wakes another one in the midst of what it does, so with few cores much time goes into changing between them. Under
 * SCHED_BATCH (see sched(7)) who has a core keeps it until he waits or his time is over. Nobody has more of it than before.
 */
import { spawnSync } from "node:child_process";

/** What this process starts from now on inherits it. Where there is no chrt, or no Linux, it changes nothing. */
export function keepCoresWhenWaking(): void {
  spawnSync("chrt", ["--batch", "--pid", "0", String(process.pid)], { stdio: "ignore" });
}
