import { describe, expect, it } from "vitest";
import { type RestingOrder, RestingOrders } from "../../services/participants/resting-orders.js";

interface Named extends RestingOrder {
  readonly name: string;
}

const order = (name: string): Named => ({
  name,
  symbol: name.slice(0, 1),
  isFinal: false,
  isResting: false,
});

function added(resting: RestingOrders<Named>, names: readonly string[]): Map<string, Named> {
  const orders = names.map(order);
  for (const each of orders) resting.add(each);
  return new Map(orders.map((each) => [each.name, each]));
}

function end(resting: RestingOrders<Named>, ended: Named): void {
  ended.isFinal = true;
  resting.finish(ended);
}

function takeAll(resting: RestingOrders<Named>): string[] {
  const names: string[] = [];
  for (let taken = resting.take(); taken; taken = resting.take()) names.push(taken.name);
  return names;
}

describe("resting orders", () => {
  it("are given once each, the oldest first, without those that have ended", () => {
    const resting = new RestingOrders<Named>();
    const orders = added(resting, ["a1", "b1", "a2", "b2", "a3"]);
    end(resting, orders.get("a1")!);
    expect(takeAll(resting)).toEqual(["b1", "a2", "b2", "a3"]);
    // What was given and ends then is nobody's loss.
    end(resting, orders.get("a2")!);
    added(resting, ["a4"]);
    expect(takeAll(resting)).toEqual(["a4"]);
  });

  it("are spared while no more of their symbol rest", () => {
    const resting = new RestingOrders<Named>(2);
    const orders = added(resting, ["a1", "b1", "a2", "a3", "b2"]);
    expect(takeAll(resting)).toEqual(["a1"]);
    end(resting, orders.get("a2")!);
    added(resting, ["a4"]);
    expect(takeAll(resting)).toEqual([]);
    added(resting, ["a5", "b3"]);
    expect(takeAll(resting)).toEqual(["a3", "b1"]);
  });

  it("are not given for an order that came as one too many, when others have ended since", () => {
    const resting = new RestingOrders<Named>(2);
    const orders = added(resting, ["a1", "a2", "a3", "a4"]);
    for (const name of ["a1", "a2"]) end(resting, orders.get(name)!);
    expect(takeAll(resting)).toEqual([]);
    added(resting, ["a5"]);
    expect(takeAll(resting)).toEqual(["a3"]);
  });

  it("are as many as are spared after any number of them was taken", () => {
    const resting = new RestingOrders<Named>(16);
    added(
      resting,
      Array.from({ length: 25_000 }, (_, n) => `a${n}`),
    );
    const taken = takeAll(resting);
    expect(taken).toHaveLength(25_000 - 16);
    expect(taken.at(-1)).toBe(`a${25_000 - 17}`);
  });
});
