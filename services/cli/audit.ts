/** `audit`: every rule of conservation and every journal, in SQL. */
import { audit } from "../audit/audit.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { printJson, printTable } from "./output.js";

export async function runAudit(
  options: DatabaseOptions & { readonly json?: boolean },
): Promise<number> {
  const report = await onDatabase(options, audit);
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
