// Compares at size: the two matching engines with each other, npm run test:property -- --commands 1000000 --seed 7,
// or a ledger shard with a plain one, and all else that holds of it, npm run test:property -- --ledger --steps 200000 --seed 7.
// It checks what it was asked, and hands over to the test runner, which installs and compiles what is missing.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const USAGE =
  "npm run test:property -- [--commands 1 to 1000000000 | --ledger [--steps 1 to 1000000000]] [--seed 0 to 4294967295]";
const COMMANDS_MAX = 1_000_000_000;
const SEED_MAX = 2 ** 32 - 1;
const COMMANDS_BY_DEFAULT = "1000000";
const STEPS_BY_DEFAULT = "200000";

/** What was asked makes no sense: printed without a stack trace. */
class UsageError extends Error {}

function whole(name, text, minimum, maximum) {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new UsageError(`--${name} is a whole number from ${minimum} to ${maximum}, not "${text}"`);
}

function readArguments() {
  const options = {
    commands: { type: "string" },
    ledger: { type: "boolean", default: false },
    steps: { type: "string" },
    seed: { type: "string", default: "1" },
  };
  try {
    const { values } = parseArgs({ options });
    const { ledger, commands, steps } = values;
    if (ledger && commands !== undefined) throw new UsageError("--commands is for the engines");
    if (!ledger && steps !== undefined) throw new UsageError("--steps is for --ledger");
    const size = ledger
      ? whole("steps", steps ?? STEPS_BY_DEFAULT, 1, COMMANDS_MAX)
      : whole("commands", commands ?? COMMANDS_BY_DEFAULT, 1, COMMANDS_MAX);
    return { ledger, size, seed: whole("seed", values.seed, 0, SEED_MAX) };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error.message);
  }
}

try {
  const { ledger, size, seed } = readArguments();
  const env = {
    ...process.env,
    [ledger ? "PALISADE_PROPERTY_STEPS" : "PALISADE_PROPERTY_COMMANDS"]: String(size),
    PALISADE_PROPERTY_SEED: String(seed),
  };
  const test = ledger
    ? ["test/property/ledger.test.ts"]
    : ["test/property/engines.test.ts", "-t", "tell and know the same"];
  const bootstrap = join(ROOT, "services", "cli", "bootstrap.mjs");
  const args = [bootstrap, "test", "--fast", ...test];
  const { status, error } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: "inherit" });
  if (error) throw error;
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`palisade: ${error.message}\nusage: ${USAGE}\n`);
  process.exitCode = 1;
}
