/**
 * `node dist/chaos/checker/main.js --logs FOLDER --url POSTGRES [--flow plain] [--extract FOLDER] [--json]`: exit 0 when nothing is wrong, 1 when something is, 2 when it could not judge.
 * A plain flow is matched again on paper, too. With `--extract` the rows are written into that folder first, and what was written is judged.
 */
import { parseArgs } from "node:util";
import { check, type CheckReport, type Flow } from "./check.js";
import { Databases } from "./databases.js";
import { Extract } from "./extract.js";

/** Something is wrong with what it judged. */
const EXIT_FAILED = 1;
/** It has not judged. */
const EXIT_NOT_JUDGED = 2;
const USAGE =
  "usage: checker --logs FOLDER --url POSTGRES_URL [--flow plain|any] [--extract FOLDER] [--json]";

async function judge(
  logs: string,
  url: string,
  flow: Flow,
  folder: string | undefined,
): Promise<CheckReport> {
  const database = await Databases.connect(url);
  try {
    if (folder === undefined) return await check(logs, database, flow);
    await Extract.write(database, folder);
  } finally {
    await database.close();
  }
  return check(logs, new Extract(folder), flow);
}

const isFlow = (text: string): text is Flow => text === "plain" || text === "any";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      logs: { type: "string" },
      url: { type: "string" },
      flow: { type: "string", default: "any" },
      extract: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const { logs, url, flow, extract, json } = values;
  if (logs === undefined || url === undefined || !isFlow(flow)) throw new Error(USAGE);
  const report = await judge(logs, url, flow, extract);
  console.log(json ? JSON.stringify(report) : JSON.stringify(report, null, 2));
  process.exitCode = report.ok ? 0 : EXIT_FAILED;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT_NOT_JUDGED;
});
