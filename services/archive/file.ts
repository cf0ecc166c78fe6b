/** Archive files on the disk: written under another name until they are whole, and read only after their checksum was compared. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import {
  ArchiveError,
  type ArchivedBatch,
  type ArchivedRow,
  type ArchiveHead,
  batchLines,
  batchOf,
  endLine,
  headLine,
  headOf,
  type Line,
  rowOf,
} from "./format.js";

/** Writes the pages of batches to a file, which is there, whole and durable, when this resolves. */
export async function writeArchive(
  path: string,
  head: ArchiveHead,
  pages: AsyncIterable<readonly ArchivedBatch[]>,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(unfinished));
  // It is waited for at the end, whatever fails before.
  written.catch(() => undefined);
  const write = async (lines: readonly Line[]): Promise<void> => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    if (!gzip.write(text)) await Promise.race([once(gzip, "drain"), written]);
  };
  let [batches, journalRows] = [0, 0];
  try {
    await write([headLine(head)]);
    for await (const page of pages) {
      await write(page.flatMap(batchLines));
      batches += page.length;
      for (const { journal } of page) journalRows += journal.length;
    }
    await write([endLine(batches, journalRows)]);
  } finally {
    gzip.end();
    await written;
  }
  await durable(unfinished);
  await rename(unfinished, path);
  await durable(dirname(path));
}

async function durable(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of the file as it lies there, in hexadecimal digits. Rejects with `ArchiveError` when there is none. */
export async function sha256Of(path: string): Promise<string> {
  if (!existsSync(path)) throw new ArchiveError("ARCHIVE_MISSING", `there is no file ${path}`);
  const hash = createHash("sha256");
  await finished(createReadStream(path).on("data", (bytes) => hash.update(bytes)));
  return hash.digest("hex");
}

export interface OpenArchive {
  readonly head: ArchiveHead;
  readonly batches: AsyncIterable<ArchivedBatch>;
}

/** Opens a file whose checksum has to be this. Rejects with `ArchiveError`, also while batches are read. */
export async function openArchive(path: string, sha256: string): Promise<OpenArchive> {
  const found = await sha256Of(path);
  if (found !== sha256) {
    const message = `${path} is not what was archived: its SHA-256 is ${found}, not ${sha256}; find the right file`;
    throw new ArchiveError("ARCHIVE_DAMAGED", message);
  }
  const lines = linesOf(path);
  const first = await lines.next();
  const head = first.done ? null : headOf(first.value);
  if (!head) {
    const message = `${path} does not begin as an archive of this version does`;
    throw new ArchiveError("ARCHIVE_DAMAGED", message);
  }
  return { head, batches: batchesOf(path, lines) };
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  const text = createGunzip().setEncoding("utf8");
  const input = createReadStream(path);
  input.on("error", (error) => text.destroy(error));
  try {
    let rest = "";
    for await (const chunk of input.pipe(text)) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as Line;
    }
  } finally {
    input.destroy();
  }
}

async function* batchesOf(
  path: string,
  lines: AsyncGenerator<Line>,
): AsyncGenerator<ArchivedBatch> {
  let batch: Line | null = null;
  let journal: ArchivedRow[] = [];
  let [batches, journalRows] = [0, 0];
  for await (const line of lines) {
    if (line[0] === "J") {
      journal.push(rowOf(line));
      journalRows += 1;
      continue;
    }
    if (batch) yield batchOf(batch, journal);
    if (line[0] === "end") {
      if (line[1] === batches && line[2] === journalRows) return;
      break;
    }
    batch = line;
    journal = [];
    batches += 1;
  }
  throw new ArchiveError("ARCHIVE_DAMAGED", `${path} does not end as a whole archive does`);
}
