import { expect, it } from "vitest";
import { runDrill } from "../../chaos/drill.js";

const ROUNDS = 2;

/** What each drill measures, by the name that it has in the report. */
const MEASURED = {
  "kill-leader": "resume",
  "freeze-leader": "resume",
  "move-leader": "gap",
  "rolling-restart": "gap",
  "wipe-nats": "back",
  "rollback-nats": "back",
} as const;

it.each(Object.entries(MEASURED))("%s loses nothing, twice over", async (name, measured) => {
  const report = await runDrill(name, { rounds: ROUNDS, symbols: 3, ordersPerSecond: 50 });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({
    name,
    rounds: ROUNDS,
    lost: 0,
    duplicated: 0,
    staleCommits: 0,
    gaps: 0,
    contradicted: 0,
    journalGaps: 0,
    toothless: 0,
    unreported: 0,
    conserved: true,
    ok: true,
  });
  expect(report.fills).toBeGreaterThan(0);
  expect(report[`${measured}MsP50`]).toBeGreaterThan(0);
  expect(report[`${measured}MsMax`]).toBeGreaterThanOrEqual(report[`${measured}MsP99`]!);
});

it("says which drills there are when it does not know one", async () => {
  const listed = new RegExp(`UNKNOWN_DRILL.*${Object.keys(MEASURED).join(".*")}`, "s");
  await expect(runDrill("kill-everybody")).rejects.toThrow(listed);
});
