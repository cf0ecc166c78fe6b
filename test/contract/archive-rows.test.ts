/** Archiving of trades and orders on a real database: what goes and what stays, what is proved of both, and what a kill leaves. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS } from "../../actors/kernel/limits.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { type AnyFile, archive } from "../../services/archive/archive.js";
import { audit } from "../../services/audit/audit.js";
import { filesOf, orderStory } from "../../services/explain/order-story.js";
import { withRecords } from "../../services/explain/records.js";
import { FIRST, holderOf, restored, SECOND, SYMBOL, tradeABit, Venue } from "./actors.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";

/** All that the venue does is of a time long ago. */
const LONG_AGO = 1_750_000_000_000_000;
const FEES = { makerFee: -100, takerFee: 2_500 };

describe("archives of trades and orders", () => {
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
    venue = await Venue.open(store, market, undefined, FEES);
    await database.query("INSERT INTO assets (name, decimals) VALUES ('TSMC', 0), ('TWD', 2)");
    await database.query("INSERT INTO instruments VALUES ($1, $2, 1, 2, 2, 0, 1, 1, 1, 100)", [
      market,
      SYMBOL,
    ]);
    await tradeABit(venue);
    await placePair();
  });

  afterEach(async () => {
    await store.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  /** Of which one trades, which ends the other; and one of which both are open. */
  async function placePair(): Promise<void> {
    const leg = (clientOrderId: string, terms: object) => {
      const {
        kind: _,
        account: __,
        deadline: ___,
        ...rest
      } = venue.order(FIRST, clientOrderId, {
        side: 2,
        quantity: 5,
        ...terms,
      }) as Extract<ReturnType<Venue["order"]>, { kind: "place" }>;
      return rest;
    };
    for (const [name, price] of [
      ["pair", 101],
      ["open", 140],
    ] as const) {
      const legs = [
        leg(`${name}-limit`, { price }),
        leg(`${name}-stop`, { type: 4, price: 50, stopPrice: 55 }),
      ] as const;
      await venue.ask({ kind: "place-pair", account: FIRST, deadline: 0, legs });
    }
    await venue.ask(venue.order(SECOND, "hits-pair", { price: 101, quantity: 5 }));
  }

  /** So much later both shards trade again. */
  async function tradeOn(id: string, waited = CLIENT_ORDER_ID_FREE_AFTER_MICROS): Promise<void> {
    for (const committer of venue.all) committer.waited += waited;
    await venue.ask(venue.order(FIRST, `${id}-bid`, { price: 96, quantity: 2 }));
    await venue.ask(venue.order(SECOND, `${id}-ask`, { side: 2, price: 96, quantity: 2 }));
  }

  async function archived(before = LONG_AGO): Promise<AnyFile[]> {
    const files: AnyFile[] = [];
    await archive(database.url, folder, { before }, (file) => files.push(file));
    return files;
  }

  async function expectProved(): Promise<void> {
    for (const options of [{}, { archives: folder }]) {
      const report = await audit(database.url, options);
      expect(report.firstViolation).toBeNull();
      expect(report).toMatchObject({ ok: true, conserved: true, journalGaps: 0 });
    }
  }

  /** What is said of an order by its number: its client order id while it is kept; else that it is archived, and in which file. */
  async function expectToldOf(orderId: number, kept?: string): Promise<void> {
    await withRecords(database.url, async (records) => {
      const { reads } = records;
      const isArchived = kept === undefined;
      expect(await reads.isOrderArchived(orderId)).toBe(isArchived);
      expect(await reads.isOrderArchived(orderId + 1_024_000)).toBe(false);
      const files = isArchived ? ["ledger.1-000001.orders.jsonl.gz"] : [];
      expect(await filesOf(records, orderId)).toEqual(files);
      const story = await orderStory(records, orderId, 0, "");
      expect(story?.order.clientOrderId).toBe(kept);
      if (!isArchived) expect(story!.gaps[0]).toContain("begins in archive files");
    });
  }

  const countOf = async (rows: string) =>
    (await database.query<{ count: number }>(`SELECT count(*) AS count FROM ${rows}`))[0]!.count;

  const idsKept = async () =>
    (await database.query("SELECT client_order_id AS id FROM orders")).map(({ id }) => id);

  /** How many of both there are, here and in files. */
  async function everything(): Promise<readonly number[]> {
    const { rows } = await audit(database.url);
    return [rows.trades! + rows.archived_trades!, rows.orders! + rows.archived_orders!];
  }

  it("have all trades that both shards have taken, and orders whose ids are free for ever", async () => {
    const trades = await countOf("trades");
    await archived();
    // No order is a day old by its shard's time.
    expect(await countOf("row_archives WHERE kind = 'orders'")).toBe(0);
    expect(await countOf("trades")).toBe(0);
    await expectProved();
    await tradeOn("on");
    const before = await database.query<{
      client_order_id: string;
      status: number;
      order_id: number;
    }>("SELECT order_id, client_order_id, status FROM orders ORDER BY order_id");
    const files = await archived();
    expect(files.filter(({ kind }) => kind === "trades")).toMatchObject([{ rows: 1 }]);
    const live = before.filter(({ status }) => status < 4).map((row) => row.client_order_id);
    expect(live).toEqual(expect.arrayContaining(["bid", "rests", "open-limit", "open-stop"]));
    // The review of one was over only when its shard did something again.
    expect(new Set(await idsKept())).toEqual(new Set([...live, "held", "on-bid", "on-ask"]));
    await expectProved();
    await expectToldOf(before[0]!.order_id, "rests");
    await expectToldOf(before.find((row) => row.client_order_id === "goes")!.order_id);
    expect(await everything()).toEqual([trades + 1, before.length]);
    const text = readdirSync(folder)
      .filter((file) => file.includes("ledger.1-000001.orders"))
      .map((file) => gunzipSync(readFileSync(join(folder, file))).toString());
    const lines = text[0]!.trimEnd().split("\n");
    expect(JSON.parse(lines[0]!)).toEqual(["palisade-archive-orders", 1, 1, 1, ""]);
    expect(JSON.parse(lines[1]!)).toMatchObject({ actor: 1, account: FIRST, status: 5 });
    expect(JSON.parse(lines.at(-1)!)).toEqual(["end", lines.length - 2]);
    expect(await archived()).toEqual([]);
  });

  it("leave actors that go on: live orders fill, ids are used again, and all is proved each time", async () => {
    await tradeOn("a");
    await archived();
    for (const { record, actor } of venue.all) {
      expect((await restored(store, record.id)).stateHash()).toBe(actor.stateHash());
    }
    for (const committer of venue.all) committer.waited += 2 * CLIENT_ORDER_ID_FREE_AFTER_MICROS;
    // One whose id an archived order had, and what fills an order that archived trades have filled in part.
    await venue.ask(venue.order(FIRST, "goes", { price: 60 }));
    await venue.ask(venue.order(SECOND, "fills", { side: 2, price: 95, quantity: 7 }));
    await expectProved();
    await venue.ask(venue.cancel(FIRST, "open-limit"));
    await tradeOn("b");
    await archived();
    expect(await idsKept()).toEqual(expect.arrayContaining(["goes", "b-bid"]));
    for (const id of ["bid", "open-limit", "open-stop"]) expect(await idsKept()).not.toContain(id);
    expect(
      await countOf(
        "archived_fills f WHERE NOT EXISTS (SELECT FROM orders o WHERE o.order_id = f.order_id)",
      ),
    ).toBe(0);
    await expectProved();
    await tradeOn("c");
    await expectProved();
  });

  it("do not have trades that a shard has yet to take, nor their orders", async () => {
    await tradeOn("on");
    await database.query("UPDATE links SET received = 0 WHERE actor = 1 AND peer > 1024");
    await archived();
    expect(await countOf("row_archives WHERE kind = 'trades'")).toBe(0);
    expect(await idsKept()).toEqual(expect.arrayContaining(["takes", "pair-limit", "pair-stop"]));
    for (const id of ["never-sent", "too-much", "iceberg-goes"]) {
      expect(await idsKept()).not.toContain(id);
    }
  });

  it("do not wait for orders that another session holds, and have them as it leaves them", async () => {
    await tradeOn("on");
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("SET idle_in_transaction_session_timeout = 0");
    await holder.query("BEGIN");
    const goes = "WHERE client_order_id = 'goes'";
    await holder.query(`UPDATE orders SET released = 1 ${goes}`);
    await expect(archived()).rejects.toThrow("ARCHIVE_ORDERS_CHANGE: old orders of ledger.1");
    expect(await countOf("row_archives WHERE kind = 'orders'")).toBe(0);
    await holder.query("ROLLBACK");
    await holder.end();
    await archived();
    expect(await countOf(`orders ${goes}`)).toBe(0);
    await expectProved();
  });

  /** Each ends the connection of whoever archives, in the middle of what it does. */
  const STEPS = [
    "BEFORE INSERT ON archives",
    "AFTER DELETE ON batch_log",
    "BEFORE INSERT ON row_archives",
    "AFTER INSERT ON row_archives",
    "AFTER INSERT ON archived_flows",
    "AFTER INSERT ON archived_settlements",
    "AFTER INSERT ON archived_fills",
    "BEFORE DELETE ON trades",
    "AFTER DELETE ON trades",
    "AFTER DELETE ON archived_fills",
    "BEFORE DELETE ON orders",
    "AFTER DELETE ON orders",
  ];

  it("are whole wherever a command that writes them is killed: nothing is lost, nothing is twice", async () => {
    await tradeOn("on");
    const before = await everything();
    await database.query(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
    for (const step of STEPS) {
      await database.query(`CREATE TRIGGER dies ${step} FOR EACH STATEMENT EXECUTE FUNCTION die()`);
      await expect(archived(), step).rejects.toThrow();
      await database.query(`DROP TRIGGER dies ON ${step.split(" ").at(-1)}`);
      expect(await everything(), step).toEqual(before);
      expect((await audit(database.url, { archives: folder })).firstViolation, step).toBeNull();
    }
    // Killed while it wrote, and between two files.
    writeFileSync(join(folder, "ledger.1-000001.orders.jsonl.gz.unfinished"), "half");
    const stop = () => {
      throw new Error("killed");
    };
    await expect(archive(database.url, folder, { before: LONG_AGO }, stop)).rejects.toThrow();
    await archived();
    expect(await everything()).toEqual(before);
    expect(await countOf("row_archives")).toBe(3);
    await expectProved();
  });

  it("that are damaged, gone, or not what was noted, are seen by the audit, which says what differs", async () => {
    await tradeOn("on");
    const files = await archived();
    const path = join(folder, files.find(({ kind }) => kind === "orders")!.file);
    const seen = async (rule: string, options: { archives?: string } = {}) => {
      const report = await audit(database.url, options);
      expect(report.violations[rule], rule).toBeGreaterThan(0);
      return JSON.stringify(report.firstViolation);
    };
    const bytes = readFileSync(path);
    rmSync(path);
    expect(await seen("archives", { archives: folder })).toContain("ARCHIVE_MISSING");
    writeFileSync(path, bytes.subarray(0, 60));
    expect(await seen("archives", { archives: folder })).toContain("ARCHIVE_DAMAGED");
    writeFileSync(path, bytes);
    const undone: [change: string, back: string, rules: string[]][] = [
      ["archived_flows SET quote_in = quote_in + 1", "quote_in = quote_in - 1", ["flows"]],
      ["archived_settlements SET amount = amount + 1", "amount = amount - 1", ["settlements"]],
      ["archived_fills SET quantity = quantity + 1", "quantity = quantity - 1", ["orderFills"]],
      [
        "archived_fills SET maker_value = maker_value + 1",
        "maker_value = maker_value - 1",
        ["fees"],
      ],
      ["archived_fills SET account = account + 1", "account = account - 1", ["tradesOfOrders"]],
      ["row_archives SET last = last + 1", "last = last - 1", []],
    ];
    for (const [change, back, rules] of undone) {
      await database.query(`UPDATE ${change}`);
      for (const rule of rules) await seen(rule);
      await seen("archives", { archives: folder });
      await database.query(`UPDATE ${change.split(" ")[0]} SET ${back}`);
    }
    await expectProved();
    await database.query(
      "INSERT INTO trades SELECT actor, 1, 1, 1, 1, 100, 1, 1, 1025, 1026, 1, 2, 1, 1 FROM instruments, actors WHERE actor = instrument",
    );
    await seen("archives", { archives: folder });
  });
});
