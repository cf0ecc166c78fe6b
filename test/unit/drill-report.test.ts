/** What the judges of a drill have said, as its report. */
import { describe, expect, it } from "vitest";
import { drillOf } from "../../chaos/drills/catalog.js";
import { NO_FAILURE, type Round } from "../../chaos/drills/drill.js";
import { type Found, report } from "../../chaos/report.js";
import { CHECKED } from "../helpers/drill-record.js";

describe("a report", () => {
  const drill = drillOf("kill-leader");
  const round: Round = { ...NO_FAILURE, samples: { resume: [100] }, summary: "" };
  const found = {
    drill,
    loadBefore: 0,
    ails: [],
    broken: [],
    rounds: [round],
    load: { submitted: 5, fills: 4, resolved: 0, unreported: 0 },
    checked: CHECKED,
    audited: { ok: true, conserved: true, journalGaps: 0, snapshotMs: 1, firstViolation: null },
  } as unknown as Found;

  it("is well when all is well", () => {
    expect(report(found)).toMatchObject({
      ok: true,
      bit: true,
      withinBound: true,
      resumeMsP99: 100,
      failures: [],
    });
  });

  it("is beyond the bound and well: a machine may be busy", () => {
    const rounds = [{ ...round, samples: { resume: [100, 700] } }];
    expect(report({ ...found, rounds })).toMatchObject({ ok: true, withinBound: false });
  });

  it("judges what is bound besides by its own bound, where it was measured", () => {
    const bound = { of: "resume", ms: 500, also: { of: "back", ms: 3_000 } };
    const judged = (...rounds: Round["samples"][]) =>
      report({
        ...found,
        drill: { ...drill, bound },
        rounds: rounds.map((samples) => ({ ...round, samples })),
      });
    expect(judged({ resume: [100] })).toMatchObject({
      withinBound: true,
      bound: "resumeMsP99 < 500, backMsP99 < 3000",
    });
    expect(judged({ back: [2_900] }).withinBound).toBe(true);
    expect(judged({ resume: [100] }, { back: [2_900] }).withinBound).toBe(true);
    expect(judged({ resume: [100] }, { back: [3_000] }).withinBound).toBe(false);
    expect(judged({ resume: [600] }, { back: [2_900] }).withinBound).toBe(false);
    expect(judged({ gap: [1] }).withinBound).toBe(false);
  });

  it("is not well when one round did not bite, or something ails, or something was lost", () => {
    const rounds = [round, { ...round, failures: ["toothless"] }];
    expect(report({ ...found, rounds })).toMatchObject({ ok: false, bit: false, toothless: 1 });
    const wrong = [round, { ...round, unhealed: ["the book is wrong"] }];
    expect(report({ ...found, rounds: wrong })).toMatchObject({
      ok: false,
      bit: true,
      failures: ["the book is wrong"],
    });
    const ails = ["node-1 does not run"];
    expect(report({ ...found, ails })).toMatchObject({
      ok: false,
      withinBound: false,
      failures: ails,
    });
    const lost = { ...found.checked, ok: false, lost: 1, examples: ["order 1"] };
    expect(report({ ...found, checked: lost })).toMatchObject({ ok: false, lost: 1 });
    const stale = [{ ...round, staleCommits: 1 }];
    expect(report({ ...found, rounds: stale })).toMatchObject({ ok: false, staleCommits: 1 });
  });
});
