/** `verify FOLDER`: judges the evidence of a drill again, offline. */
import { resolve } from "node:path";
import { type Verification, verifyEvidence } from "../../chaos/evidence/verify.js";
import { EXIT_FAILED } from "./exit-codes.js";
import { printJson } from "./output.js";

export async function verify(folder: string, { json }: { json?: boolean }): Promise<number> {
  const found = await verifyEvidence(resolve(folder));
  if (json) printJson(found);
  else process.stdout.write(verificationText(found));
  return found.verified && found.ok ? 0 : EXIT_FAILED;
}

/** The counts are the evidence's own. A report that says something else reassures nobody. */
export function verificationText(found: Verification): string {
  const { drill, verified, ok, wrongs, lost, duplicated, staleCommits, aborted } = found;
  const [gone, doubled] = [lost, duplicated].map((each) => each ?? "?");
  const stale = staleCommits === null ? "whether any stale is not known" : `${staleCommits} stale`;
  const isHalf = aborted !== null && wrongs === 0;
  const wrong = isHalf
    ? "up to there nothing was wrong; of the rest nothing is proved"
    : "something was wrong: see its report";
  const verdict = ok ? "everything is as it should be" : wrong;
  const onTrust =
    "taken as the drill wrote it down: its times, what it found amiss itself and the metrics; the sums of the files are not signed";
  const lines = [
    `${drill}: ${gone} lost, ${doubled} doubled, ${stale}`,
    ...(aborted === null ? [] : [`it was ended early: ${aborted}`]),
    ...(verified
      ? ["the evidence says what the report says", verdict, onTrust]
      : [
          `NOT VERIFIED: ${found.difference}`,
          "this report must not be trusted: it is not what its evidence gives",
        ]),
  ];
  return `${lines.join("\n")}\n`;
}
