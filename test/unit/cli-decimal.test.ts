import { describe, expect, it } from "vitest";
import { formatDecimal } from "../../services/common/decimal.js";
import { parseDecimal, parseWhole } from "../../services/cli/decimal.js";

describe("decimals of the command line", () => {
  it.each([
    ["580", 2, 58_000],
    ["580.5", 2, 58_050],
    ["0.07", 2, 7],
    ["0.1", 9, 100_000_000],
    ["1000", 0, 1_000],
    ["90071992547409.91", 2, Number.MAX_SAFE_INTEGER],
  ])("%s with %i decimals is %i units, and back", (text, decimals, units) => {
    expect(parseDecimal(text, decimals, "price")).toBe(units);
    expect(parseDecimal(formatDecimal(units, decimals), decimals, "price")).toBe(units);
  });

  it.each([
    ["", "NOT_A_NUMBER"],
    ["-1", "NUMBER_BELOW_ZERO"],
    ["1e3", "NOT_A_NUMBER"],
    [".5", "NOT_A_NUMBER"],
    ["1,000", "NOT_A_NUMBER"],
    ["1.005", "TOO_MANY_DECIMALS"],
    ["90071992547409.92", "NUMBER_TOO_LARGE"],
  ])("refuses %j with a code", (text, code) => {
    expect(() => parseDecimal(text, 2, "price")).toThrow(code);
  });

  it("writes what is below one, and below nothing", () => {
    expect(formatDecimal(7, 2)).toBe("0.07");
    expect(formatDecimal(-7, 2)).toBe("-0.07");
    expect(formatDecimal(1_234, 0)).toBe("1234");
  });

  it("takes whole numbers within their bounds only", () => {
    expect(parseWhole("8", 1, 8, "count")).toBe(8);
    for (const text of ["0", "9", "1.5", "x", ""]) {
      expect(() => parseWhole(text, 1, 8, "count")).toThrow("from 1 to 8");
    }
    for (const text of ["-1", "0", "9"]) {
      expect(() => parseWhole(text, 1, 8, "count")).toThrow("NUMBER_OUT_OF_RANGE");
    }
    for (const text of ["1.5", "x", ""]) {
      expect(() => parseWhole(text, 1, 8, "count")).toThrow("NOT_A_NUMBER");
    }
    for (const text of ["1.5", "1e9", "+1", "x"]) {
      expect(() => parseWhole(text, 1, 8, "count")).toThrow(
        `NOT_A_NUMBER: the count is "${text}", which is no whole number in plain digits; it is one from 1 to 8`,
      );
    }
  });
});
