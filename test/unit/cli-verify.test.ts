import { describe, expect, it } from "vitest";
import { verificationText } from "../../services/cli/verify-evidence.js";

const WELL = {
  folder: "/drills/drain",
  drill: "drain",
  verified: true,
  ok: true,
  wrongs: 0,
  lost: 0,
  duplicated: 0,
  staleCommits: null,
  aborted: null,
  difference: "",
};

describe("verify, for people,", () => {
  it("says what the evidence says, where the report says the same", () => {
    expect(verificationText(WELL).split("\n").slice(0, 3)).toEqual([
      "drain: 0 lost, 0 doubled, whether any stale is not known",
      "the evidence says what the report says",
      "everything is as it should be",
    ]);
    expect(verificationText(WELL)).toContain("taken as the drill wrote it down");
    expect(verificationText({ ...WELL, ok: false })).toContain("something was wrong");
  });

  it("reassures nobody where the report is not what its evidence gives", () => {
    const text = verificationText({ ...WELL, verified: false, difference: "report.orders is 1" });
    expect(text).toContain("NOT VERIFIED: report.orders is 1\nthis report must not be trusted");
    expect(text).not.toContain("as it should be");
  });

  it("says why a drill was ended early", () => {
    const text = verificationText({ ...WELL, ok: false, aborted: "it got SIGINT" });
    expect(text.split("\n")[1]).toBe("it was ended early: it got SIGINT");
    expect(text).toContain("up to there nothing was wrong; of the rest nothing is proved");
    const early = { ...WELL, ok: false, wrongs: 1, aborted: "it got SIGINT" };
    expect(verificationText(early)).toContain("something was wrong");
  });
});
