/** `archive`: what is old leaves the log and the journal for files. */
import { archive, type ArchivedFile } from "../archive/archive.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { printJson } from "./output.js";
import { parseTime } from "./words.js";

export interface ArchiveOptions extends DatabaseOptions {
  readonly before: string;
  readonly to: string;
  readonly json?: boolean;
}

const MICROSECONDS_PER_MILLISECOND = 1_000;

export async function runArchive({ before, to, json, ...database }: ArchiveOptions): Promise<void> {
  const now = Date.now() * MICROSECONDS_PER_MILLISECOND;
  const time = parseTime(before, now, "time before which to archive");
  const files: ArchivedFile[] = [];
  await onDatabase(database, (url) =>
    archive(url, to, time, (file) => {
      files.push(file);
      const { batches, journalRows, sha256 } = file;
      const what = `${file.file}: ${batches} batches, ${journalRows} journal rows, SHA-256 ${sha256}`;
      if (!json) process.stdout.write(`${what}\n`);
    }),
  );
  if (json) return printJson({ files });
  process.stdout.write(
    files.length === 0 ? "nothing is that old\n" : `${files.length} files; keep them\n`,
  );
}
