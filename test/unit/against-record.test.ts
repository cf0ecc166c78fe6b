import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Around } from "../../chaos/against/around.js";
import { liveDrillOf } from "../../chaos/against/drills/catalog.js";
import { keepLive, type LiveRecord } from "../../chaos/against/record.js";
import { type LiveFindings, liveReport } from "../../chaos/against/report.js";
import type { Evidence } from "../../chaos/against/verdict.js";
import { metricsFolder, PAGE_FILE, RECORD_FILE } from "../../chaos/evidence/folder.js";
import { verifyEvidence } from "../../chaos/evidence/verify.js";
import { livePage } from "../../chaos/page/live-page.js";
import { type AccountEvent, OrderStatus } from "../../proto/gen/exchange/v1/exchange.js";
import { sumAgain } from "../helpers/evidence.js";
import { AROUND, heardLike, liveRoundLike, NOTHING_WRONG } from "../helpers/live-record.js";

const folder = mkdtempSync(join(tmpdir(), "palisade-live-"));
afterAll(() => rmSync(folder, { recursive: true }));

const told = (sequence: number, $case: string, value: object) =>
  ({ account: 9, sequence, token: 3, time: 1, event: { $case, value } }) as unknown as AccountEvent;
const EVENTS = [
  told(5, "accepted", { orderId: 77, clientOrderId: "a" }),
  told(6, "ended", { orderId: 77 }),
];
const withMetrics: Around = {
  ...AROUND,
  metrics: { value: { "node-1": { value: "metrics/node-1.txt", reason: null } }, reason: null },
};
const ORDERS = [
  {
    clientOrderId: "a",
    symbol: "S",
    sentMs: 1,
    answer: { code: "OK", orderId: 77 },
    acceptedMs: 2,
    endedMs: 3,
    lostAnswers: 0,
    refusal: null,
  },
] as unknown as Evidence["orders"];

it("the folder of a drill at a running exchange is judged again by what was told and said", async () => {
  const evidence: Evidence = {
    orders: ORDERS,
    told: EVENTS,
    kept: EVENTS,
    firstSequence: 5,
    lastSequence: 6,
    known: new Map([["a", { orderId: 77, status: OrderStatus.ORDER_STATUS_CANCELLED }]]),
    balancesBefore: [],
    balancesAfter: [],
  };
  const findings: LiveFindings = {
    drill: liveDrillOf("cordon"),
    against: "127.0.0.1:1",
    rounds: [liveRoundLike(1)],
    orders: ORDERS,
    verdict: NOTHING_WRONG,
    aborted: null,
    roundsAsked: 1,
    unfinished: null,
    notUndone: [],
    otherFailures: [],
  };
  const heard = heardLike(findings.rounds);
  const outcome = { findings, evidence, heard };
  const kept = { startedAt: "2026-01-31T12:00:00.000Z", around: withMetrics };
  mkdirSync(metricsFolder(folder));
  writeFileSync(join(metricsFolder(folder), "node-1.txt"), "palisade_batches 7\n");
  expect(await keepLive(folder, kept, outcome)).toMatchObject({ ok: true, failures: [] });
  const well = { drill: "cordon", verified: true, ok: true, lost: 0, staleCommits: null };
  expect(await verifyEvidence(folder)).toMatchObject({ ...well, aborted: null });

  // Who changes what people read, and sums it up again, is found out as well.
  const page = join(folder, PAGE_FILE);
  const drawn = readFileSync(page, "utf8");
  writeFileSync(page, drawn.replace("Every promise was kept", "Better than ever"));
  await sumAgain(folder);
  const painted = await verifyEvidence(folder);
  expect(painted.verified).toBe(false);
  expect(painted.difference).toContain("report.html is not the page that report.json gives");
  writeFileSync(page, drawn);

  const path = join(folder, RECORD_FILE);
  const record = JSON.parse(readFileSync(path, "utf8")) as LiveRecord;
  const without = { ...record, evidence: { ...record.evidence, told: [EVENTS[0]] } };
  writeFileSync(path, JSON.stringify(without));
  await expect(verifyEvidence(folder)).rejects.toThrow("EVIDENCE_FILE_CHANGED");
  await sumAgain(folder);
  const found = await verifyEvidence(folder);
  expect(found).toMatchObject({ verified: false, ok: false, lost: 1 });
  expect(found.difference).toContain("report.lost is 0 in report.json, and the evidence says 1");

  // So is who makes a market's silence shorter than it was.
  const [round] = record.rounds;
  const samples = { ...round!.samples, gap: [3] };
  const rounds = [{ ...round!, samples }];
  const quick = { ...record, rounds, report: liveReport({ ...findings, rounds }) };
  writeFileSync(path, JSON.stringify(quick));
  await sumAgain(folder);
  expect((await verifyEvidence(folder)).difference).toContain(
    "report.gapMsP50 is 3 in report.json, and the evidence says 41",
  );

  // And who takes away what a process counted.
  writeFileSync(path, JSON.stringify({ ...record, around: AROUND }));
  await sumAgain(folder);
  expect((await verifyEvidence(folder)).difference).toContain(
    'around.metrics.0 is not there in report.json, and the evidence says "metrics/node-1.txt"',
  );

  // What records of before have not is asked of nobody.
  const { heard: _, around: __, ...before } = record;
  writeFileSync(path, JSON.stringify(before));
  writeFileSync(page, livePage(before));
  rmSync(metricsFolder(folder), { recursive: true });
  await sumAgain(folder);
  expect(await verifyEvidence(folder)).toMatchObject({ verified: true, ok: true });

  const ended = { findings: { ...findings, aborted: "it got SIGINT" }, evidence, heard };
  await keepLive(folder, { ...kept, around: AROUND }, ended);
  const early = { verified: true, ok: false, aborted: "it got SIGINT" };
  expect(await verifyEvidence(folder)).toMatchObject(early);

  // One of before pages were drawn is judged without.
  rmSync(page);
  await sumAgain(folder);
  expect(await verifyEvidence(folder)).toMatchObject(early);

  // What was done is reported, also where it could not be kept.
  const unkept = await keepLive(join(folder, "nowhere"), kept, outcome);
  const failures = [expect.stringMatching(/^EVIDENCE_NOT_KEPT: .*nowhere/)];
  expect(unkept).toMatchObject({ name: "cordon", rounds: 1, lost: 0, ok: false, failures });
});
