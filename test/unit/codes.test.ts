import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { codeTable } from "../../services/gateway/code-table.js";
import { codeText } from "../../services/gateway/code-text.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const PAGE = join(PROJECT_ROOT, "proto", "CODES.md");

describe("every code", () => {
  it("has a number and a sentence of its own", () => {
    const codes = Object.values(Code);
    expect(new Set(codes).size).toBe(codes.length);
    const texts = codes.map(codeText);
    expect(new Set(texts).size).toBe(codes.length);
    expect(texts.filter((text) => /^[A-Z_]+$/.test(text))).toEqual([]);
  });

  it("stands in proto/CODES.md as the code has it (PALISADE_WRITE_CODES=1 writes that page)", () => {
    if (process.env["PALISADE_WRITE_CODES"] === "1") writeFileSync(PAGE, codeTable());
    const page = readFileSync(PAGE, "utf8");
    expect(page).toBe(codeTable());
    for (const name of Object.keys(Code)) expect(page).toContain(`\`${name}\``);
  });
});
