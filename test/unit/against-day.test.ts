/** The folder of a game day: a page for people, and evidence that is judged again as one. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type DayRecord, keepDay, pageOfDay } from "../../chaos/against/day-record.js";
import { liveDrillOf } from "../../chaos/against/drills/catalog.js";
import { stepFolder, type StepLine, summedUp } from "../../chaos/against/game-day.js";
import { keepLive } from "../../chaos/against/record.js";
import { type GameDay, type GameDayStep, parseGameDay } from "../../chaos/against/schedule.js";
import type { Evidence } from "../../chaos/against/verdict.js";
import { PAGE_FILE, RECORD_FILE } from "../../chaos/evidence/folder.js";
import { verifyEvidence } from "../../chaos/evidence/verify.js";
import { gameDayPage } from "../../chaos/page/game-day-page.js";
import { sumAgain } from "../helpers/evidence.js";
import {
  AROUND,
  heardLike,
  liveRecordLike,
  liveRoundLike,
  NOTHING_WRONG,
} from "../helpers/live-record.js";

const AGAINST = "127.0.0.1:41537";
const STARTED_AT = "2026-01-31T12:00:00.000Z";
const SEEN = { aborted: null, seconds: 9, undone: true };
const NOTHING: Evidence = {
  orders: [],
  told: [],
  kept: [],
  firstSequence: 1,
  lastSequence: 0,
  known: new Map(),
  balancesBefore: [],
  balancesAfter: [],
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "palisade-day-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** One that has struck a round, and of whose probe nothing was asked. */
async function step(number: number, name: string): Promise<StepLine> {
  const own = stepFolder(folder, number, name);
  mkdirSync(own);
  const findings = {
    drill: liveDrillOf(name),
    against: AGAINST,
    rounds: [liveRoundLike(1)],
    orders: [],
    verdict: NOTHING_WRONG,
    aborted: null,
    roundsAsked: 1,
    unfinished: null,
    notUndone: [],
    otherFailures: [],
  };
  const circumstances = { startedAt: STARTED_AT, around: AROUND };
  const heard = heardLike(findings.rounds);
  const report = await keepLive(own, circumstances, { findings, evidence: NOTHING, heard });
  return { step: number, lateMs: 0, ...report };
}

const REFUSED: StepLine = {
  step: 3,
  lateMs: 40,
  name: "burst",
  refused: "EXCHANGE_NOT_HEALTHY: node-1 is gone",
  ok: false,
};

async function day(lines: readonly StepLine[], steps = lines.length): Promise<void> {
  const report = summedUp({ name: "tiny", steps }, lines, SEEN);
  const kept = { startedAt: STARTED_AT, against: AGAINST, lines, report, left: [] };
  await keepDay(folder, { ...kept, schedule: scheduleOf(lines, steps) });
}

/** Of so many steps: those of the lines, and bursts. */
function scheduleOf(lines: readonly StepLine[], steps: number): GameDay {
  const file = {
    name: "tiny",
    onFailure: "continue",
    steps: Array.from({ length: steps }, (_, at) => ({
      drill: lines[at]?.name ?? "burst",
      symbols: ["AAPL"],
      ...(at === 2 && { at: "+5m", pause: "30s" }),
    })),
  };
  return parseGameDay(JSON.stringify(file), "tiny.json");
}

async function edit(change: (record: DayRecord) => DayRecord): Promise<void> {
  writeFileSync(join(folder, RECORD_FILE), JSON.stringify(change(recordNow())));
  await sumAgain(folder);
}

const recordNow = (): DayRecord =>
  JSON.parse(readFileSync(join(folder, RECORD_FILE), "utf8")) as DayRecord;

it("is judged again as one, by the folders of its steps", async () => {
  await day([await step(1, "move-leader"), await step(2, "cordon")]);
  const well = { drill: "tiny", verified: true, ok: true, lost: 0, duplicated: 0, aborted: null };
  expect(await verifyEvidence(folder)).toMatchObject(well);
  const text = readFileSync(join(folder, PAGE_FILE), "utf8");
  expect(text).toContain(`tiny at ${AGAINST}, 2 of 2 steps: of what the probe was told nothing`);
  expect(text).toContain('<a href="1-move-leader/report.html">1. move-leader</a>');
  expect(text).toContain("between two words of a market 41 ms at most");
  expect(text).toContain("✓ Every promise was kept");
});

it("is red, and still what its steps say, where one was refused and others had no turn", async () => {
  await day([await step(1, "move-leader"), await step(2, "cordon"), REFUSED], 5);
  expect(await verifyEvidence(folder)).toMatchObject({ verified: true, ok: false });
  const text = readFileSync(join(folder, PAGE_FILE), "utf8");
  expect(text).toContain("3 of 5 steps: 0 lost, 0 doubled, 1 step failed");
  expect(text).toContain("EXCHANGE_NOT_HEALTHY: node-1 is gone");
  expect(text).toContain("2 steps had no turn any more");
  expect(text).toContain(
    "<li>burst: 300 s after the beginning, then a pause of 30 s; 1 round, at AAPL</li>",
  );
  expect(text).toContain("When a step fails, the others are done all the same.");
  expect(text).not.toContain("3-burst/report.html");
});

/** With other steps in its schedule, by what is other in each. */
function scheduled(record: DayRecord, changes: readonly Partial<GameDayStep>[]): DayRecord {
  const { steps, ...rest } = record.schedule!;
  const others = changes.map((change, at) => ({ ...(steps[at] ?? steps[0]!), ...change }));
  return { ...record, schedule: { ...rest, steps: others } };
}

