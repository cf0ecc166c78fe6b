/** Text files of lines, plain or compressed: what the evidence of a drill consists of. */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { finished, pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

const LINES_AT_ONCE = 1_000;
const NEWLINE = 10;

/** The lines of a file, which is compressed when its name ends with `.gz`. */
export async function* linesOf(path: string): AsyncIterable<string> {
  yield* new LineFile(path);
}

/** The same, and whether the last line is whole: that is known when it was read. */
export class LineFile {
  private readonly path: string;
  private lastByte = NEWLINE;

  constructor(path: string) {
    this.path = path;
  }

  /** Is its last line without an end? */
  get isCutOff(): boolean {
    return this.lastByte !== NEWLINE;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    const file = createReadStream(this.path);
    const input = this.path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
    file.on("error", (error) => input.destroy(error));
    input.on("data", (chunk: Buffer) => (this.lastByte = chunk.at(-1) ?? this.lastByte));
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  }
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
