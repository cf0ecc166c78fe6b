/**
 * The ladder of the fast engine against a plain sorted list: whatever comes and goes, near the
 * market and far from it.
 */
import { strict as assert } from "node:assert";
import { describe, expect, it } from "vitest";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { FarLevels } from "../../actors/market/fast/far-levels.js";
import { LevelStore } from "../../actors/market/fast/level-store.js";
import { OrderStore } from "../../actors/market/fast/order-store.js";
import { PriceLadder } from "../../actors/market/fast/price-ladder.js";
import { TickBitmap } from "../../actors/market/fast/tick-bitmap.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { randomNumbers } from "../helpers/orderflow.js";

const SEEDS = [1, 2, 3];

/** A ladder and what it should hold: how many orders stand at each price. */
class Bench {
  readonly orders = new OrderStore();
  readonly levels = new LevelStore(this.orders);
  readonly ladder: PriceLadder;
  readonly expected = new Map<number, number[]>();
  readonly emptied = new Set<number>();
  private readonly direction: 1 | -1;
  private count = 0;

  constructor(direction: 1 | -1) {
    this.direction = direction;
    this.ladder = new PriceLadder(this.levels, 1, direction, Infinity);
  }

  add(price: number): void {
    const entry = new OrderEntry();
    this.count += 1;
    const good = TimeInForce.GoodTillCancel;
    const slot = this.orders.open(entry.reset(this.count, 1, Side.Buy, price, 1, good));
    const level = this.ladder.demand(price);
    if (this.levels.append(level, slot) === 1) this.ladder.noteFilled(level);
    this.expected.set(price, [...(this.expected.get(price) ?? []), slot]);
    this.emptied.delete(price);
  }

  /** Takes one order of a price away; the level stays until the command ends. */
  remove(price: number): void {
    const slots = this.expected.get(price)!;
    const slot = slots.shift()!;
    const level = this.ladder.find(price);
    assert.equal(this.levels.head(level), slot);
    if (this.levels.remove(level, slot) === 0) this.ladder.noteEmptied(level);
    this.orders.close(slot);
    if (slots.length > 0) return;
    this.expected.delete(price);
    this.emptied.add(price);
  }

  endCommand(): void {
    for (const price of this.emptied) this.ladder.close(this.ladder.find(price));
    this.emptied.clear();
  }

  /** The best price first. */
  sorted(): number[] {
    return [...this.expected.keys()].sort((a, b) => this.direction * (a - b));
  }

  walked(): number[] {
    const prices: number[] = [];
    const { ladder } = this;
    for (let level = ladder.best; level !== 0; level = ladder.after(level)) {
      prices.push(this.levels.price(level));
    }
    return prices;
  }

  check(): void {
    expect(this.walked()).toEqual(this.sorted());
    expect(this.ladder.count).toBe(this.expected.size);
    this.ladder.checkInvariants();
  }
}

describe.each([
  ["bids", -1],
  ["asks", 1],
] as const)("a ladder of %s", (_, direction) => {
  it.each(SEEDS)("is in order while prices walk, jump and come back (seed %i)", (seed) => {
    const random = randomNumbers(seed);
    const bench = new Bench(direction);
    let middle = 500_000;
    for (let command = 0; command < 1_500; command++) {
      if (random(200) === 0) middle = 1_000 + random(1_000_000);
      middle += random(41) - 20;
      for (let n = random(4); n > 0; n--) {
        const width = [5, 300, 5_000, 90_000][random(4)]!;
        bench.add(Math.max(1, middle - width + random(2 * width)));
      }
      for (let n = random(4); n > 0 && bench.expected.size > 0; n--) {
        const prices = bench.sorted();
        bench.remove(prices[random(3) === 0 ? 0 : random(prices.length)]!);
      }
      if (random(3) === 0) bench.endCommand();
      if (command % 25 === 0) bench.check();
      assert.equal(bench.ladder.best === 0, bench.expected.size === 0);
      const [best] = bench.sorted();
      if (best !== undefined) assert.equal(bench.levels.price(bench.ladder.best), best);
    }
    bench.endCommand();
    bench.check();
  });

  it("finds a level again that was emptied in the same command, and only in it", () => {
    const bench = new Bench(direction);
    bench.add(100);
    const level = bench.ladder.find(100);
    bench.remove(100);
    expect([bench.ladder.best, bench.ladder.find(100)]).toEqual([0, level]);
    bench.add(100);
    expect([bench.ladder.best, bench.ladder.find(100)]).toEqual([level, level]);
    bench.remove(100);
    bench.endCommand();
    expect(bench.ladder.find(100)).toBe(0);
  });

  it("stays whole when everything near is emptied, and what was far is the best", () => {
    const bench = new Bench(direction);
    const prices = [500_000, 500_001, 500_000 + direction * 300_000, 500_000 + direction * 400_000];
    for (const price of prices) bench.add(price);
    for (const price of prices.slice(0, 3)) bench.remove(price);
    expect(bench.levels.price(bench.ladder.best)).toBe(prices[3]);
    bench.add(prices[0]!);
    expect(bench.levels.price(bench.ladder.best)).toBe(prices[0]);
    bench.endCommand();
    bench.check();
  });

  it("follows the tick, and takes prices that are off it", () => {
    const bench = new Bench(direction);
    for (const price of [1_000, 1_500, 4_000]) bench.add(price);
    bench.ladder.fit(1_000);
    bench.check();
    expect(bench.ladder.find(1_250)).toBe(0);
    bench.add(1_250);
    bench.add(3);
    bench.check();
    for (const price of [1_500, 1_250, 3]) bench.remove(price);
    bench.endCommand();
    bench.ladder.fit(1_000);
    bench.check();
  });
});

it("far levels are found, in order, and none is lost as blocks split and empty", () => {
  const random = randomNumbers(7);
  const far = new FarLevels();
  const expected = new Map<number, number>();
  for (let n = 1; n < 3_000; n++) {
    const rank = random(4_000) - 2_000;
    const level = expected.get(rank);
    if (level === undefined) far.insert(rank, n);
    else far.remove(rank);
    if (level === undefined) expected.set(rank, n);
    else expected.delete(rank);
    assert.equal(far.find(rank), expected.get(rank) ?? 0);
    if (n % 100 !== 0) continue;
    far.checkInvariants();
    const ranks = [...expected.keys()].sort((a, b) => a - b);
    expect(far.count).toBe(ranks.length);
    expect(far.first()).toBe(expected.get(ranks[0]!));
    for (const probe of [random(4_000) - 2_000, ranks[0]!, ranks[ranks.length - 1]!]) {
      const next = ranks.find((other) => other > probe);
      expect(far.after(probe)).toBe(next === undefined ? 0 : expected.get(next));
    }
  }
});

it.each([32, 1_024, 65_536])("a bitmap of %i finds the next member around its ring", (size) => {
  const random = randomNumbers(size);
  const bitmap = new TickBitmap(size);
  const members = new Set<number>();
  for (let n = 0; n < 2_000; n++) {
    const position = random(size);
    if (random(3) === 0 || members.has(position)) {
      bitmap.delete(position);
      members.delete(position);
    } else {
      bitmap.add(position);
      members.add(position);
    }
    assert.equal(bitmap.has(position), members.has(position));
    const from = random(size);
    const sorted = [...members].sort((a, b) => a - b);
    const next = sorted.find((other) => other >= from) ?? sorted[0] ?? -1;
    assert.equal(bitmap.firstFrom(from), next);
    if (members.size > 50) {
      for (const member of members) bitmap.delete(member);
      members.clear();
    }
  }
});
