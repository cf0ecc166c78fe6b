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
import { PAGE_FILE, RECORD_FILE, writeCampaign } from "../../chaos/evidence/folder.js";
import { MANIFEST } from "../../chaos/evidence/manifest.js";
import type { DrillRecord } from "../../chaos/evidence/record.js";
import { firstDifference, verifyEvidence } from "../../chaos/evidence/verify.js";
import { BUY_ORDER, forge, SELL_ORDER, sumAgain, writeSmallEvidence } from "../helpers/evidence.js";

const home = mkdtempSync(join(tmpdir(), "palisade-evidence-"));
const original = join(home, "kill-leader");
const folder = join(home, "copy");

beforeAll(() => writeSmallEvidence(original));
afterAll(() => rmSync(home, { recursive: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(original, folder, { recursive: true });
});

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
    expect(found.difference).toContain("1 batches of a lower token after a higher");
  });

  it("is found out when a row of a journal is taken out, whose order nobody misses", async () => {
    await forge(folder, "journal", (rows) => rows.filter((row) => row.first_sequence !== 4));
    const found = await verifyEvidence(folder);
    expect(found).toMatchObject({ verified: false, ok: false });
    expect(found.difference).toContain("the journal of account 7 has 5 after 3");
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
  const line = {
    drill: "kill-leader",
    bit: true,
    lost: 0,
    duplicated: 0,
    staleCommits: 0,
    conserved: true,
    withinBound: true,
    ok: true,
  };
  const none = { lost: null, duplicated: null, staleCommits: null, conserved: null };
  const counts = { drills: 2, failed: 0, skipped: 1, withinBound: 1, seconds: 9 };
  const report = { ...counts, lost: 0, duplicated: 0, staleCommits: 0 };

  async function write(changes: object): Promise<void> {
    rmSync(all, { recursive: true, force: true });
    cpSync(original, join(all, "kill-leader"), { recursive: true });
    const skipped = { ...line, ...none, drill: "disk-full", ok: false, skipped: "no root" };
    await writeCampaign(all, { seed: 1, report, lines: [{ ...line, ...changes }, skipped] });
  }

  it("is that of its drills", async () => {
    await write({});
    expect(await verifyEvidence(all)).toMatchObject({ drill: "all", verified: true, ok: true });
    rmSync(join(all, "kill-leader", "clients", "buyer.jsonl.gz"));
    await expect(verifyEvidence(all)).rejects.toThrow("EVIDENCE_FILE_MISSING: clients/buyer");
    rmSync(join(all, "kill-leader"), { recursive: true });
    await expect(verifyEvidence(all)).rejects.toThrow("kill-leader/manifest.json");
  });

  it("is found out when its table says something else", async () => {
    await write({ lost: 1 });
    const found = await verifyEvidence(all);
    expect(found.verified).toBe(false);
    expect(found.difference).toContain("kill-leader: report.json says something else");
  });

  it("is found out when its page says something else", async () => {
    await write({});
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
