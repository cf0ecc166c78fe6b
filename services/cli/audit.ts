/** `audit`: every rule of conservation and every journal, in SQL. */
import { audit } from "../audit/audit.js";
import { printJson, printTable } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";

export async function runAudit(options: {
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}): Promise<number> {
  const url = options.url ?? readRunFile(dataDirectory(options.dataDir)).urls.postgres;
  const report = await audit(url);
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
