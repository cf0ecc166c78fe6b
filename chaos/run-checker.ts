/** Runs the checker as the separate program that it is, and gives its report. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { PROJECT_ROOT } from "../services/servers/project-root.js";
import type { CheckReport, Flow } from "./checker/check.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "chaos", "checker", "main.js");
/** Of millions of lines it takes minutes. */
const CHECKER_MS_MAX = 30 * 60_000;
const MS_PER_SECOND = 1_000;

export interface CheckerOptions {
  /** Where the rows that it judges are written, for whoever judges them again. */
  readonly extract?: string;
  /** Ends it early: nobody waits for it any more. */
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
  /** The file that is run. */
  readonly program?: string;
}

/** Nobody has judged: told without a stack trace, and no refusal, as everything was done by then. */
export class CheckerError extends Error {
  override readonly name = "CheckerError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** `logs`: the folder of the clients' logs. Rejects when the program says nothing, or nothing in time. */
export async function runChecker(
  logs: string,
  postgresUrl: string,
  flow: Flow,
  { extract, signal, limitMs = CHECKER_MS_MAX, program = PROGRAM }: CheckerOptions = {},
): Promise<CheckReport> {
  if (signal?.aborted) throw leftAlone();
  const args = [program, "--logs", logs, "--url", postgresUrl, "--flow", flow, "--json"];
  if (extract !== undefined) args.push("--extract", extract);
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let ended: CheckerError | undefined;
  const end = (why: CheckerError): void => {
    ended ??= why;
    child.kill("SIGKILL");
  };
  const late = `the checker said nothing within ${limitMs / MS_PER_SECOND} s, and was ended`;
  const timer = setTimeout(() => end(new CheckerError("CHECKER_LATE", late)), limitMs);
  const leave = (): void => end(leftAlone());
  signal?.addEventListener("abort", leave);
  process.once("exit", leave);
  try {
    const { code, output, errors } = await outcomeOf(child);
    const report = ended ? null : reportIn(output);
    if (report) return report;
    throw ended ?? new CheckerError("CHECKER_FAILED", `code ${code}: ${errors}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
    process.off("exit", leave);
  }
}

/** Null: it has ended before it had said all. */
function reportIn(output: string): CheckReport | null {
  try {
    return JSON.parse(output) as CheckReport;
  } catch {
    return null;
  }
}

function leftAlone(): CheckerError {
  return new CheckerError("CHECKER_ENDED", "nobody waits for the checker any more");
}

function outcomeOf(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) =>
      done({
        code,
        output: Buffer.concat(output).toString(),
        errors: Buffer.concat(errors).toString(),
      }),
    );
  });
}
