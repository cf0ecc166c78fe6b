/** How far an actor has heard a source reaches the source, also when the first word of it is lost (R4). */
import { describe, expect, it } from "vitest";
import type { Actor, Effects } from "../../actors/kernel/actor.js";
import { Links } from "../../actors/kernel/links.js";
import { ANNOUNCE_EVERY_MS, TIDY_AFTER_MS } from "../../services/host/limits.js";
import { LeaderStage, settled, STAGED_ACTOR } from "../helpers/leader-stage.js";

const SOURCE = 7;
const OTHER = 8;

/** Counts what it is told. */
class Counter implements Actor {
  readonly id = STAGED_ACTOR;
  readonly links = new Links();
  private count = 0;

  advance(): void {}

  due(): number {
    return Infinity;
  }

  apply(): void {
    this.count += 1;
  }

  takeEffects(): Effects {
    const state = new Uint8Array([this.count]);
    return { rows: {}, state, sends: new Map(), events: null, replies: null };
  }

  dropEffects(): void {}

  setSilent(): void {}

  stateHash(): number {
    return this.count;
  }

  checkInvariants(): void {}
}

describe("a frame that comes again, as its source has not heard that it was taken", () => {
  async function taken(): Promise<LeaderStage> {
    const stage = new LeaderStage();
    await stage.lead(new Counter());
    await stage.frame(SOURCE, 1, 1);
    await stage.pass(ANNOUNCE_EVERY_MS);
    expect(marks(stage)).toEqual([{ source: SOURCE, token: 1, number: 1 }]);
    stage.announced.length = 0;
    return stage;
  }

  const marks = ({ announced }: LeaderStage) => announced.flatMap((said) => said.marks);

  it("is answered with the mark at once when nothing is being committed", async () => {
    const stage = await taken();
    await stage.frame(SOURCE, 1, 1);
    await stage.pass(ANNOUNCE_EVERY_MS);
    expect(marks(stage)).toEqual([{ source: SOURCE, token: 1, number: 1 }]);
  });

  it("is answered after the next commit when one is under way, also if nothing else comes", async () => {
    const stage = await taken();
    let answer = () => {};
    stage.answered = new Promise((resolve) => (answer = resolve));
    await stage.frame(OTHER, 1, 1);
    await stage.frame(SOURCE, 1, 1);
    answer();
    await settled();
    await stage.pass(TIDY_AFTER_MS + ANNOUNCE_EVERY_MS);
    expect(marks(stage)).toContainEqual({ source: SOURCE, token: 1, number: 1 });
  });

  it("is answered under steady load, where a commit is always under way", async () => {
    const stage = await taken();
    for (let number = 1; number <= 20; number++) {
      let answer = () => {};
      stage.answered = new Promise((resolve) => (answer = resolve));
      await stage.frame(OTHER, 2 * number - 1, 1);
      await stage.frame(SOURCE, 1, 1);
      await stage.frame(OTHER, 2 * number, 1);
      answer();
      await stage.pass(1);
    }
    await stage.pass(ANNOUNCE_EVERY_MS);
    expect(marks(stage)).toContainEqual({ source: SOURCE, token: 1, number: 1 });
  });
});
