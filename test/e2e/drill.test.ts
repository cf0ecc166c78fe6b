import { expect, it } from "vitest";
import { DRILLS, runDrill } from "../../chaos/drill.js";

const ROUNDS = 2;

it.each(DRILLS.map(({ name }) => name))("%s loses nothing, twice over", async (name) => {
  const report = await runDrill(name, { rounds: ROUNDS, symbols: 4, ordersPerSecond: 100 });
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
  expect(report.resumeMsP50).toBeGreaterThan(0);
});

it("says which drills there are when it does not know one", async () => {
  await expect(runDrill("kill-everybody")).rejects.toThrow(
    /UNKNOWN_DRILL.*kill-leader.*freeze-leader/s,
  );
});
