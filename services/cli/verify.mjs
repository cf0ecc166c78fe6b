// All static checks as one command: format, lint, types, and generated code that is up to date.
// All run at the same time, each to its end even if another has failed, so that one run shows everything.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BIN = join(ROOT, "node_modules", ".bin");
const PROTO = join(ROOT, "proto");

/** Resolves to whether it ended well; what it says goes to `say`. */
function run(command, args, say, cwd = ROOT) {
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}` };
  const child = spawn(join(BIN, command), args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", say);
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done(code === 0));
  });
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Whether proto/gen is exactly what the .proto files generate today. */
async function isGeneratedCodeCurrent(say) {
  const fresh = mkdtempSync(join(tmpdir(), "palisade-gen-"));
  try {
    if (!(await run("buf", ["generate", "--output", fresh], say, PROTO))) return false;
    const names = new Set([...filesIn(join(fresh, "gen")), ...filesIn(join(PROTO, "gen"))]);
    const content = (folder, name) =>
      existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : undefined;
    const stale = [...names].filter(
      (name) => content(join(fresh, "gen"), name) !== content(join(PROTO, "gen"), name),
    );
    for (const name of stale) say(`proto/gen/${name} is not up to date: npm run generate\n`);
    return stale.length === 0;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const CHECKS = {
  format: (say) => run("biome", ["format", "."], say),
  lint: (say) => run("oxlint", ["--deny-warnings", "."], say),
  types: (say) => run("tsc", ["--noEmit", "-p", "tsconfig.json"], say),
  "types of actors alone": (say) => run("tsc", ["-p", "tsconfig.actors.json"], say),
  "generated code": isGeneratedCodeCurrent,
};

/** What a check says is shown as one piece, when it has ended. */
async function check([name, work]) {
  const said = [];
  const isWell = await work((text) => said.push(Buffer.from(text)));
  process.stderr.write(`== ${name}\n${Buffer.concat(said).toString()}`);
  return isWell ? [] : [name];
}

const failed = (await Promise.all(Object.entries(CHECKS).map(check))).flat();
if (failed.length > 0) console.error(`verify failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
