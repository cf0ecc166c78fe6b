/** Runs the checker as the separate program that it is, and gives its report. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { PROJECT_ROOT } from "../services/servers/project-root.js";
import type { CheckReport, Flow } from "./checker/check.js";

/**
 * `logs`: the folder of the clients' logs. `extract`: where the rows that it judges are written, for whoever judges them
 * again. Rejects when the program says nothing.
 */
export function runChecker(
  logs: string,
  postgresUrl: string,
  flow: Flow,
  extract?: string,
): Promise<CheckReport> {
  const program = join(PROJECT_ROOT, "dist", "chaos", "checker", "main.js");
  const args = [program, "--logs", logs, "--url", postgresUrl, "--flow", flow, "--json"];
  if (extract !== undefined) args.push("--extract", extract);
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => {
      const text = Buffer.concat(output).toString();
      if (text.startsWith("{")) done(JSON.parse(text) as CheckReport);
      else fail(new Error(`CHECKER_FAILED: code ${code}: ${Buffer.concat(errors).toString()}`));
    });
  });
}
