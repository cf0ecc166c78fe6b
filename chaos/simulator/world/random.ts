/** Randomness by the seed: one independent stream for each name, so that a new consumer of one shifts no other. */
import { hashOfIntegers, hashOfString } from "../../../actors/kernel/hash.js";
import { Random } from "../../../services/participants/random.js";

export { Random };

export function randomStream(seed: number, name: string): Random {
  return new Random(hashOfIntegers(seed, hashOfString(name)));
}

/** A whole number of microseconds, exponentially distributed around a mean. */
export function exponentialUs(random: Random, meanUs: number): number {
  return meanUs === 0 ? 0 : Math.floor(-Math.log(1 - random.next()) * meanUs);
}
