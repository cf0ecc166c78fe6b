import { expect, it } from "vitest";
import { SHARD_DEPOSITS_UNITS_MAX } from "../../actors/kernel/limits.js";
import { fundsOf } from "../../services/participants/venue.js";

/** Load processes of a benchmark, each with as many accounts. */
const PROCESSES = 2;

it.each([1, 500, 5_000, 50_000])(
  "gives %s accounts no more than one shard may keep",
  (accounts) => {
    expect(PROCESSES * accounts * fundsOf(accounts)).toBeLessThan(SHARD_DEPOSITS_UNITS_MAX);
  },
);

it("gives few accounts no more than many need, and many enough for an order", () => {
  expect(fundsOf(10)).toBe(fundsOf(1));
  expect(fundsOf(50_000)).toBeGreaterThan(10 ** 7);
});
