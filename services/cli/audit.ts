/** `audit`: every rule of conservation and every journal, in SQL. */
import { audit, type AuditReport } from "../audit/audit.js";
import { RULES } from "../audit/rules.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { EXIT_FAILED } from "./exit-codes.js";
import { printJson, printTable } from "./output.js";

export interface AuditOptions extends DatabaseOptions {
  readonly json?: boolean;
  /** What the rules are, instead of whether they hold. */
  readonly explain?: boolean;
  /** The folder of the archive files, which are to be read too. */
  readonly archives?: string;
}

export async function runAudit(options: AuditOptions): Promise<number> {
  if (options.explain) return explainRules(options);
  const { archives } = options;
  const report = await onDatabase(options, (url) =>
    audit(url, archives === undefined ? {} : { archives }),
  );
  if (options.json) {
    printJson(report);
  } else {
    printTable([["rule", "rows that break it"], ...Object.entries(report.violations)]);
    const verdict = report.ok
      ? `All hold (--explain says what each proves). ${JSON.stringify(report.rows)} were looked at.`
      : `Broken. The first: ${JSON.stringify(report.firstViolation)}\n${brokenRule(report)}`;
    process.stdout.write(`\n${verdict}\n`);
  }
  return report.ok ? 0 : EXIT_FAILED;
}

/** What is not so, in words. */
function brokenRule({ firstViolation }: AuditReport): string {
  const rule = RULES.find(({ name }) => name === firstViolation?.rule);
  return rule ? `What does not hold: ${rule.proves}` : "";
}

function explainRules({ json }: AuditOptions): number {
  const rules = RULES.map(({ name, table, conserves, proves }) => ({
    rule: name,
    table,
    conserves,
    proves,
  }));
  if (json) printJson(rules);
  else printTable([["rule", "proves"], ...rules.map(({ rule, proves }) => [rule, proves])]);
  return 0;
}
