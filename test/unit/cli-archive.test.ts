import { expect, it } from "vitest";
import { runArchive } from "../../services/cli/archive.js";

const archiving = (ages: { before?: string; olderThan?: string }) =>
  runArchive({ ...ages, to: "/nowhere" });

it("takes an age or a fixed time, and says how the other is asked for", async () => {
  await expect(archiving({ before: "7d" })).rejects.toThrow(
    "NOT_A_TIME: --before takes a time; for an age say --older-than 7d",
  );
  await expect(archiving({ before: "2026-02-31" })).rejects.toThrow(
    /NOT_A_TIME: the time before which to archive is "2026-02-31"; it is like 2026-01-31 \(/,
  );
  await expect(archiving({ olderThan: "2026-01-31" })).rejects.toThrow("NOT_A_DURATION");
  await expect(archiving({})).rejects.toThrow("ARCHIVE_AGE_UNCLEAR");
  await expect(archiving({ before: "2026-01-31", olderThan: "7d" })).rejects.toThrow(
    "ARCHIVE_AGE_UNCLEAR",
  );
});