it("is judged as before where its schedule was not kept", async () => {
  await day([await step(1, "move-leader"), await step(2, "cordon")]);
  await edit((record) => {
    const { schedule: _, ...without } = record;
    return without;
  });
  writeFileSync(join(folder, PAGE_FILE), pageOfDay(folder, recordNow()));
  await sumAgain(folder);
  expect(await verifyEvidence(folder)).toMatchObject({ verified: true, ok: true });
});

it("is not believed where a step has failed, which was to end it, and another was done", async () => {
  await day([
    await step(1, "move-leader"),
    await step(2, "cordon"),
    REFUSED,
    { ...REFUSED, step: 4 },
  ]);
  await edit((record) => ({ ...record, schedule: { ...record.schedule!, onFailure: "stop" } }));
  expect((await verifyEvidence(folder)).difference).toBe(
    "step 3 has failed, which was to end the day, and step 4 was done",
  );
});

it.each<[string, RegExp, (record: DayRecord) => DayRecord]>([
  [
    "what a step says",
    /lines\.1\.orders is 7 in report\.json, and the evidence says 0/,
    (record) => ({ ...record, lines: record.lines.map((line) => ({ ...line, orders: 7 })) }),
  ],
  [
    "what they come to",
    /report\.lost is 3 in report\.json, and the evidence says 0/,
    (record) => ({ ...record, report: { ...record.report, lost: 3 } }),
  ],
  [
    "a step that left no evidence, and says something",
    /step 3 has no evidence for what it says/,
    (record) => ({
      ...record,
      lines: [...record.lines, { ...record.lines[0]!, step: 3 }],
    }),
  ],
  [
    "the same step twice, in place of another",
    /line 2 is of step 1/,
    (record) => ({ ...record, lines: [record.lines[0]!, record.lines[0]!] }),
  ],
  [
    "a step that is left out",
    /no line of report\.json is of 2-cordon/,
    (record) => ({
      ...record,
      lines: record.lines.slice(0, 1),
      report: { ...record.report, steps: 1, done: 1 },
    }),
  ],
  [
    "what a step was to be",
    /step 2 was to be drain, and is cordon/,
    (record) => scheduled(record, [{}, { drill: "drain" }]),
  ],
  [
    "how many rounds a step was to have",
    /step 1 was to have 3 rounds, and was asked for 1/,
    (record) => scheduled(record, [{ rounds: 3 }, {}]),
  ],
  [
    "how many steps it was to have",
    /report\.steps is 2 in report\.json, and the evidence says 3/,
    (record) => scheduled(record, [{}, {}, {}]),
  ],
  [
    "which steps there were to be",
    /line 2 is of none of the 1 steps/,
    (record) => scheduled(record, [{}]),
  ],
  [
    "that a step begins late which had no time of its own",
    /step 2 was late, and had no time of its own/,
    (record) => ({
      ...record,
      lines: record.lines.map((line) => ({ ...line, lateMs: line.step === 2 ? 5_000 : 0 })),
    }),
  ],
  [
    "where it was",
    /step 1 was at another exchange/,
    (record) => ({ ...record, against: "another:1" }),
  ],
  [
    "what only its page shows",
    /report\.html is not the page that report\.json gives/,
    (record) => ({
      ...record,
      left: [{ what: "node-2 drained", byHand: "npx palisade undrain node-2" }],
    }),
  ],
])("is not believed where somebody changed %s", async (_, said, change) => {
  await day([await step(1, "move-leader"), await step(2, "cordon")]);
  await edit(change);
  const found = await verifyEvidence(folder);
  expect(found.verified).toBe(false);
  expect(found.difference).toMatch(said);
});

it("is not believed where the evidence of a step is not what it was", async () => {
  await day([await step(1, "move-leader"), await step(2, "cordon")]);
  const own = stepFolder(folder, 2, "cordon");
  const path = join(own, RECORD_FILE);
  writeFileSync(path, readFileSync(path, "utf8").replace('"against"', '"Against"'));
  await sumAgain(own);
  await expect(verifyEvidence(folder)).rejects.toThrow("EVIDENCE_FILE_CHANGED");
  await sumAgain(folder);
  expect((await verifyEvidence(folder)).difference).toMatch(/^2-cordon: /);
});

it("says on its page why it was ended early, and what is not taken back", () => {
  const { report: live } = liveRecordLike({ notUndone: ["node-2 is still drained"] });
  const left = [{ what: "node-2 drained", byHand: "npx palisade undrain node-2" }];
  const lines = [{ step: 1, lateMs: 0, ...live }];
  const report = summedUp({ name: "tiny", steps: 2 }, lines, { ...SEEN, aborted: "it got SIGINT" });
  const record = { startedAt: STARTED_AT, commit: null, against: AGAINST, lines, report, left };
  const text = gameDayPage(record, new Set());
  for (const said of [
    "✗ Not all is known to be taken back",
    "<dt>Ended early</dt><dd>It got SIGINT.</dd>",
    "node-2 is still drained",
    "node-2 drained: <code>npx palisade undrain node-2</code>",
  ]) {
    expect(text).toContain(said);
  }
  expect(text).not.toMatch(/NaN|undefined/);
});

it("says on its page that it was safe, but slower than it should be", () => {
  const { report: live } = liveRecordLike({
    rounds: [liveRoundLike(1, { samples: { gap: [700] } })],
  });
  const lines = [{ step: 1, lateMs: 0, ...live }];
  const report = summedUp({ name: "tiny", steps: 1 }, lines, SEEN);
  const record = { startedAt: STARTED_AT, commit: null, against: AGAINST, lines, report, left: [] };
  expect(gameDayPage(record, new Set())).toContain("✓ Safe, but slower than its bounds");
});
