/** Text files of lines, plain or compressed: what the evidence of a drill consists of. */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { finished, pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

const LINES_AT_ONCE = 1_000;

/** The lines of a file, which is compressed when its name ends with `.gz`. */
export async function* linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path);
  const input = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  file.on("error", (error) => input.destroy(error));
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

/** Writes lines into a compressed file. */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(path));
  let waiting: string[] = [];
  const flush = async () => {
    if (waiting.length > 0 && !gzip.write(`${waiting.join("\n")}\n`)) await once(gzip, "drain");
    waiting = [];
  };
  for await (const line of lines) {
    waiting.push(line);
    if (waiting.length >= LINES_AT_ONCE) await flush();
  }
  await flush();
  gzip.end();
  await written;
}

/** A file as it is, compressed. */
export async function compress(from: string, to: string): Promise<void> {
  const output = createWriteStream(to);
  await pipeline(createReadStream(from), createGzip(), output);
  await finished(output);
}
