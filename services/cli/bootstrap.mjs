#!/usr/bin/env node
// The command line's first step. It runs on a machine that has only Node and npm: it installs the
// packages, compiles, and then hands over to the compiled program. Everything it says goes to
// stderr, because stdout belongs to the command (which may print JSON).

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const MIN_NODE = [20, 19];
const SOURCE_FOLDERS = ["actors", "services", "chaos", "proto", "test/bench"];
const BUILD_CONFIGS = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"];
const MODULES_STAMP = join(ROOT, "node_modules", ".palisade-stamp");
const BUILD_STAMP = join(ROOT, "dist", ".build-stamp");
const LOCK_FILE = join(ROOT, "dist", ".bootstrap.lock");
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
const LOCK_POLL_MS = 100;
const PROGRESS_MS = 1_000;
/** Of a failed program's output, how many lines are shown from its start, and from its end. */
const FAILURE_LINES = 20;

/** A failure that the user can act on: printed without a stack trace. */
class BootstrapError extends Error {}

function say(text) {
  process.stderr.write(`palisade: ${text}\n`);
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [minMajor, minMinor] = MIN_NODE;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return;
  throw new BootstrapError(
    `NODE_TOO_OLD: this is Node ${process.versions.node}; Palisade needs Node ` +
      `${MIN_NODE.join(".")} or newer. Get it from https://nodejs.org or with a version manager.`,
  );
}

/** Runs a program to its end; resolves to its exit code (128 + number when a signal ended it). */
function run(command, args, options) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: ROOT, ...options });
    // Ctrl-C reaches the child by the terminal; a SIGTERM sent to this process has to be passed on.
    const ignore = () => {};
    const pass = () => child.kill("SIGTERM");
    process.on("SIGINT", ignore);
    process.on("SIGTERM", pass);
    child.on("error", fail);
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", pass);
      done(code ?? 128 + constants.signals[signal]);
    });
    options.onSpawn?.(child);
  });
}

/** Runs a program silently, with one line of progress; its output is shown only if it fails. */
async function runQuietly(title, command, args) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1_000)} s`;
  const output = [];
  const onSpawn = (child) => {
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
  };
  const live = process.stderr.isTTY;
  const show = () => process.stderr.write(`\r\x1b[Kpalisade: ${title} … ${seconds()}`);
  if (live) show();
  else say(`${title} …`);
  const timer = live ? setInterval(show, PROGRESS_MS) : undefined;
  const code = await run(command, args, { stdio: ["ignore", "pipe", "pipe"], onSpawn });
  clearInterval(timer);
  if (live) process.stderr.write("\r\x1b[K");
  if (code === 0) return say(`${title}: done in ${seconds()}`);
  const lines = Buffer.concat(output).toString().trimEnd().split("\n");
  const hidden = Math.max(0, lines.length - 2 * FAILURE_LINES);
  if (hidden > 0) lines.splice(FAILURE_LINES, hidden, `… ${hidden} lines left out …`);
  process.stderr.write(`${lines.join("\n")}\n`);
  throw new BootstrapError(`${title} failed with exit code ${code}`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Takes a dead owner's lock away. Renaming first makes sure that only one process does it. */
function removeStaleLock(owner) {
  const aside = `${LOCK_FILE}.${process.pid}.stale`;
  try {
    renameSync(LOCK_FILE, aside);
    // Another process may have replaced the stale lock in between: then it gets its lock back.
    if (readFileSync(aside, "utf8") !== owner) linkSync(aside, LOCK_FILE);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  }
  rmSync(aside, { force: true });
}

/** Does the work while holding the lock, so that two commands at once install and compile once. */
async function withLock(work) {
  mkdirSync(dirname(LOCK_FILE), { recursive: true });
  const own = `${LOCK_FILE}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  let waiting = false;
  for (;;) {
    try {
      linkSync(own, LOCK_FILE); // Atomic, and the lock never exists without its owner's pid.
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = readIfThere(LOCK_FILE);
    if (owner !== undefined && !isAlive(Number(owner))) removeStaleLock(owner);
    else if (!waiting)
      say(`waiting for process ${owner ?? "that has just ended"} to finish building`);
    waiting = true;
    await new Promise((wake) => setTimeout(wake, LOCK_POLL_MS));
  }
  rmSync(own);
  try {
    return await work();
  } finally {
    rmSync(LOCK_FILE, { force: true });
  }
}

function lockfileHash() {
  return createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
}

function packagesAreCurrent() {
  if (!existsSync(TSC)) return false;
  const stamp = readIfThere(MODULES_STAMP);
  if (stamp !== undefined) return stamp === lockfileHash();
  // Without a stamp the packages were installed by hand: npm's own record tells from when.
  const record = join(ROOT, "node_modules", ".package-lock.json");
  const manifest = join(ROOT, "package-lock.json");
  return existsSync(record) && statSync(record).mtimeMs >= statSync(manifest).mtimeMs;
}

async function installPackages() {
  if (packagesAreCurrent()) return;
  const args = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const title = "installing packages (npm ci)";
  if (isScript) await runQuietly(title, process.execPath, [npm, ...args]);
  else await runQuietly(title, "npm", args);
  writeFileSync(MODULES_STAMP, lockfileHash());
}

/** Names, sizes and times of all that is compiled, as one hash: cheap, and sees deletions too. */
function sourceFingerprint() {
  const hash = createHash("sha256");
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const name of BUILD_CONFIGS) add(join(ROOT, name));
  for (const folder of SOURCE_FOLDERS) {
    if (!existsSync(join(ROOT, folder))) continue;
    const names = readdirSync(join(ROOT, folder), { recursive: true }).map(String);
    for (const name of names.sort()) if (name.endsWith(".ts")) add(join(ROOT, folder, name));
  }
  return hash.digest("hex");
}

