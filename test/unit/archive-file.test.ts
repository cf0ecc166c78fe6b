import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openArchive, writeArchive } from "../../services/archive/file.js";
import { sha256Of } from "../../services/archive/lines.js";
import type { ArchivedBatch } from "../../services/archive/format.js";
import { ArchiveSums, BEFORE_ALL } from "../../services/archive/sums.js";

const HEAD = { actor: 1, after: 0, previous: "" };

const row = (account: number, first: number, last: number) => ({
  account,
  first,
  last,
  events: Buffer.from([1, 2, 255]),
  assets: [1, 2],
  totalChanges: [5, -7],
  heldChanges: [0, 2 ** 52],
  counted: `29,${last},0,0,0,0,0,0`,
  warnings: 1,
});

const batch = (number: number, changes: Partial<ArchivedBatch> = {}): ArchivedBatch => ({
  batch: number,
  token: 3,
  anchor: 1,
  positionBefore: (number - 1) * 10,
  positionAfter: number * 10,
  time: number,
  hash: 2 ** 52 - 1,
  commands: Buffer.alloc(100_000, number),
  replies: number % 2 === 0 ? Buffer.from("told") : null,
  journal: [],
  ...changes,
});

const BATCHES = [
  batch(1, { journal: [row(7, 1, 2), row(8, 1, 1)] }),
  batch(2),
  batch(3, { journal: [row(7, 3, 3)] }),
];

async function* pages(...all: readonly (readonly ArchivedBatch[])[]) {
  yield* all;
}

async function read(path: string, sha256: string): Promise<ArchivedBatch[]> {
  const found: ArchivedBatch[] = [];
  for await (const each of (await openArchive(path, sha256)).batches) found.push(each);
  return found;
}

describe("an archive file", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "palisade-test-archive-"));
    path = join(folder, "a.jsonl.gz");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives back what was written, in pages of any size, or nothing", async () => {
    await writeArchive(path, HEAD, pages(BATCHES.slice(0, 1), BATCHES.slice(1)));
    expect(readdirSync(folder)).toEqual(["a.jsonl.gz"]);
    expect((await openArchive(path, await sha256Of(path))).head).toEqual(HEAD);
    expect(await read(path, await sha256Of(path))).toEqual(BATCHES);
    await writeArchive(path, HEAD, pages());
    expect(await read(path, await sha256Of(path))).toEqual([]);
  });

  it("is not there as long as it is not whole", async () => {
    async function* broken() {
      yield BATCHES;
      throw new RangeError("no more");
    }
    await expect(writeArchive(path, HEAD, broken())).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual(["a.jsonl.gz.unfinished"]);
    const nowhere = join(folder, "none", "a.jsonl.gz");
    await expect(writeArchive(nowhere, HEAD, pages(BATCHES))).rejects.toThrow(/ENOENT/);
  });

  it("is refused when it is gone, changed, cut off, or of another version", async () => {
    await expect(sha256Of(path)).rejects.toMatchObject({ code: "ARCHIVE_MISSING" });
    await writeArchive(path, HEAD, pages(BATCHES));
    const sha256 = await sha256Of(path);
    const lines = gunzipSync(readFileSync(path)).toString().split("\n");
    const rewritten = async (changed: readonly string[]) => {
      writeFileSync(path, gzipSync(`${changed.join("\n")}\n`));
      return read(path, await sha256Of(path));
    };
    const damaged = { code: "ARCHIVE_DAMAGED" };
    await expect(rewritten(lines.slice(0, -2))).rejects.toMatchObject(damaged);
    await expect(rewritten(lines.toSpliced(2, 1))).rejects.toMatchObject(damaged);
    const head = JSON.stringify(["palisade-archive", 2, 1, 0, ""]);
    await expect(rewritten([head, ...lines.slice(1, -1)])).rejects.toMatchObject(damaged);
    await expect(read(path, sha256)).rejects.toMatchObject(damaged);
  });
});

describe("archived batches", () => {
  it("add up to where they end, the last numbers, and what they changed", () => {
    const sums = new ArchiveSums(BEFORE_ALL);
    for (const each of BATCHES) expect(sums.take(each)).toBeNull();
    expect(sums.end).toEqual({ batch: 3, token: 3, anchor: 1, position: 30, time: 3 });
    expect([sums.batches, sums.journalRows]).toEqual([3, 3]);
    expect([...sums.sequences]).toEqual([
      [7, 3],
      [8, 1],
    ]);
    expect(sums.counted.get(7)).toBe("29,3,0,0,0,0,0,0");
    expect(sums.balances.get(7)!.get(2)).toEqual({ total: -14, held: 2 ** 53 });
  });

  it.each<[string, Partial<ArchivedBatch>, RegExp]>([
    ["a number left out", { batch: 3 }, /batch 3 follows 1/],
    ["a number twice", { batch: 1 }, /batch 1 follows 1/],
    ["a token that falls", { token: 2 }, /token 2 after 3/],
    ["a time that falls", { time: 0 }, /time before/],
    ["a position left out", { positionBefore: 11 }, /reads from 11 on, after 10/],
    ["a position that falls", { positionAfter: 9 }, /reads from 10 on, after 10/],
    ["an anchor that falls", { anchor: 0 }, /reads from/],
    ["a number of an account left out", { journal: [row(7, 4, 4)] }, /from 2 to 4/],
    ["a number of an account twice", { journal: [row(8, 1, 2)] }, /from 1 to 1/],
    ["a row that ends before it begins", { journal: [row(9, 1, 0)] }, /from 0 to 1/],
  ])("are no whole with %s", (_, changes, wrong) => {
    const sums = new ArchiveSums(BEFORE_ALL);
    expect(sums.take(BATCHES[0]!)).toBeNull();
    expect(sums.take(batch(2, changes))).toMatch(wrong);
  });

  it("may go on in another stream, wherever that begins, and with an account's journal as it stood", () => {
    const sums = new ArchiveSums({ batch: 1, token: 3, anchor: 1, position: 10, time: 1 }, () => 5);
    expect(sums.take(batch(2, { anchor: 2, positionBefore: 0, positionAfter: 0 }))).toBeNull();
    expect(
      sums.take(batch(3, { anchor: 2, positionBefore: 0, journal: [row(7, 6, 6)] })),
    ).toBeNull();
  });
});
