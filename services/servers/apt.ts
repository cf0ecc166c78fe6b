/** The Debian and Ubuntu way to the servers: their packages, through apt, as root or by sudo. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ServerKind } from "./child-server.js";
import { fits } from "./locate.js";
import { PROJECT_ROOT } from "./project-root.js";
import { type Log, ServerError } from "./server-error.js";

const SCRIPT = join(PROJECT_ROOT, "deploy", "apt", "install-servers.sh");
const APT_GET = "/usr/bin/apt-get";
const LISTS_DIR = "/var/lib/apt/lists";
const PACKAGE_TOOLS_DIRS = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
const FAILURE_TAIL_LINES = 20;
/** What apt says about its progress that a person wants to read, and how often. */
const PROGRESS = /^(Get:\d+|Fetched|Setting up|Need to get)/;
const PROGRESS_INTERVAL_MS = 1_000;

export const APT_PACKAGE: Record<ServerKind, string> = {
  nats: "nats-server",
  etcd: "etcd-server",
  postgres: "postgresql",
};

/** How to become root without asking anybody: [] when already root, undefined when impossible. */
function asRoot(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const sudo = spawnSync("sudo", ["-n", "true"], { stdio: "ignore" });
  return sudo.status === 0 ? ["sudo", "-n"] : undefined;
}

/** Runs a command as root; its progress goes to the log. Resolves to the tail of a failure. */
async function run(command: string[], log: Log): Promise<string | undefined> {
  const [program = "", ...args] = command;
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}${PACKAGE_TOOLS_DIRS}` };
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const tail: string[] = [];
  let saidAt = -PROGRESS_INTERVAL_MS;
  const take = (line: string) => {
    tail.push(line);
    if (tail.length > FAILURE_TAIL_LINES) tail.shift();
    if (!PROGRESS.test(line) || performance.now() < saidAt + PROGRESS_INTERVAL_MS) return;
    saidAt = performance.now();
    log(`apt: ${line}`);
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);
  return new Promise((done) => {
    child.once("error", (error) => done(error.message));
    child.once("close", (code) => done(code === 0 ? undefined : tail.join("\n")));
  });
}

function hasPackageLists(): boolean {
  return existsSync(LISTS_DIR) && readdirSync(LISTS_DIR).some((name) => /_Packages/.test(name));
}

/** The version that apt would install, without epoch and revision; undefined when it has none. */
function candidate(kind: ServerKind): string | undefined {
  const args = ["policy", APT_PACKAGE[kind]];
  const env = { ...process.env, LC_ALL: "C" };
  const { stdout } = spawnSync("apt-cache", args, { encoding: "utf8", env });
  return /Candidate: (?:\d+:)?(\d+(?:\.\d+)*)/.exec(stdout ?? "")?.[1];
}

function canOffer(kind: ServerKind): boolean {
  const version = candidate(kind);
  return version !== undefined && fits(kind, version);
}

/** Installs a package that is no server, whatever its version; false when this system has no apt, no right to use it, or no such package. */
export async function installPackage(name: string, log: Log): Promise<boolean> {
  const root = existsSync(APT_GET) ? asRoot() : undefined;
  if (root === undefined) return false;
  log(`apt: installing ${name}`);
  const install = () => run([...root, "sh", SCRIPT, name], log);
  if ((await install()) === undefined) return true;
  await run([...root, APT_GET, "update"], log);
  return (await install()) === undefined;
}

/** The command an administrator would type for these servers. */
export function aptCommand(kinds: readonly ServerKind[]): string {
  return `apt-get install ${kinds.map((kind) => APT_PACKAGE[kind]).join(" ")}`;
}

/**
 * Installs the missing servers; false when this system has no apt, no right to use it, or no
 * package that is new enough. No service is started or enabled, and no cluster is made.
 */
export async function installByApt(missing: readonly ServerKind[], log: Log): Promise<boolean> {
  if (!existsSync(APT_GET)) return false;
  const root = asRoot();
  if (root === undefined) {
    log(`apt is here, but not the right to use it (neither root nor sudo without a password)`);
    return false;
  }
  const update = async () => {
    log("apt: reading the lists of packages (apt-get update)");
    return run([...root, APT_GET, "update"], log);
  };
  let isUpdated = false;
  if (!hasPackageLists() || !missing.every(canOffer)) {
    await update(); // One source of several may fail; what counts is whether the packages are there.
    isUpdated = true;
  }
  const lacking = missing.filter((kind) => !canOffer(kind));
  if (lacking.length > 0) {
    log(`apt has no package that is new enough for: ${lacking.join(", ")}`);
    return false;
  }
  log(`apt: installing ${missing.map((kind) => APT_PACKAGE[kind]).join(", ")}`);
  const install = [...root, "sh", SCRIPT, ...missing.map((kind) => APT_PACKAGE[kind])];
  let failure = await run(install, log);
  if (failure !== undefined && !isUpdated) {
    await update(); // Old lists name files that the archive no longer has.
    failure = await run(install, log);
  }
  if (failure === undefined) return true;
  throw new ServerError("SERVER_INSTALL_FAILED", `${aptCommand(missing)} failed:\n${failure}`);
}
