/** Whether memory grows: what a soak says of series that are known. */
import { describe, expect, it } from "vitest";
import { growthOf, JUDGED_ORDERS_MIN, type Sample } from "../bench/growth.js";

const ORDERS = 2 * JUDGED_ORDERS_MIN;
const SAMPLES = 120;

/** Memory looked at again and again, with the saw of a collector on top; `at` is the part of the run that is over. */
function series(mib: (at: number) => number, orders = ORDERS * 2, samples = SAMPLES): Sample[] {
  return Array.from({ length: samples }, (_, index) => {
    const at = index / samples;
    return { orders: at * orders, mib: mib(at) + (index % 5) };
  });
}

describe("memory", () => {
  it("is flat where it only swings, and whatever it did in the first half", () => {
    expect(growthOf(series(() => 100))).toMatchObject({ verdict: "flat" });
    expect(growthOf(series((at) => Math.min(at, 0.4) * 900))).toMatchObject({ verdict: "flat" });
  });

  it("grows where orders leave something for good", () => {
    // 2,000,000 orders in all, so 20 MiB for a million.
    const growth = growthOf(series((at) => 100 + 40 * at))!;
    expect(growth.verdict).toBe("grows");
    expect(growth.mibPerMillionOrders).toBeCloseTo(20, 0);
  });

  it("is not judged by few orders, or few looks", () => {
    const few = series((at) => 100 + 40 * at, JUDGED_ORDERS_MIN);
    expect(growthOf(few)).toMatchObject({ verdict: "unknown" });
    expect(growthOf(series(() => 100, ORDERS, 40))).toBeNull();
  });

  it("fills up as far as it is known to, and grows beyond", () => {
    const filling = series((at) => 100 + 40 * at);
    expect(growthOf(filling, 150)).toMatchObject({ verdict: "fills" });
    expect(growthOf(filling, 120)).toMatchObject({ verdict: "grows" });
    expect(
      growthOf(
        series(() => 100),
        150,
      ),
    ).toMatchObject({ verdict: "flat" });
  });
});
