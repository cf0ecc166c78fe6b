import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { temporaryFolder } from "../helpers/servers.js";

const LINKED_PACKAGES = ["typescript", "@typescript", "@types"];
const NO_PID = 2 ** 30;

const { folder, remove } = temporaryFolder();
const mainFile = join(folder, "services", "cli", "main.ts");

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A project with the same tools and a command line that only prints its arguments. */
beforeAll(() => {
  for (const name of [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
  ]) {
    cpSync(join(PROJECT_ROOT, name), join(folder, name));
  }
  mkdirSync(join(folder, "services", "cli"), { recursive: true });
  cpSync(
    join(PROJECT_ROOT, "services/cli/bootstrap.mjs"),
    join(folder, "services/cli/bootstrap.mjs"),
  );
  mkdirSync(join(folder, "node_modules"));
  for (const name of LINKED_PACKAGES) {
    symlinkSync(join(PROJECT_ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  const manifest = readFileSync(join(folder, "package-lock.json"));
  const stamp = createHash("sha256").update(manifest).digest("hex");
  writeFileSync(join(folder, "node_modules", ".palisade-stamp"), stamp);
  writeFileSync(mainFile, "console.log(JSON.stringify(process.argv.slice(2)));\n");
});

afterAll(remove);

function bootstrap(args: string[], nodeArgs: string[] = []): Promise<Outcome> {
  const script = join(folder, "services", "cli", "bootstrap.mjs");
  const child = spawn(process.execPath, [...nodeArgs, script, ...args], { cwd: "/" });
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (outcome.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (outcome.stderr += String(chunk)));
  return new Promise((done) => {
    child.once("close", (code) => done({ ...outcome, code }));
  });
}

describe("the command line's first step", () => {
  it("compiles once when two commands start at once, and leaves stdout to the commands", async () => {
    const both = await Promise.all([bootstrap(["start", "--json"]), bootstrap(["audit"])]);
    expect(both.map((each) => each.stdout)).toEqual(['["start","--json"]\n', '["audit"]\n']);
    expect(both.map((each) => each.code)).toEqual([0, 0]);
    const said = both.map((each) => each.stderr).join("");
    expect(said.match(/compiling \(tsc\): done/g)).toHaveLength(1);
    expect(said).not.toContain("installing");
  });

  it("does nothing when nothing has changed", async () => {
    expect(await bootstrap(["start"])).toEqual({ code: 0, stdout: '["start"]\n', stderr: "" });
  });

  it("leaves the judging of evidence to the commands, and keeps the static checks for itself", async () => {
    for (const command of [["verify", "folder"], ["verify"]]) {
      const { stdout } = await bootstrap(command);
      expect(stdout).toBe(`${JSON.stringify(command)}\n`);
    }
    const { code, stdout, stderr } = await bootstrap(["static-checks", "folder"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("npx palisade verify FOLDER");
  });

  it("compiles again after a change, past the lock of a process that is dead", async () => {
    writeFileSync(join(folder, "dist", ".bootstrap.lock"), String(NO_PID));
    utimesSync(mainFile, new Date(), new Date(Date.now() + 1_000));
    const outcome = await bootstrap(["start"]);
    expect(outcome.stdout).toBe('["start"]\n');
    expect(outcome.stderr).toContain("compiling (tsc): done");
  });

  it("says what does not compile, and runs nothing", async () => {
    const bad = join(folder, "services", "cli", "bad.ts");
    writeFileSync(bad, 'export const price: number = "high";\n');
    const outcome = await bootstrap(["start"]);
    rmSync(bad);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("bad.ts(1,14): error TS2322");
  });

  it("refuses a Node that is too old, and says which would do", async () => {
    const pretend = join(folder, "pretend.mjs");
    writeFileSync(pretend, 'Object.defineProperty(process.versions, "node", { value: "18.1.0" });');
    const outcome = await bootstrap(["start"], ["--import", pathToFileURL(pretend).href]);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("NODE_TOO_OLD: this is Node 18.1.0");
    expect(outcome.stderr).toContain("20.19 or newer");
  });
});
