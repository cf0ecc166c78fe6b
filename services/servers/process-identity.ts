/** Who a process is: a pid alone is given to another process sooner or later. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const HAS_PROC = existsSync("/proc/self/stat");
const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";

/** The fields of /proc/PID/stat after the command name: [state, parent pid, …]. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** A text that only this life of this pid has; undefined when no such process runs. */
export function identityOf(pid: number): string | undefined {
  if (!HAS_PROC) {
    const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return stdout.trim() === "" ? undefined : stdout.trim();
  }
  const fields = statFields(pid);
  // A zombie has ended; only its parent has not taken notice yet.
  if (fields === undefined || fields[0] === "Z") return undefined;
  const boot = existsSync(BOOT_ID_PATH) ? readFileSync(BOOT_ID_PATH, "utf8").trim() : "";
  return `${boot}/${fields[19]}`;
}

export function isAlive(pid: number): boolean {
  return identityOf(pid) !== undefined;
}

/** Was it told to stop (SIGSTOP), and has it stopped? */
export function isStopped(pid: number): boolean {
  if (HAS_PROC) return statFields(pid)?.[0] === "T";
  const { stdout } = spawnSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.startsWith("T");
}

/** The command line of a process, its arguments joined by spaces; undefined where unknown. */
export function commandLineOf(pid: number): string | undefined {
  if (!HAS_PROC) {
    const { stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return stdout.trim() === "" ? undefined : stdout.trim();
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return undefined;
  }
}

/** The living children of a process (Postgres puts each backend into a session of its own). */
export function childrenOf(pid: number): number[] {
  if (!HAS_PROC) {
    const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
    return stdout.split("\n").filter(Boolean).map(Number);
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => statFields(candidate)?.[1] === String(pid));
}
