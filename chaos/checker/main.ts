/** `node dist/chaos/checker/main.js --logs FOLDER --url POSTGRES [--json]`: exit 0 when nothing is wrong. */
import { parseArgs } from "node:util";
import { check } from "./check.js";

const USAGE = "usage: checker --logs FOLDER --url POSTGRES_URL [--json]";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { logs: { type: "string" }, url: { type: "string" }, json: { type: "boolean" } },
  });
  if (values.logs === undefined || values.url === undefined) throw new Error(USAGE);
  const report = await check(values.logs, values.url);
  console.log(values.json ? JSON.stringify(report) : JSON.stringify(report, null, 2));
  process.exitCode = report.ok ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
