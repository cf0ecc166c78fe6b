/** `archive`: what is old leaves the database for files. */
import { theOnlyInstance } from "../adapters/instances/instances.js";
import { type Age, type AnyFile, archive } from "../archive/archive.js";
import { CliError } from "./cli-error.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { printJson } from "./output.js";
import { isDuration, parseFixedTime, parseSeconds } from "./words.js";

export interface ArchiveOptions extends DatabaseOptions {
  readonly before?: string;
  readonly olderThan?: string;
  readonly to: string;
  readonly json?: boolean;
}

export async function runArchive(options: ArchiveOptions): Promise<void> {
  const { before, olderThan, to, json, ...database } = options;
  const age = ageOf(before, olderThan);
  const files: AnyFile[] = [];
  await onDatabase(database, async (urls) =>
    archive(await theOnlyInstance(urls, "archive"), to, age, (file) => {
      files.push(file);
      if (!json) process.stdout.write(`${file.file}: ${contents(file)}, SHA-256 ${file.sha256}\n`);
    }),
  );
  if (json) return printJson({ files });
  process.stdout.write(
    files.length === 0 ? "nothing is that old\n" : `${files.length} files; keep them\n`,
  );
}

function ageOf(before: string | undefined, olderThan: string | undefined): Age {
  if (olderThan !== undefined && before === undefined) {
    return { olderThanSeconds: parseSeconds(olderThan, "age from which to archive") };
  }
  if (before !== undefined && olderThan === undefined) {
    return { before: timeOf(before) };
  }
  throw new CliError(
    "ARCHIVE_AGE_UNCLEAR",
    "what is to go is said once: --older-than 24h, or --before 2026-01-31T00:00:00Z",
  );
}

/** How long ago something was is a question to the database, whose clock its rows are of. */
function timeOf(before: string): number {
  if (isDuration(before)) {
    throw new CliError(
      "NOT_A_TIME",
      `--before takes a time; for an age say --older-than ${before}`,
    );
  }
  return parseFixedTime(before, "time before which to archive");
}

function contents(file: AnyFile): string {
  return file.kind === "batches"
    ? `${file.batches} batches, ${file.journalRows} journal rows`
    : `${file.rows} ${file.kind}`;
}
