import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type AuditReport, audit } from "../audit/audit.js";
import { startServers } from "../servers/cluster.js";
import { CliError } from "./cli-error.js";
import { print, printJson, say, table } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";

interface AuditFlags {
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The running exchange's database; of one that does not run, the servers are started for it. */
async function auditHere(dataDir: string): Promise<AuditReport> {
  let url: string;
  try {
    url = readRunFile(dataDir).urls.postgres;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return auditAtRest(dataDir);
  }
  return audit(url);
}

async function auditAtRest(dataDir: string): Promise<AuditReport> {
  if (!existsSync(join(dataDir, "servers.json"))) {
    throw new CliError("NOTHING_TO_AUDIT", `${dataDir} holds no exchange. Start one: npm start`);
  }
  const servers = await startServers({ dataDir, log: say });
  try {
    return await audit(servers.urls.postgres);
  } finally {
    await servers.stopAll();
  }
}

function show(report: AuditReport): void {
  print(report.ok ? "everything adds up" : "NOT everything adds up");
  print(table(Object.entries(report.rows).map(([name, count]) => [name, String(count)])));
  for (const [rule, count] of Object.entries(report.violations)) {
    if (count > 0) print(`${rule}: ${count} rows`);
  }
  if (report.firstViolation) print(`the first: ${JSON.stringify(report.firstViolation)}`);
}

export function addAudit(program: Command): void {
  program
    .command("audit")
    .description("prove in SQL that nothing was made or lost, and that no journal has a gap")
    .option("--url <url>", "the PostgreSQL database")
    .option("--data-dir <folder>", "the data directory of the exchange started here")
    .option("--json", "print one line of JSON")
    .action(async (flags: AuditFlags) => {
      const report = flags.url
        ? await audit(flags.url)
        : await auditHere(dataDirectory(flags.dataDir));
      if (flags.json) printJson(report);
      else show(report);
      process.exitCode = report.ok ? 0 : 1;
    });
}
