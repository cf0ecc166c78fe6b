/** R12 in a simulated run: a commit rests on what Postgres has told the very life that sends it, also where it is refused. */
import { describe, expect, it } from "vitest";
import { ToldCheck } from "../../chaos/simulator/checks/told.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import type { RaiseSeen } from "../../chaos/simulator/world/witness.js";
import type { ActorRecord, Batch } from "../../services/ports/store.js";

const ACTOR = 1_025;
const LIFE = "node-1#1";

/** A life that was told, by its raise, of token 3 and batch 7. */
function stage() {
  const verdict = new Verdict(() => 0);
  const check = new ToldCheck(verdict);
  const raise = (token: number, batch: number, incarnation = 1, life = LIFE, by = life): void => {
    const raised = { token, batch, incarnation } as ActorRecord;
    const holder = { node: "node-1", incarnation: life, reason: "" };
    check.raised({ actor: ACTOR, by: { incarnation: by }, holder, raised } as RaiseSeen);
  };
  raise(3, 7);
  return { verdict, check, raise };
}

function batchOf(token: number, number: number, incarnation = 1): Batch {
  return { actor: { id: ACTOR, name: "market.X", incarnation }, token, number } as Batch;
}

describe("a commit rests on what Postgres has told", () => {
  it("and not on what a predecessor has raised for this life, before it has asked for that itself", () => {
    const { verdict, check, raise } = stage();
    const successor = "node-2#1";
    raise(4, 8, 1, successor, LIFE);
    check.attempted(batchOf(4, 9), successor);
    expect(verdict.violation?.rule).toBe("R12");
    const asked = stage();
    asked.raise(4, 8, 1, successor, LIFE);
    asked.raise(4, 8, 1, successor);
    asked.check.attempted(batchOf(4, 9), successor);
    expect(asked.verdict.violation).toBeNull();
  });

  it("when it goes on from the raise, or from what was stored since, also late or again", () => {
    const { verdict, check, raise } = stage();
    check.attempted(batchOf(3, 8), LIFE);
    check.stored(batchOf(3, 8), LIFE);
    check.attempted(batchOf(3, 9), LIFE);
    check.attempted(batchOf(3, 8), LIFE);
    raise(4, 8);
    check.attempted(batchOf(3, 9), LIFE);
    check.attempted(batchOf(4, 9), LIFE);
    raise(4, 8, 2);
    check.attempted(batchOf(4, 9, 2), LIFE);
    expect(verdict.violation).toBeNull();
  });

  it.each([
    ["a token that nobody has raised", batchOf(4, 8), LIFE],
    ["a token that another life has raised", batchOf(3, 8), "node-1#2"],
    ["a batch that follows one which nobody has stored", batchOf(3, 9), LIFE],
    ["a batch from before the raise", batchOf(3, 7), LIFE],
    ["an incarnation that it was not told of", batchOf(3, 8, 2), LIFE],
  ])("and not when it has %s", (_, batch, by) => {
    const { verdict, check } = stage();
    check.attempted(batch, by);
    expect(verdict.violation?.rule).toBe("R12");
  });
});
