/** The codes that an operator meets who places nodes or drills, against what the runbook says of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const PLACES = [
  "chaos/against",
  "chaos/drills",
  "chaos/evidence",
  "chaos/load",
  "chaos/stage",
  "chaos/campaign.ts",
  "chaos/interrupt.ts",
  "chaos/run-checker.ts",
  "services/cli/place.ts",
  "services/cli/drill-folder.ts",
  "services/cli/whereabouts.ts",
];
/** Of what was typed wrong: the message is all that there is to say. */
const SAYS_ALL = [
  "NOT_AN_ADDRESS",
  "NOT_A_GAME_DAY",
  "NOT_ON_OR_OFF",
  "NO_SAFE_PRICE",
  "NO_SUCH_FOLDER",
  "UNKNOWN_DRILL",
];
/** As the first argument of an error with a code, or as the first word of one without. */
const CODE = /(?:\w*Error\(\s*|code = )"([A-Z]+(?:_[A-Z]+)+)"|["`]([A-Z]+(?:_[A-Z]+)+): /g;

function filesOf(place: string): string[] {
  if (place.endsWith(".ts")) return [place];
  return readdirSync(join(PROJECT_ROOT, place), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(place, name));
}

const codesIn = (file: string): string[] =>
  [...readFileSync(join(PROJECT_ROOT, file), "utf8").matchAll(CODE)].map(
    ([, ofClass, ofWord]) => (ofClass ?? ofWord)!,
  );

it("says of each code what it means, but for those whose message says all", () => {
  const codes = new Set(PLACES.flatMap(filesOf).flatMap(codesIn));
  expect(codes.size).toBeGreaterThan(40);
  const runbook = readFileSync(join(PROJECT_ROOT, "deploy", "RUNBOOK.md"), "utf8");
  const unsaid = [...codes].filter((code) => !runbook.includes(`\`${code}\``));
  expect(unsaid.sort()).toEqual(SAYS_ALL);
});
