/**
 * How quick the machine is at the moment, by two loops that are always the same: the same machine is slower by half now and again, as
 * others share it, and a number without that says little. Medians of some milliseconds each.
 */
import { median } from "./median.js";
import { hundredths } from "./rounding.js";

const ROUNDS = 7;
const WALK_STEPS = 100_000;
const MIX_STEPS = 2_000_000;
/** 4 MiB of numbers. */
const WALK_PLACES = 1 << 20;
/** Any odd number that is 1 more than a multiple of 4 leads through all places, and a large one far away each time. */
const WALK_FACTOR = 1_664_525;

export interface MachineSpeed {
  /** To look up one place after the other that lie far from each other, where each says which is next: what memory takes. */
  readonly walkNanoseconds: number;
  /** To mix a number into four others, which need not wait for each other: what a core's units do. */
  readonly mixNanoseconds: number;
}

export function machineSpeed(): MachineSpeed {
  const places = Int32Array.from(
    { length: WALK_PLACES },
    (_, at) => (Math.imul(at, WALK_FACTOR) + 1) & (WALK_PLACES - 1),
  );
  return {
    walkNanoseconds: medianNanoseconds(WALK_STEPS, () => walk(places)),
    mixNanoseconds: medianNanoseconds(MIX_STEPS, mix),
  };
}

function walk(places: Int32Array): number {
  let at = 0;
  for (let step = 0; step < WALK_STEPS; step++) at = places[at]!;
  return at;
}

function mix(): number {
  let [one, two, three, four] = [1, 2, 3, 4];
  for (let step = 0; step < MIX_STEPS; step++) {
    one = Math.imul(one ^ step, 0x85ebca6b) ^ (one >>> 13);
    two = Math.imul(two ^ step, 0xc2b2ae35) ^ (two >>> 15);
    three = Math.imul(three ^ step, 0x2c1b3c6d) ^ (three >>> 12);
    four = Math.imul(four ^ step, 0x297a2d39) ^ (four >>> 14);
  }
  return one ^ two ^ three ^ four;
}

/** Of one step, to a hundredth. */
function medianNanoseconds(steps: number, loop: () => number): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const begin = process.hrtime.bigint();
    loop();
    return Number(process.hrtime.bigint() - begin) / steps;
  });
  return hundredths(median(times));
}
