/**
 * Each script beside this file, run by both engines. `GOLDEN_REWRITE=1 npx vitest run test/golden` writes down what the
 * engines tell now; read the difference before you keep it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MatchingEngine } from "../../actors/market/engine.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { runScript } from "../helpers/golden-script.js";

const ENGINES: readonly (readonly [string, () => MatchingEngine])[] = [
  ["the naive engine", () => new NaiveEngine()],
  ["the fast engine", () => new FastEngine()],
];
const SCRIPTS = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".txt"));

describe.each(ENGINES)("%s", (_, create) => {
  it.each(SCRIPTS)("does what %s says", (name) => {
    const path = join(import.meta.dirname, name);
    const script = readFileSync(path, "utf8");
    const engine = create();
    const told = runScript(script, engine);
    engine.checkInvariants();
    if (process.env["GOLDEN_REWRITE"]) writeFileSync(path, told);
    else expect(told).toBe(script);
  });
});
