// All static checks as one command: format, lint, types, and generated code that is up to date.
// Each check runs to its end even if one before it failed, so that one run shows everything.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BIN = join(ROOT, "node_modules", ".bin");
const PROTO = join(ROOT, "proto");

function run(command, args, cwd = ROOT) {
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}` };
  const { status, error } = spawnSync(join(BIN, command), args, { cwd, env, stdio: "inherit" });
  if (error) throw error;
  return status === 0;
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Whether proto/gen is exactly what the .proto files generate today. */
function isGeneratedCodeCurrent() {
  const fresh = mkdtempSync(join(tmpdir(), "palisade-gen-"));
  try {
    if (!run("buf", ["generate", "--output", fresh], PROTO)) return false;
    const names = new Set([...filesIn(join(fresh, "gen")), ...filesIn(join(PROTO, "gen"))]);
    const content = (folder, name) =>
      existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : undefined;
    const stale = [...names].filter(
      (name) => content(join(fresh, "gen"), name) !== content(join(PROTO, "gen"), name),
    );
    for (const name of stale)
      console.error(`proto/gen/${name} is not up to date: npm run generate`);
    return stale.length === 0;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const CHECKS = {
  format: () => run("biome", ["format", "."]),
  lint: () => run("oxlint", ["--deny-warnings", "."]),
  types: () => run("tsc", ["--noEmit", "-p", "tsconfig.json"]),
  "types of actors alone": () => run("tsc", ["-p", "tsconfig.actors.json"]),
  "generated code": isGeneratedCodeCurrent,
};

const failed = [];
for (const [name, check] of Object.entries(CHECKS)) {
  console.error(`== ${name}`);
  if (!check()) failed.push(name);
}
if (failed.length > 0) console.error(`verify failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
