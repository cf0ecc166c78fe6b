/** Archiving on a real database: what goes, what stays, and what is proved of both, before and after. */
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import {
  type AnyFile,
  archive,
  type ArchivedFile,
  archivedBatches,
} from "../../services/archive/archive.js";
import { JournalArchivedError, type Period } from "../../services/audit/journal-reader.js";
import { audit } from "../../services/audit/audit.js";
import { readPositions } from "../../services/audit/positions.js";
import { type StatementLine, writeStatement } from "../../services/audit/statement.js";
import { SystemClock } from "../../services/common/clock.js";
import { AccountStream } from "../../services/gateway/account-stream.js";
import { UnreadEvents } from "../../services/gateway/event-writer.js";
import { Catalog } from "../../services/gateway/catalog.js";
import { Session } from "../../services/gateway/session.js";
import { Subscriptions } from "../../services/gateway/subscriptions.js";
import { marketAt } from "../../services/replay/market-at.js";
import { FIRST, holderOf, restored, SECOND, SYMBOL, tradeABit, Venue } from "./actors.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";

/** All that the venue does is of a time long ago. */
const LONG_AGO = 1_750_000_000_000_000;
const EVER: Period = { from: 0, to: Number.MAX_SAFE_INTEGER };

describe("archives", () => {
  let databases: TestDatabases;
  let database: TestDatabase;
  let store: PostgresStore;
  let venue: Venue;
  let folder: string;

  beforeAll(async () => {
    databases = await TestDatabases.start();
  });

  afterAll(() => databases?.stop());

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "palisade-test-archives-"));
    database = await databases.make();
    store = new PostgresStore(database.url, holderOf("node-1").incarnation);
    const market = await database.addMarket(marketName(SYMBOL));
    venue = await Venue.open(store, market);
    await database.query("INSERT INTO assets (name, decimals) VALUES ('TSMC', 0), ('TWD', 2)");
    await database.query("INSERT INTO instruments VALUES ($1, $2, 1, 2, 2, 0, 1, 1, 1, 100)", [
      market,
      SYMBOL,
    ]);
    await tradeABit(venue);
  });

  afterEach(async () => {
    await store.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  async function allArchived(before = LONG_AGO): Promise<AnyFile[]> {
    const files: AnyFile[] = [];
    await archive(database.url, folder, { before }, (file) => files.push(file));
    return files;
  }

  /** The files of batches. */
  async function archived(before = LONG_AGO): Promise<ArchivedFile[]> {
    const files = await allArchived(before);
    return files.flatMap((file) => (file.kind === "batches" ? [file] : []));
  }

  async function expectProved(): Promise<void> {
    for (const options of [{}, { archives: folder }]) {
      const report = await audit(database.url, options);
      expect(report.firstViolation).toBeNull();
      expect(report).toMatchObject({ ok: true, conserved: true, journalGaps: 0 });
    }
  }

  /** Trades again, an hour later. */
  async function tradeOn(id: string): Promise<void> {
    for (const committer of venue.all) committer.waited += 3_600_000_000;
    await venue.ask(venue.order(FIRST, `${id}-bid`, { price: 96, quantity: 2 }));
    await venue.ask(venue.order(SECOND, `${id}-ask`, { side: 2, price: 96, quantity: 2 }));
  }

  async function statement(account: number, period = EVER, archives?: string) {
    const lines: StatementLine[] = [];
    const writer = {
      begin: () => undefined,
      line: (line: StatementLine) => void lines.push(line),
    };
    const found = await writeStatement(database.url, account, period, writer, archives);
    return { ...found, lines };
  }

  const countOf = async (table: string) =>
    (await database.query<{ count: number }>(`SELECT count(*) AS count FROM ${table}`))[0]!.count;

  it("have what was deleted, a file for each actor; the newest batch stays", async () => {
    const [batches, journal] = [await countOf("batch_log"), await countOf("journal")];
    const all = await allArchived();
    const files = all.flatMap((file) => (file.kind === "batches" ? [file] : []));
    expect(files.map(({ actor }) => actor)).toEqual(["ledger.1", "ledger.2", marketName(SYMBOL)]);
    expect(readdirSync(folder).sort()).toEqual(all.map(({ file }) => file).sort());
    const sum = (name: "batches" | "journalRows") =>
      files.reduce((total, file) => total + file[name], 0);
    expect(await countOf("batch_log")).toBe(venue.all.length);
    expect(sum("batches") + venue.all.length).toBe(batches);
    expect(sum("journalRows") + (await countOf("journal"))).toBe(journal);
    const lines = gunzipSync(readFileSync(join(folder, files[0]!.file)))
      .toString()
      .split("\n");
    expect(JSON.parse(lines[0]!)).toEqual(["palisade-archive", 1, 1, 0, ""]);
    const { batches: count, journalRows } = files[0]!;
    expect(JSON.parse(lines.at(-2)!)).toEqual(["end", count, journalRows]);
    await expectProved();
    expect(await archived()).toEqual([]);
  });

  it("go on one after the other, with what is older than a time, and are proved each time", async () => {
    const before = await statement(FIRST);
    await archived(venue.batches.find(({ actor }) => actor.id === 1)!.time + 3_000);
    await expectProved();
    const half = await countOf("batch_log");
    await tradeOn("a");
    await archived();
    await expectProved();
    expect(await countOf("batch_log")).toBeLessThan(half);
    await tradeOn("b");
    await archived();
    await tradeOn("c");
    await expectProved();
    for (const { record, actor } of venue.all) {
      const again = await restored(store, record.id);
      expect(again.stateHash()).toBe(actor.stateHash());
    }
    const { rows } = await audit(database.url);
    expect(rows).toMatchObject({ archived_batches: expect.any(Number) });
    const after = await statement(FIRST, EVER, folder);
    expect(after.lines.slice(0, before.lines.length)).toEqual(before.lines);
    expect(after.lines.length).toBeGreaterThan(before.lines.length);
  });

  it("leave an actor that goes on from where it was, with an account whose whole journal is archived", async () => {
    // The newest batches, which stay, tell nobody anything.
    for (const committer of venue.all) await committer.commit();
    await archived();
    expect(await countOf("journal")).toBe(0);
    const heads = await reading((reads) => reads.accountHeads([SECOND]));
    const { first, last } = heads.get(SECOND)!;
    expect(first).toBe(last + 1);
    venue = await Venue.open(store, venue.market.record.id, venue);
    await tradeOn("again");
    await expectProved();
    const gone = await reading((reads) => reads.accountHeads([SECOND]));
    expect(gone.get(SECOND)!.first).toBe(first);
    expect(gone.get(SECOND)!.last).toBeGreaterThan(last);
  });

  it("give statements, positions and books that begin in them, to who names their folder", async () => {
    const whole = [await statement(FIRST), await readPositions(database.url, FIRST)];
    const { batch } = venue.market.record;
    const bookAt = async (at: number) => (await marketAt(store, SYMBOL, at)).hash;
    const hashes = [await bookAt(batch - 2), await bookAt(batch)];
    const kept = venue.batches.findLast(({ actor }) => actor.id === 1)!.time;
    const later = await statement(FIRST, { from: kept, to: EVER.to });
    await archived();
    await expect(statement(FIRST)).rejects.toThrow(JournalArchivedError);
    await expect(readPositions(database.url, FIRST)).rejects.toThrow(/--archives/);
    expect([
      await statement(FIRST, EVER, folder),
      await readPositions(database.url, FIRST, folder),
    ]).toEqual(whole);
    expect(await statement(FIRST, { from: kept, to: EVER.to })).toEqual(later);
    const middle = { from: venue.batches[9]!.time, to: venue.batches.at(-9)!.time };
    const { opening, closing, lines } = await statement(FIRST, middle, folder);
    const all = (whole[0] as { lines: StatementLine[] }).lines;
    const within = all.filter(({ time }) => time >= middle.from && time < middle.to);
    expect(lines).toEqual(within);
    const balanceOf = (line: StatementLine | undefined) => line && closing?.[line.asset];
    expect(balanceOf(within.at(-1))).toBe(within.at(-1)?.balance);
    expect(Object.keys(opening ?? {}).length).toBeGreaterThan(0);
    await expect(bookAt(batch - 2)).rejects.toThrow(/BATCH_LOG_TRIMMED.*--archives/);
    const fromFiles = (actor: number) => archivedBatches(database.url, folder, actor);
    for (const [at, hash] of [
      [batch - 2, hashes[0]],
      [batch, hashes[1]],
    ] as const) {
      const found = await marketAt(store, SYMBOL, at, fromFiles);
      expect([found.hash, found.committedHash]).toEqual([hash, hash]);
    }
  });

  it("are told to whoever resumes from a number that is in them", async () => {
    await archived();
    await tradeOn("on");
    const head = (await reading((reads) => reads.accountHeads([FIRST]))).get(FIRST)!;
    expect(head.first).toBeGreaterThan(2);
    expect(await resumed(head.first - 1)).toMatchObject({
      code: "SEQUENCE_NOT_KEPT",
      message: expect.stringContaining(`from ${head.first} on, not from ${head.first - 1}`),
    });
    // 0 and 1 ask for all that is kept.
    for (const from of [0, 1, head.first]) {
      const told = Array.from({ length: head.last - head.first + 1 }, (_, at) => head.first + at);
      expect(await resumed(from)).toEqual(told);
    }
  });

  it("that are damaged, gone or not what was noted are seen by the audit, which names them", async () => {
    const [file] = await archived();
    const path = join(folder, file!.file);
    const bytes = readFileSync(path);
    const seen = async (rule: string, options: { archives?: string } = { archives: folder }) => {
      const report = await audit(database.url, options);
      expect(report.ok).toBe(false);
      expect(report.violations[rule]).toBeGreaterThan(0);
      return JSON.stringify(report.firstViolation);
    };
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 40), Buffer.of(1), bytes.subarray(41)]));
    expect(await seen("archives")).toContain("ARCHIVE_DAMAGED");
    rmSync(path);
    expect(await seen("archives")).toContain("ARCHIVE_MISSING");
    writeFileSync(path, bytes);
    await expectProved();
    const undone: [change: string, back: string, rule: string, options?: object][] = [
      ["archived_balances SET total = total + 1", "total = total - 1", "archives"],
      ["archived_balances SET total = total + 1", "total = total - 1", "journalSums", {}],
      ["archived_accounts SET sequence = sequence - 1", "sequence = sequence + 1", "archives"],
      [
        "archived_accounts SET sequence = sequence - 1",
        "sequence = sequence + 1",
        "journalGaps",
        {},
      ],
      ["archived_accounts SET counted = counted || '9'", "counted = left(counted, -1)", "archives"],
      ["archives SET position = position + 1", "position = position - 1", "archives"],
      ["archives SET position = position + 1", "position = position - 1", "batchGaps", {}],
      ["archives SET token = token + 9", "token = token - 9", "staleBatches", {}],
    ];
    for (const [change, back, rule, options] of undone) {
      await database.query(`UPDATE ${change}`);
      await seen(rule, options);
      await database.query(`UPDATE ${change.split(" ")[0]} SET ${back}`);
    }
    await expectProved();
    await database.query("DELETE FROM archives WHERE actor = 1");
    expect(await seen("batchGaps", {})).toContain('"actor":1');
  });

  it("are not made of what has a hole, and nothing is deleted", async () => {
    await database.query(
      `DELETE FROM journal WHERE account = $1 AND last_sequence = (
        SELECT last_sequence FROM journal WHERE account = $1 ORDER BY last_sequence OFFSET 1 LIMIT 1)`,
      [FIRST],
    );
    const before = await database.contents();
    await expect(archived()).rejects.toThrow(/ARCHIVE_NOT_WHOLE: ledger\.1: .*journal of account/);
    expect(await database.contents()).toEqual(before);
    const [journal] = await database.query<{ account: number; last_sequence: number }>(
      "SELECT account, last_sequence FROM journal WHERE actor = 2 LIMIT 1",
    );
    await database.query(
      "UPDATE journal SET time = time + 1 WHERE account = $1 AND last_sequence = $2",
      [journal!.account, journal!.last_sequence],
    );
    await database.query("DELETE FROM actors WHERE actor = 1");
    await expect(archived()).rejects.toThrow(/ARCHIVE_NOT_WHOLE: a journal row of batch/);
  });

  it("are not made of what is young, nor by two at once; what one left unfinished is made anew", async () => {
    const hour = 3_600_000_000;
    const now = Date.now() * 1_000;
    await expect(archived(now - 23 * hour)).rejects.toThrow("ARCHIVE_TOO_YOUNG");
    const young = { olderThanSeconds: 23 * 3_600 };
    await expect(archive(database.url, folder, young, () => undefined)).rejects.toThrow(
      "ARCHIVE_TOO_YOUNG",
    );
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query("SELECT pg_advisory_lock($1)", [0x70617263]);
    await expect(archived()).rejects.toThrow("ARCHIVE_UNDER_WAY");
    await other.end();
    const leftover = `ledger.1-${"1".padStart(12, "0")}.jsonl.gz`;
    writeFileSync(join(folder, leftover), "half");
    writeFileSync(join(folder, `${leftover}.unfinished`), "half");
    // Of before a backup was restored, perhaps.
    writeFileSync(join(folder, `${leftover}.unnoted`), "all there is");
    const aged: AnyFile[] = [];
    const day = { olderThanSeconds: 24 * 3_600 };
    await archive(database.url, folder, day, (file) => aged.push(file));
    expect(aged[0]!.file).toBe(leftover);
    expect(existsSync(join(folder, `${leftover}.unfinished`))).toBe(false);
    expect(readFileSync(join(folder, `${leftover}.unnoted`), "utf8")).toBe("all there is");
    expect(readFileSync(join(folder, `${leftover}.unnoted-2`), "utf8")).toBe("half");
    await expectProved();
  });

  async function reading<T>(work: (reads: PostgresReads) => Promise<T>): Promise<T> {
    const reads = new PostgresReads(database.url, "gateway-1");
    try {
      return await work(reads);
    } finally {
      await reads.close();
    }
  }

  /** The sequences that a subscriber is told, or why it is told none. */
  function resumed(fromSequence: number): Promise<unknown> {
    return reading(async (reads) => {
      const call = new EventEmitter() as EventEmitter & { write(message: object): boolean };
      const told: number[] = [];
      const clock = new SystemClock();
      const catalog = new Catalog(reads, clock);
      await catalog.refresh();
      const head = (await reads.accountHeads([FIRST])).get(FIRST)!;
      const outcome = new Promise<unknown>((resolve) => {
        call.write = (message) => {
          const { events } = message as { events: { sequence: number }[] };
          told.push(...events.map(({ sequence }) => sequence));
          if (told.at(-1) === head.last) resolve(told);
          return true;
        };
        call.on("error", (error: { metadata: { get(key: string): unknown[] } } & Error) => {
          const [code] = error.metadata.get("palisade-code");
          resolve({ code, message: error.message });
        });
      });
      const logger = pino({ level: "silent" });
      const subscriptions = new Subscriptions();
      const stream = new AccountStream(
        call,
        { reads, clock, catalog, subscriptions, logger, unread: new UnreadEvents() },
        () => undefined,
      );
      await stream.start(Session.over("*"), [{ account: FIRST, fromSequence }]);
      return outcome;
    });
  }
});
