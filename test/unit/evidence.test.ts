import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type CampaignReport,
  campaignReport,
  lineOf,
  unjudgedLine,
} from "../../chaos/campaign-report.js";
import {
  type CampaignRecord,
  PAGE_FILE,
  pageOfCampaign,
  RECORD_FILE,
  writeCampaign,
} from "../../chaos/evidence/folder.js";
import { MANIFEST } from "../../chaos/evidence/manifest.js";
import type { DrillRecord } from "../../chaos/evidence/record.js";
import { firstDifference, verifyEvidence } from "../../chaos/evidence/verify.js";
import {
  BUY_ORDER,
  forge,
  forgeLog,
  SELL_ORDER,
  sumAgain,
  writeSmallEvidence,
} from "../helpers/evidence.js";

const home = mkdtempSync(join(tmpdir(), "palisade-evidence-"));
const original = join(home, "kill-leader");
const folder = join(home, "copy");

beforeAll(() => writeSmallEvidence(original));
afterAll(() => rmSync(home, { recursive: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(original, folder, { recursive: true });
});

const recordOf = (of: string): DrillRecord =>
  JSON.parse(readFileSync(join(of, RECORD_FILE), "utf8")) as DrillRecord;

const files = (): string[] =>
  readdirSync(original, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(original, name)).isFile());

