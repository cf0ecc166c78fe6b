import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const MAX_FILE_LINES = 400;

const IGNORED = new Set(["node_modules", "dist", "coverage", ".git", ".palisade"]);
const TOP_LEVEL = [
  ".ci",
  ".gitignore",
  ".npmrc",
  ".oxlintrc.json",
  "ARCHITECTURE.md",
  "README.md",
  "actors",
  "biome.json",
  "chaos",
  "deploy",
  "package-lock.json",
  "package.json",
  "proto",
  "services",
  "test",
  "tsconfig.actors.json",
  "tsconfig.build.json",
  "tsconfig.json",
  "vitest.config.ts",
];

/** What an actor may not name, because it would make apply() depend on more than its arguments. */
const IMPURE: [name: string, pattern: RegExp][] = [
  ["Date", /(?<![.\w])Date\b/],
  ["Math.random", /\bMath\s*\.\s*random\b/],
  ["process", /(?<![.\w])process\s*[.[]/],
  ["performance", /(?<![.\w])performance\s*\./],
  ["async", /(?<![.\w])async\b/],
  ["await", /(?<![.\w])await\b/],
  ["Promise", /(?<![.\w])Promise\b/],
  ["a timer", /(?<![.\w])(setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
  ["for…in", /\bfor\s*\(\s*(const|let|var)\s+\w+\s+in\b/],
];

function filesUnder(folder: string, wanted: RegExp): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (IGNORED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesUnder(path, wanted));
    else if (entry.isFile() && wanted.test(entry.name)) found.push(path);
  }
  return found;
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

/** The code of a source file with comments and the contents of its strings blanked out. */
function codeOf(source: string): string {
  const skipped = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return source.replace(skipped, (match) => (match.startsWith("/") ? "" : '""'));
}

/** Which impure names a source uses, and which of its imports leave actors/. */
function impurities(path: string, source: string): string[] {
  const code = codeOf(source);
  const found = IMPURE.filter(([, pattern]) => pattern.test(code)).map(([name]) => name);
  for (const match of source.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*["']([^"']+)["']/g)) {
    const target = match[1] ?? "";
    const inside =
      target.startsWith(".") &&
      !relative(join(ROOT, "actors"), resolve(dirname(path), target)).startsWith("..");
    if (!inside) found.push(`import of ${target}`);
  }
  return found;
}

const sources = filesUnder(ROOT, /\.(ts|mjs)$/).filter(
  (path) => !path.startsWith(join(ROOT, "proto", "gen")),
);
const texts = filesUnder(ROOT, /\.(ts|mjs|json|md|sql|conf|proto|ya?ml)$|^run$/).filter(
  (path) => !path.endsWith("package-lock.json") && !path.startsWith(join(ROOT, "proto", "gen")),
);

function offenders(paths: string[], isBad: (path: string) => boolean): string[] {
  return paths.filter(isBad).map((path) => relative(ROOT, path));
}

describe("actors/", () => {
  it("is pure: no clock, randomness, promise, I/O or import from outside", () => {
    const found = filesUnder(join(ROOT, "actors"), /\.ts$/).flatMap((path) =>
      impurities(path, read(path)).map((what) => `${relative(ROOT, path)}: ${what}`),
    );
    expect(found).toEqual([]);
  });

  it("would be caught being impure", () => {
    const path = join(ROOT, "actors", "sample.ts");
    expect(impurities(path, "const now = Date.now();")).toEqual(["Date"]);
    expect(impurities(path, "export async function f() { await g(); }")).toEqual([
      "async",
      "await",
    ]);
    expect(impurities(path, 'import { x } from "../services/x.js";')).toEqual([
      "import of ../services/x.js",
    ]);
    expect(impurities(path, 'import fs from "node:fs";')).toEqual(["import of node:fs"]);
    expect(impurities(path, '// The Date is "async".\nimport "./book.js";')).toEqual([]);
  });
});

describe("assertions", () => {
  it("put no message together where nothing is wrong", () => {
    const built = /(?<![.\w])assert\((?:[^;`]|`[^`]*`(?!\s*,?\s*\)))*,\s*`/;
    expect(built.test('assert(x > 0, "%s is not above 0", x);')).toBe(false);
    expect(built.test("assert(x > 0, `${x} is not above 0`);")).toBe(true);
    expect(offenders(sources, (path) => built.test(codeOf(read(path))))).toEqual([]);
  });
});

describe("the programs of an exchange", () => {
  /** A source file and all that it imports, whole or for their types, and what these import. */
  function reach(entry: string, seen = new Set<string>()): Set<string> {
    if (seen.has(entry)) return seen;
    seen.add(entry);
    for (const match of read(entry).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)\.js"/g)) {
      reach(resolve(dirname(entry), `${match[1]}.ts`), seen);
    }
    return seen;
  }

  it("reach nothing of chaos/, so no safety can be taken away from them", () => {
    for (const kind of ["node", "gateway", "feed"]) {
      const reached = [...reach(join(ROOT, "services", kind, "main.ts"))];
      expect(reached.length).toBeGreaterThan(10);
      expect(reached.filter((path) => path.startsWith(join(ROOT, "chaos")))).toEqual([]);
    }
  });

  it("are without mutations: the command line only knows their names", () => {
    const services = filesUnder(join(ROOT, "services"), /\.(ts|mjs)$/);
    const imports = services.flatMap((path) =>
      [...read(path).matchAll(/"[^"]*chaos\/mutations\/([^"]+)"/g)].map(([, name]) => name),
    );
    expect(new Set(imports)).toEqual(new Set(["mutations.js"]));
    const home = join(ROOT, "chaos", "mutations");
    const reached = [...reach(join(home, "mutations.ts"))];
    expect(reached.filter((path) => path.startsWith(home))).toEqual([join(home, "mutations.ts")]);
  });
});

describe("the repository", () => {
  it("has exactly the expected top level", () => {
    const entries = readdirSync(ROOT).filter(
      (name) => !IGNORED.has(name) && !name.endsWith(".log"),
    );
    expect(entries.sort()).toEqual([...TOP_LEVEL].sort());
  });

  it(`has no source file above ${MAX_FILE_LINES} lines`, () => {
    const long = offenders(sources, (path) => read(path).split("\n").length - 1 > MAX_FILE_LINES);
    expect(long).toEqual([]);
  });

  it("leaves nothing marked as undone", () => {
    const mark = /\b(FI[X]ME|TO[D]O|XX[X])\b/;
    expect(offenders(texts, (path) => mark.test(read(path)))).toEqual([]);
  });

  it("names no path of one particular machine", () => {
    const machinePath = /(^|[\s"'`(=])\/(work|home|root|Users)\/\w/m;
    expect(offenders(texts, (path) => machinePath.test(read(path)))).toEqual([]);
  });

  it("has every file its scripts name", () => {
    const { scripts } = JSON.parse(read(join(ROOT, "package.json"))) as {
      scripts: Record<string, string>;
    };
    const named = Object.values(scripts).flatMap((script) => script.match(/\S+\.mjs/g) ?? []);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
