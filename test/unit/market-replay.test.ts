import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { replayOnEngine } from "../../services/replay/engine.js";
import { FlowFileError, type FlowLine, readFlow } from "../../services/replay/file.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "palisade-flow-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(lines: readonly string[]): string {
  const path = join(folder, "flow.jsonl.gz");
  writeFileSync(path, gzipSync(lines.join("\n")));
  return path;
}

async function linesOf(path: string): Promise<FlowLine[]> {
  const lines: FlowLine[] = [];
  for await (const line of readFlow(path)) lines.push(line);
  return lines;
}

/** Every kind of line, with what it must lead to. */
const FLOW = [
  '["N",1,"S",101,10,[]]',
  '["N",2,"S",101,10,[]]',
  '["N",3,"B",99,5,[]]',
  '["A",0,[[99,5]],[[101,20]]]',
  '["R",1,4]',
  '["I",4,"B",101,6,[[1,101,4],[2,101,2]]]',
  '["A",1,[[99,5]],[[101,8]]]',
  '["M",3,101,3,[[2,101,3]]]',
  '["A",2,[],[[101,5]]]',
  '["N",5,"B",100,7,[]]',
  '["M",5,98,2,[]]',
  '["C",2]',
  '["A","final",[[98,2]],[]]',
];

const EXPECTED = { commands: 9, fills: 3, bookChecks: 4, fillMismatches: 0, bookMismatches: 0 };

/** The flow with one line in place of another. */
function changed(line: string, other: string): string[] {
  expect(FLOW).toContain(line);
  return FLOW.map((each) => (each === line ? other : each));
}

describe("the replay on the bare market actor", () => {
  it("counts what a file that is right leads to, without a mismatch", async () => {
    const result = await replayOnEngine(fileOf(FLOW));
    expect(result).toMatchObject(EXPECTED);
    expect(result.seconds).toBeGreaterThan(0);
  });

  it.each([
    ["another maker", '["M",3,101,3,[[2,101,3]]]', '["M",3,101,3,[[1,101,3]]]'],
    ["another price", '["M",3,101,3,[[2,101,3]]]', '["M",3,101,3,[[2,100,3]]]'],
    ["a fill less", '["M",3,101,3,[[2,101,3]]]', '["M",3,101,3,[]]'],
    ["a fill more", '["N",1,"S",101,10,[]]', '["N",1,"S",101,10,[[9,101,1]]]'],
  ])("counts a fill mismatch: %s", async (_, line, other) => {
    const result = await replayOnEngine(fileOf(changed(line, other)));
    expect(result).toMatchObject({ ...EXPECTED, fillMismatches: 1 });
  });

  it.each(['["C",4]', '["C",77]', '["R",4,1]', '["M",4,98,1,[]]', '["M",77,98,1,[]]'])(
    "counts a command that must succeed and does not: %s",
    async (line) => {
      const result = await replayOnEngine(fileOf([...FLOW, line]));
      expect(result).toMatchObject({ ...EXPECTED, commands: 10, fillMismatches: 1 });
    },
  );

  it.each([
    ["a quantity", '["A",0,[[99,4]],[[101,20]]]'],
    ["a price", '["A",0,[[99,5]],[[102,20]]]'],
    ["an empty side", '["A",0,[],[[101,20]]]'],
    ["a level too many", '["A",0,[[99,5],[98,1]],[[101,20]]]'],
  ])("counts a book mismatch: %s", async (_, line) => {
    const result = await replayOnEngine(fileOf(changed(FLOW[3]!, line)));
    expect(result).toMatchObject({ ...EXPECTED, bookMismatches: 1 });
  });
});

describe("an order-flow file", () => {
  it("is read line by line, with or without a last line feed", async () => {
    expect(await linesOf(fileOf(FLOW))).toHaveLength(FLOW.length);
    const lines = await linesOf(fileOf([...FLOW, "", ""]));
    expect(lines.map(({ line }) => line)).toEqual(FLOW.map((_, at) => at + 1));
    expect(lines[5]).toEqual({
      line: 6,
      kind: "new",
      id: 4,
      side: 1,
      timeInForce: 2,
      price: 101,
      quantity: 6,
      fills: [
        { makerId: 1, price: 101, quantity: 4 },
        { makerId: 2, price: 101, quantity: 2 },
      ],
    });
  });

  it.each([
    ["{", "it is not JSON"],
    ['{"a":1}', "it is not a JSON array"],
    ["[1]", "the kind of line is not a string"],
    ['["X",1]', "the kind of line is N, I, C, R, M or A"],
    ['["C"]', "the id is not a whole number"],
    ['["C",1.5]', "the id is not a whole number"],
    ['["C",1,2]', "it has 3 fields, not 2"],
    ['["R",1,0]', "the quantity is not positive"],
    ['["N",1,"X",1,1,[]]', 'the side is "B" or "S"'],
    ['["N",1,"B",0,1,[]]', "the price is not positive"],
    ['["N",1,"B",1,1,[[1,2]]]', "the fills are not lists of 3 numbers"],
    ['["N",1,"B",1,1]', "the fills are not a list"],
    ['["A",1,[[1,"2"]],[]]', "a number of the bids is not a whole number"],
  ])("is refused with the line's number: %s", async (line, problem) => {
    const reading = linesOf(fileOf([...FLOW, line]));
    await expect(reading).rejects.toThrow(FlowFileError);
    await expect(reading).rejects.toThrow("FLOW_LINE_MALFORMED");
    await expect(reading).rejects.toThrow(`line ${FLOW.length + 1}: ${problem}`);
  });

  it("is refused when it is not there, not gzipped, or cut off", async () => {
    await expect(linesOf(join(folder, "none.gz"))).rejects.toMatchObject({
      name: "FlowFileError",
      code: "FLOW_FILE_UNREADABLE",
    });
    const path = join(folder, "bad.gz");
    writeFileSync(path, FLOW.join("\n"));
    await expect(linesOf(path)).rejects.toThrow("FLOW_FILE_UNREADABLE");
    writeFileSync(path, gzipSync(FLOW.join("\n")).subarray(0, 60));
    await expect(linesOf(path)).rejects.toThrow("FLOW_FILE_UNREADABLE");
  });
});
