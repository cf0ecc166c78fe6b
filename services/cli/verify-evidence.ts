/** `verify FOLDER`: judges the evidence of a drill again, offline. */
import { resolve } from "node:path";
import { verifyEvidence } from "../../chaos/evidence/verify.js";
import { printJson } from "./output.js";

export async function verify(folder: string, { json }: { json?: boolean }): Promise<number> {
  const found = await verifyEvidence(resolve(folder));
  const { drill, verified, ok, lost, duplicated, staleCommits, difference } = found;
  if (json) printJson(found);
  else {
    const [gone, doubled, stale] = [lost, duplicated, staleCommits].map((each) => each ?? "?");
    const counts = `${gone} lost, ${doubled} doubled, ${stale} stale`;
    const agrees = verified
      ? "the evidence says what the report says"
      : `NOT VERIFIED: ${difference}`;
    const verdict = ok ? "everything is as it should be" : "something was wrong: see its report";
    process.stdout.write(`${drill}: ${counts}\n${agrees}\n${verdict}\n`);
  }
  return verified && ok ? 0 : 1;
}
