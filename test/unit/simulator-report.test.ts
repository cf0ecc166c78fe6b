import { expect, it } from "vitest";
import { rareFaultsOf, reportOf } from "../../chaos/simulator/report.js";
import type { SeedResult } from "../../chaos/simulator/seeds.js";

const SEED: SeedResult = {
  seed: 1,
  violation: null,
  begun: 25,
  bitten: ["drain", "move", "move"],
  simulatedMs: 3_600_000,
  healedMs: 1_200.4,
  commands: 1_001,
  hash: "0123456789abcdef",
  runMs: 700,
};
const violation = { rule: "R1", atMs: 812.5, message: "two at once" } as const;

it("kinds are rare that have bitten in fewer than 3 of 100 seeds, where there are 300", () => {
  const bitten = { often: 200, enough: 9, seldom: 8, never: 0 };
  expect(rareFaultsOf(bitten, 300)).toEqual(["seldom", "never"]);
  expect(rareFaultsOf(bitten, 301)).toEqual(["enough", "seldom", "never"]);
  expect(rareFaultsOf(bitten, 299)).toEqual([]);
});

it("a report says what was broken, by which seed", () => {
  const results = [SEED, { ...SEED, seed: 2, violation, commands: 400, bitten: [] }];
  const report = reportOf(results, { asked: 9, stopped: "enough", elapsedMs: 3_600_000 });
  expect(report).toMatchObject({
    asked: 9,
    seeds: 2,
    stopped: "enough",
    failures: 1,
    failedSeeds: [2],
    violations: [{ seed: 2, ...violation }],
    commands: 1_401,
    fewestCommands: 400,
    fewestBitten: 0,
    slowestHealingMs: 1_200,
    simulatedHours: 2,
    seedsPerHour: 2,
  });
  expect([report.faults["drain"], report.faults["move"], report.faults["cordon"]]).toEqual([
    1, 1, 0,
  ]);
  expect(report).not.toHaveProperty("interrupted");
});

it("a report of nothing is one of numbers, too", () => {
  const report = reportOf([], { asked: 9, interrupted: true, elapsedMs: 1 });
  expect(report).toMatchObject({ interrupted: true, seeds: 0, fewestCommands: 0, fewestBitten: 0 });
  expect(report).toMatchObject({ slowestHealingMs: 0, slowestRunMs: 0, seedsPerHour: 0 });
});
