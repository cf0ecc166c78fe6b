import { expect, it } from "vitest";
import {
  cordonKey,
  drainKey,
  moveKey,
  OFF,
  ON,
  parseWishes,
  standbyKey,
} from "../../actors/placement/wishes.js";

it("finds each wish by its key, and leaves out what it does not know", () => {
  const wishes = parseWishes(
    new Map([
      [cordonKey("node-1"), ON],
      [drainKey("node-2"), ON],
      [moveKey("market.A%2FB"), "node-3"],
      [moveKey("ledger.1"), "node-1"],
      [standbyKey("market.X"), OFF],
      [standbyKey("market.Y"), ON],
      ["cordon/", ON],
      ["cordon", ON],
      ["unheard/of", ON],
      ["", ""],
    ]),
  );
  expect(wishes).toEqual({
    cordoned: new Set(["node-1"]),
    drained: new Set(["node-2"]),
    moves: new Map([
      ["market.A%2FB", "node-3"],
      ["ledger.1", "node-1"],
    ]),
    withoutStandby: new Set(["market.X"]),
  });
});