describe("evidence", () => {
  it("says what the report says, as long as nobody touches it", async () => {
    expect(await verifyEvidence(folder)).toEqual({
      folder,
      drill: "kill-leader",
      verified: true,
      ok: true,
      wrongs: 0,
      lost: 0,
      duplicated: 0,
      staleCommits: 0,
      aborted: null,
      difference: "",
    });
  });

  it("is not what it was when any of its files is changed, is gone, or one is added", async () => {
    const watched = files().filter((name) => name !== MANIFEST);
    expect(watched).toEqual(
      expect.arrayContaining(["report.html", RECORD_FILE, join("tables", "orders.jsonl.gz")]),
    );
    for (const name of watched) {
      const path = join(folder, name);
      const before = readFileSync(path);
      writeFileSync(path, Buffer.concat([before, Buffer.from("x")]));
      const named = name.replaceAll("\\", "/");
      await expect(verifyEvidence(folder)).rejects.toThrow(`EVIDENCE_FILE_CHANGED: ${named}`);
      rmSync(path);
      await expect(verifyEvidence(folder)).rejects.toThrow(`EVIDENCE_FILE_MISSING: ${named}`);
      writeFileSync(path, before);
    }
    writeFileSync(join(folder, "clients", "other.jsonl"), "");
    await expect(verifyEvidence(folder)).rejects.toThrow(
      "EVIDENCE_FILE_ADDED: clients/other.jsonl",
    );
  });

  it("is none without a folder, without a manifest, of another format or another version", async () => {
    await expect(verifyEvidence(join(home, "none"))).rejects.toThrow("NO_SUCH_FOLDER");
    const path = join(folder, MANIFEST);
    const manifest = JSON.parse(readFileSync(path, "utf8")) as object;
    const put = (content: object) => writeFileSync(path, JSON.stringify(content));
    put({ ...manifest, version: 99 });
    await expect(verifyEvidence(folder)).rejects.toThrow("OTHER_EVIDENCE_VERSION");
    put({ ...manifest, format: "something" });
    await expect(verifyEvidence(folder)).rejects.toThrow("NO_EVIDENCE");
    put({ ...manifest, files: 7 });
    await expect(verifyEvidence(folder)).rejects.toThrow("EVIDENCE_UNREADABLE");
    rmSync(path);
    await expect(verifyEvidence(folder)).rejects.toThrow(/^NO_EVIDENCE: .*Name the folder/);
  });

  it("is named where it lies in the folder that was named", async () => {
    const day = join(home, "a day");
    for (let step = 1; step <= 12; step++) {
      cpSync(original, join(day, `${step}-drain`), { recursive: true });
    }
    mkdirSync(join(day, "notes"));
    const message = await verifyEvidence(day).then(String, (error: Error) => error.message);
    expect(message).toMatch(/^NO_EVIDENCE: /);
    expect(message).toContain(`\n  npx palisade verify '${join(day, "2-drain")}'\n`);
    expect(message).toMatch(/10-drain'\n {2}and 2 more$/);
    expect(message).not.toContain("notes");
    const file = join(day, "1-drain", RECORD_FILE);
    await expect(verifyEvidence(file)).rejects.toThrow("NO_EVIDENCE");
  });
});

describe("evidence that is forged with its sums", () => {
  it("is found out when an accepted order is deleted", async () => {
    await forge(folder, "orders", (rows) => rows.filter((row) => row.order_id !== SELL_ORDER));
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false, lost: 1 });
    expect(found.difference).toContain("found.checked.ok is true in report.json");
    expect(found.difference).toContain(`order ${SELL_ORDER} of 8/s1 was accepted and is not there`);
  });

  it("is found out when a fill is doubled", async () => {
    await forge(folder, "trades", (rows) => [...rows, { ...rows[0]!, trade_id: 2 }]);
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false, duplicated: 1 });
    expect(found.difference).toContain(`orders ${BUY_ORDER} and ${SELL_ORDER} traded twice`);
  });

  it("is found out when a stale batch is inserted", async () => {
    await forge(folder, "batch_log", ([first, second, ...rest]) => [
      first!,
      second!,
      { ...first!, batch: 3 },
      ...rest,
    ]);
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false, staleCommits: 1 });
    expect(found.difference).toContain("1 batches of a token after a higher one was raised");
  });

  it("is found out when a batch is of a token after which another was raised that had committed nothing yet", async () => {
    await forge(folder, "batch_log", ([first, second, ...rest]) => [
      first!,
      { ...second!, token: 1 },
      ...rest,
    ]);
    expect(await verifyEvidence(folder)).toMatchObject({ ok: false, staleCommits: 1 });
  });

  it("is found out when a row of a journal is taken out, whose order nobody misses", async () => {
    await forge(folder, "journal", (rows) => rows.filter((row) => row.first_sequence !== 4));
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false });
    expect(found.difference).toContain("the journal of account 7 has 5 after 3");
  });

  it("is found out when a client was told something else under a number", async () => {
    await forgeLog(folder, "buyer", (text) => text.replace('["rested"', '["ended"'));
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false, lost: 0 });
    expect(found.difference).toContain(
      `account 7 was told ["ended",${BUY_ORDER}] as 4, where its journal has ["rested",${BUY_ORDER},20,2]`,
    );
  });

  it("is found out when an order lives of which a client was told that it ends", async () => {
    const line = { kind: "answered", account: 7, orderId: BUY_ORDER, request: 1, code: "OK" };
    await forgeLog(folder, "buyer", (text) => `${JSON.stringify(line)}\n${text}`);
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false, lost: 0 });
    expect(found.difference).toContain(`was told that order ${BUY_ORDER} ends, which has status 3`);
  });

  it("is found out when money of one account is another's", async () => {
    await forge(folder, "balances", (rows) =>
      rows.map((row) =>
        row.asset === 2 ? { ...row, total: row.total + (row.account === 7 ? -100 : 100) } : row,
      ),
    );
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false });
    expect(found.difference).toContain("account/asset 7/2: its journal comes to 100 more");
  });

  it("is found out when the report says something else", async () => {
    const path = join(folder, RECORD_FILE);
    const record = JSON.parse(readFileSync(path, "utf8")) as DrillRecord;
    const claim = async (content: object) => {
      writeFileSync(path, JSON.stringify({ ...record, ...content }));
      await sumAgain(folder);
      return (await verifyEvidence(folder)).difference;
    };
    expect(await claim({ report: { ...record.report, resumeMsP99: 7 } })).toContain(
      "report.resumeMsP99 is 7 in report.json, and the evidence says 312",
    );
    expect(await claim({ clients: [{ ...record.clients[0]!, sent: 9 }] })).toContain(
      "clients.0.sent is 9 in report.json, and the evidence says 1",
    );
  });

  it("is found out when its page says something else, and names who drew it where that was another", async () => {
    const page = join(folder, PAGE_FILE);
    writeFileSync(page, readFileSync(page, "utf8").replace("Palisade drill", "Palisade thrill"));
    await sumAgain(folder);
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ drill: "kill-leader", verified: false, lost: 0 });
    expect(found.difference).toContain("report.html is not the page that report.json gives");
    const path = join(folder, RECORD_FILE);
    const record = JSON.parse(readFileSync(path, "utf8")) as DrillRecord;
    writeFileSync(path, JSON.stringify({ ...record, commit: "1234" }));
    await sumAgain(folder);
    expect((await verifyEvidence(folder)).difference).toMatch(/^commit is "1234" in report.json/);
    await sumAgain(folder, "1234");
    expect((await verifyEvidence(folder)).difference).toContain("it was drawn by commit 1234");
    rmSync(page);
    await sumAgain(folder);
    await expect(verifyEvidence(folder)).rejects.toThrow("EVIDENCE_FILE_MISSING: report.html");
  });

  it("is found out when a file cannot be read", async () => {
    writeFileSync(join(folder, "tables", "orders.jsonl.gz"), "no gzip");
    await sumAgain(folder);
    await expect(verifyEvidence(folder)).rejects.toThrow("EVIDENCE_UNREADABLE");
  });
});

