/** Files of JSON lines on the disk, gzipped: written under another name until they are whole, and read only after their checksum was compared. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { ArchiveError } from "./format.js";

/** Writes pages of lines to a file, which is there, whole and durable, when this resolves. */
export async function writeLines(
  path: string,
  pages: AsyncIterable<readonly unknown[]>,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(unfinished));
  // It is waited for at the end, whatever fails before.
  written.catch(() => undefined);
  try {
    for await (const page of pages) {
      const text = page.map((line) => `${JSON.stringify(line)}\n`).join("");
      if (!gzip.write(text)) await Promise.race([once(gzip, "drain"), written]);
    }
  } finally {
    gzip.end();
    await written;
  }
  await durable(unfinished);
  await rename(unfinished, path);
  await durable(dirname(path));
}

/**
 * Gives another name to what lies there, of a command that was stopped or of before a backup was restored: nobody has noted it, and it may
 * be all there is of something. So one that was put aside before stays, too.
 */
export async function putAside(path: string): Promise<void> {
  if (!existsSync(path)) return;
  let [aside, number] = [`${path}.unnoted`, 1];
  while (existsSync(aside)) aside = `${path}.unnoted-${++number}`;
  await rename(path, aside);
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

/** Opens a file whose checksum has to be this. Rejects with `ArchiveError`. */
export async function openLines(path: string, sha256: string): Promise<AsyncGenerator> {
  const found = await sha256Of(path);
  if (found === sha256) return linesOf(path);
  const message = `${path} is not what was archived: its SHA-256 is ${found}, not ${sha256}; find the right file`;
  throw new ArchiveError("ARCHIVE_DAMAGED", message);
}

async function* linesOf(path: string): AsyncGenerator {
  const text = createGunzip().setEncoding("utf8");
  const input = createReadStream(path);
  input.on("error", (error) => text.destroy(error));
  try {
    let rest = "";
    for await (const chunk of input.pipe(text)) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line);
    }
  } finally {
    input.destroy();
  }
}

/** The first line, which says what a file is. */
export async function firstLine(lines: AsyncGenerator): Promise<unknown> {
  const first = await lines.next();
  return first.done ? null : first.value;
}

/** A file that does not begin as one of this version does. */
export function unknownBeginning(path: string): ArchiveError {
  const message = `${path} does not begin as an archive of this version does`;
  return new ArchiveError("ARCHIVE_DAMAGED", message);
}

export function unfinished(path: string): ArchiveError {
  return new ArchiveError("ARCHIVE_DAMAGED", `${path} does not end as a whole archive does`);
}