async function compile() {
  const fingerprint = sourceFingerprint();
  if (readIfThere(BUILD_STAMP) === fingerprint) return;
  await runQuietly("compiling (tsc)", process.execPath, [TSC, "-p", "tsconfig.build.json"]);
  writeFileSync(BUILD_STAMP, fingerprint);
}

async function prepare() {
  if (packagesAreCurrent() && readIfThere(BUILD_STAMP) === sourceFingerprint()) return;
  await withLock(async () => {
    await installPackages();
    await compile();
  });
}

function compiled(path) {
  return import(pathToFileURL(join(ROOT, "dist", path)).href);
}

async function test(args) {
  await prepare();
  const isFast = args.includes("--fast");
  if (!isFast) {
    const { ensureServers } = await compiled("services/servers/install.js");
    await ensureServers({ log: say });
  }
  const project = isFast ? ["--project", "unit"] : [];
  const rest = args.filter((arg) => arg !== "--fast");
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  return run(process.execPath, [vitest, "run", ...project, ...rest], { stdio: "inherit" });
}

async function checkStatically(args) {
  if (args.length > 0) {
    throw new BootstrapError(
      "the static checks (npm run verify) take nothing; evidence is judged by: npx palisade verify FOLDER",
    );
  }
  if (!packagesAreCurrent()) await withLock(installPackages);
  return run(process.execPath, [join(ROOT, "services", "cli", "verify.mjs")], { stdio: "inherit" });
}

async function handOver(args) {
  await prepare();
  process.argv = [process.argv[0], join(ROOT, "dist", "services", "cli", "main.js"), ...args];
  await compiled("services/cli/main.js");
}

async function main() {
  checkNode();
  const [command, ...args] = process.argv.slice(2);
  if (command === "build") return prepare();
  if (command === "static-checks") process.exitCode = await checkStatically(args);
  else if (command === "test") process.exitCode = await test(args);
  else await handOver(process.argv.slice(2));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BootstrapError) && typeof error.code !== "string") throw error;
  say(error.message);
  process.exitCode = 1;
}