describe("the evidence of a campaign", () => {
  const all = join(home, "all");
  const skipped = unjudgedLine("disk-full", { skipped: "no root" });
  const SECONDS = 9;

  async function write(record: Partial<CampaignRecord> = {}): Promise<void> {
    rmSync(all, { recursive: true, force: true });
    cpSync(original, join(all, "kill-leader"), { recursive: true });
    const lines = [lineOf(recordOf(original).report), skipped];
    await writeCampaign(all, { seed: 1, report: campaignReport(lines, SECONDS), lines, ...record });
  }

  it("is that of its drills", async () => {
    await write();
    expect(await verifyEvidence(all)).toMatchObject({ drill: "all", verified: true, ok: true });
    rmSync(join(all, "kill-leader", "clients", "buyer.jsonl.gz"));
    await expect(verifyEvidence(all)).rejects.toThrow("EVIDENCE_FILE_MISSING: clients/buyer");
    rmSync(join(all, "kill-leader"), { recursive: true });
    await expect(verifyEvidence(all)).rejects.toThrow("kill-leader/manifest.json");
  });

  it("is red, and still what its drills say, where one was not judged", async () => {
    const lines = [
      lineOf(recordOf(original).report),
      unjudgedLine("kill-nats", { failures: ["EXCHANGE_NOT_HEALTHY: node-1 is gone"] }),
    ];
    await write({ lines, report: campaignReport(lines, SECONDS) });
    expect(await verifyEvidence(all)).toMatchObject({ verified: true, ok: false, wrongs: 1 });
  });

  type Change = (record: CampaignRecord) => Partial<CampaignRecord>;
  const firstAs =
    (changes: object): Change =>
    ({ lines: [first, ...rest] }) => ({ lines: [{ ...first!, ...changes }, ...rest] });
  /** Of one that was not judged, summed up as a forger would. */
  const besides =
    (changes: object, counted: Partial<CampaignReport> = {}): Change =>
    ({ lines, report }) => {
      const other = unjudgedLine("kill-nats", { failures: ["the exchange did not come back"] });
      const forged = [...lines, { ...other, ...changes }];
      return { lines: forged, report: { ...campaignReport(forged, report.seconds), ...counted } };
    };

  it.each<[string, string, Change]>([
    ["what a drill lost", "lines.kill-leader.lost is 1 in report.json", firstAs({ lost: 1 })],
    [
      "how long a drill took to resume",
      "lines.kill-leader.resumeMsMax is 3 in report.json, and the evidence says 312",
      firstAs({ resumeMsMax: 3 }),
    ],
    [
      "whether a drill bit",
      "lines.kill-leader.bit is false in report.json, and the evidence says true",
      firstAs({ bit: false }),
    ],
    ["why a drill failed", "lines.kill-leader.failures is", firstAs({ failures: ["nothing"] })],
    [
      "how many failed",
      "report.failed is 1 in report.json, and the evidence says 0",
      ({ report }) => ({ report: { ...report, failed: 1 } }),
    ],
    [
      "what all lost",
      "report.lost is 2 in report.json, and the evidence says 0",
      ({ report }) => ({ report: { ...report, lost: 2 } }),
    ],
    [
      "that one which was not judged has failed",
      "report.failed is 0 in report.json, and the evidence says 1",
      besides({}, { failed: 0 }),
    ],
    [
      "that one which was not judged has failed, in its line too",
      "lines.kill-nats.ok is true in report.json, and the evidence says false",
      besides({ ok: true }),
    ],
    [
      "that nothing is known of one which was not judged",
      "lines.kill-nats.withinBound is true",
      besides({ withinBound: true }),
    ],
    [
      "a drill that is told twice",
      "two lines of report.json are of kill-leader",
      ({ lines }) => ({ lines: [...lines, lines[0]!] }),
    ],
    [
      "a drill that is left out",
      "no line of report.json is of kill-leader",
      ({ lines }) => ({ lines: lines.slice(1) }),
    ],
    ["its seed", "seed is 7 in report.json, and the evidence says 1", () => ({ seed: 7 })],
  ])("is found out where somebody changed %s", async (_, said, change) => {
    await write();
    const path = join(all, RECORD_FILE);
    const record = JSON.parse(readFileSync(path, "utf8")) as CampaignRecord;
    const forged = { ...record, ...change(record) };
    writeFileSync(path, JSON.stringify(forged));
    writeFileSync(join(all, PAGE_FILE), pageOfCampaign(all, forged));
    await sumAgain(all);
    const found = await verifyEvidence(all);
    expect(found.verified).toBe(false);
    expect(found.difference).toContain(said);
  });

  it("is found out when its page says something else", async () => {
    await write();
    const page = join(all, PAGE_FILE);
    writeFileSync(page, readFileSync(page, "utf8").replace("disk-full", "disk-empty"));
    await sumAgain(all);
    const { verified, difference } = await verifyEvidence(all);
    expect([verified, difference]).toEqual([false, expect.stringMatching(/^report.html is not/)]);
  });
});

describe("the first difference", () => {
  it("is named with its place", () => {
    expect(firstDifference("a", { b: [1, 2] }, { b: [1, 2] })).toBeNull();
    expect(firstDifference("a", { b: [1, 2] }, { b: [1, 3] })).toContain("a.b.1 is 2");
    expect(firstDifference("a", { b: 1 }, { b: 1, c: 0 })).toContain("a.c is not there");
  });
});
