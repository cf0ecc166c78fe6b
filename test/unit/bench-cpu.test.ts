/** How many cores processes keep busy. */
import { expect, it } from "vitest";
import { coresBetween } from "../bench/cpu.js";

it("is processor time by the time between two looks", () => {
  const before = { atMs: 1_000, times: new Map([["node-1", 500_000]]) };
  const times = new Map([
    ["node-1", 2_000_000],
    ["begun-since", 300_000],
  ]);
  expect([...coresBetween(before, { atMs: 4_000, times })]).toEqual([
    ["node-1", 0.5],
    ["begun-since", 0.1],
  ]);
});
