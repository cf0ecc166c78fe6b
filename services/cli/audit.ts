/** `audit`: every rule of conservation and every journal, in SQL. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type AuditReport, audit } from "../audit/audit.js";
import { startServers } from "../servers/cluster.js";
import { CliError } from "./cli-error.js";
import { printJson, printTable, progress } from "./output.js";
import { dataDirectory, isRunning, readRunFile } from "./run-file.js";

export async function runAudit(options: {
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}): Promise<number> {
  const report = await (options.url ? reached(options.url) : here(dataDirectory(options.dataDir)));
  if (options.json) {
    printJson(report);
  } else {
    printTable([["rule", "rows that break it"], ...Object.entries(report.violations)]);
    const verdict = report.ok
      ? `All hold. ${JSON.stringify(report.rows)} were looked at.`
      : `Broken. The first: ${JSON.stringify(report.firstViolation)}`;
    process.stdout.write(`\n${verdict}\n`);
  }
  return report.ok ? 0 : 1;
}

async function reached(url: string): Promise<AuditReport> {
  try {
    return await audit(url);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
    throw new CliError("DATABASE_UNREACHABLE", `no PostgreSQL answers there: ${String(error)}`);
  }
}

/** Audits the exchange that runs on a data directory; for one that does not run, its servers are started. */
async function here(dataDir: string): Promise<AuditReport> {
  if (isRunning(dataDir)) return reached(readRunFile(dataDir).urls.postgres);
  if (!existsSync(join(dataDir, "servers.json"))) {
    throw new CliError(
      "NOTHING_TO_AUDIT",
      `${dataDir} holds no exchange. Make one with: npm start`,
    );
  }
  progress("the exchange does not run; starting its servers for the audit");
  const servers = await startServers({ dataDir, log: progress });
  try {
    return await audit(servers.urls.postgres);
  } finally {
    await servers.stopAll();
  }
}
