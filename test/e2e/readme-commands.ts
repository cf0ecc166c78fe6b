/**
 * The README's commands, as they stand there, but that only the first `npx palisade` goes through npx, which takes most of the time. Each but `npm test` is run by one test: what is to be judged by more than how
 * it ends by the test of what it shows, all others by `readme.test.ts`.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const COMMAND_LIMIT_MS = 540_000;

/** What has a test of its own: `drill.test.ts`, `sim.test.ts`, `bench.test.ts`. */
const JUDGED = {
  drill: /^npm run drill /,
  sim: /^npm run sim /,
  bench: /^npm run bench /,
} as const;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The lines of the README's shell blocks, in their order. */
function commands(): string[] {
  const text = readFileSync(join(PROJECT_ROOT, "README.md"), "utf8");
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block!.split("\n").filter((line) => line !== ""),
  );
}

/** Those of one of these tests. */
export function commandsOf(kind: keyof typeof JUDGED): string[] {
  const found = commands().filter((line) => JUDGED[kind].test(line));
  if (found.length === 0) throw new Error(`the README has no command like ${JUDGED[kind]}`);
  return found;
}

/** Those that no other test runs. */
export function otherCommands(): string[] {
  const isJudged = (line: string) => Object.values(JUDGED).some((kind) => kind.test(line));
  return commands().filter((line) => line !== "npm test" && !isJudged(line));
}

/** Runs a line by a shell, in the project's folder. */
export function runLine(line: string, env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  const child = spawn(line, { cwd: PROJECT_ROOT, env, shell: true, timeout: COMMAND_LIMIT_MS });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

/** What a command with `--json` has printed last; npm has its own words before it. */
export function lastJson<T>(text: string): T {
  return JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as T;
}
