/** Is a page the one that its report gives? It is what people read, and who changes it may sum it up again. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_FILE, RECORD_FILE } from "./folder.js";
import { EvidenceError } from "./manifest.js";
import { commitOfCode } from "./record.js";

const CHANGED = "-dirty";

/**
 * How a page differs from what is drawn now; null: it does not. `commit`: of the program that drew it. Throws `EvidenceError`
 * where there is none, or nothing can be drawn.
 */
export function pageDifference(
  folder: string,
  commit: string | null,
  draw: () => string,
): string | null {
  const path = join(folder, PAGE_FILE);
  if (!existsSync(path)) {
    throw new EvidenceError("EVIDENCE_FILE_MISSING", `${PAGE_FILE} is not in ${folder} any more`);
  }
  if (readFileSync(path, "utf8") === drawn(folder, draw)) return null;
  const difference = `${PAGE_FILE} is not the page that ${RECORD_FILE} gives`;
  const now = commitOfCode();
  const isSameProgram = commit !== null && commit === now && !commit.endsWith(CHANGED);
  if (isSameProgram) return difference;
  return (
    `${difference} with this program (${said(now)}); it was drawn by ${said(commit)}, ` +
    `so it is for that one to judge`
  );
}

function drawn(folder: string, draw: () => string): string {
  try {
    return draw();
  } catch (error) {
    throw new EvidenceError(
      "EVIDENCE_UNREADABLE",
      `no page can be drawn of ${join(folder, RECORD_FILE)}: ${(error as Error).message}`,
    );
  }
}

function said(commit: string | null): string {
  return commit === null ? "a commit that is not known" : `commit ${commit}`;
}
