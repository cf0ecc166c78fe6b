/** What an evidence folder has to hold: each file with its SHA-256 sum, written when all others are there. */
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { shellWord } from "../../services/cli/shell-word.js";

export const MANIFEST = "manifest.json";

/** So many folders are named where another one was. */
const NAMED_MAX = 10;

/** Rises with what a reader of an older one would misread. */
export const EVIDENCE_VERSION = 4;

/** What every version says: that this is a folder of ours, and of which version. */
const Versioned = z.object({ format: z.literal("palisade-evidence"), version: z.number() });

const Manifest = Versioned.extend({
  /** A drill with all that it was judged by, or a page about several; live: one at a running exchange, and a game day of those. */
  kind: z.enum(["drill", "campaign", "live", "game-day"]),
  /** Its name, where it is one drill. */
  drill: z.string().nullable(),
  /** Null where nothing is drawn. */
  seed: z.number().nullable(),
  /** Of the code; null where that was not known. */
  commit: z.string().nullable(),
  /** SHA-256 by path, with slashes. */
  files: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof Manifest>;
export type About = Pick<Manifest, "kind" | "drill" | "seed" | "commit">;

/** An evidence folder that is none, or not what it was; the message says what is wrong and what to do. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** Sums up all files of a folder; of those in folders that have a manifest of their own, only that. */
export async function writeManifest(folder: string, about: About): Promise<void> {
  const files: Record<string, string> = {};
  for (const path of filesIn(folder)) files[path] = await sumOf(join(folder, path));
  const manifest: Manifest = {
    format: "palisade-evidence",
    version: EVIDENCE_VERSION,
    ...about,
    files,
  };
  const path = join(folder, MANIFEST);
  writeFileSync(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Throws `EvidenceError` where there is none that can be read. */
export function readManifest(folder: string): Manifest {
  if (!existsSync(folder)) {
    throw new EvidenceError(
      "NO_SUCH_FOLDER",
      `there is no ${folder}. A drill says where it leaves its evidence: a folder in .palisade/drills`,
    );
  }
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) throw notEvidence(folder, `has no ${MANIFEST}`);
  const content = parsed(readFileSync(path, "utf8"));
  const versioned = Versioned.safeParse(content);
  if (!versioned.success) throw notEvidence(folder, `has a ${MANIFEST} that is none of evidence`);
  const { version } = versioned.data;
  if (version !== EVIDENCE_VERSION) {
    throw new EvidenceError(
      "OTHER_EVIDENCE_VERSION",
      `the evidence in ${folder} is of version ${version}; this program reads version ${EVIDENCE_VERSION}. ` +
        `Its ${MANIFEST} names the commit of the program that wrote it, which reads it`,
    );
  }
  const manifest = Manifest.safeParse(content);
  if (manifest.success) return manifest.data;
  throw new EvidenceError(
    "EVIDENCE_UNREADABLE",
    `${path} is not whole: ${z.prettifyError(manifest.error)}`,
  );
}

/** Compares all files with their sums. Throws `EvidenceError` at the first that is not what it was. */
export async function checkSums(folder: string, { files }: Manifest): Promise<void> {
  for (const [path, sum] of Object.entries(files)) {
    if (!existsSync(join(folder, path))) {
      throw new EvidenceError("EVIDENCE_FILE_MISSING", `${path} is not in ${folder} any more`);
    }
    const now = await sumOf(join(folder, path));
    if (now === sum) continue;
    throw new EvidenceError(
      "EVIDENCE_FILE_CHANGED",
      `${path} is not what was written, so nothing here is to be trusted: its SHA-256 is ${now}, and was ${sum}`,
    );
  }
  const added = filesIn(folder).find((path) => files[path] === undefined);
  if (added === undefined) return;
  throw new EvidenceError(
    "EVIDENCE_FILE_ADDED",
    `${added} is in ${folder}, and was not written there`,
  );
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** With slashes, in their order. */
function filesIn(folder: string, prefix = ""): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix + entry.name;
    if (!entry.isDirectory()) found.push(path);
    else if (existsSync(join(folder, path, MANIFEST))) found.push(`${path}/${MANIFEST}`);
    else found.push(...filesIn(folder, `${path}/`));
  }
  return found.filter((path) => path !== MANIFEST).sort();
}

function notEvidence(folder: string, why: string): EvidenceError {
  const wanted =
    `A drill leaves a folder with report.html, report.json and ${MANIFEST}; ` +
    "one at an exchange of its own leaves clients and tables in it, too";
  return new EvidenceError("NO_EVIDENCE", `${folder} ${why}. ${wanted}. ${insteadOf(folder)}`);
}

/** Whoever drills without a name for the folder, or ends a game day at once, has those of several drills in one. */
function insteadOf(folder: string): string {
  const inside = (statSync(folder).isDirectory() ? readdirSync(folder) : [])
    .filter((name) => existsSync(join(folder, name, MANIFEST)))
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (inside.length === 0) return "Name the folder that the drill said it left";
  const named = inside
    .slice(0, NAMED_MAX)
    .map((name) => `\n  npx palisade verify ${shellWord(join(folder, name))}`);
  const more = inside.length - named.length;
  return `In it are folders that have one:${named.join("")}${more > 0 ? `\n  and ${more} more` : ""}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
