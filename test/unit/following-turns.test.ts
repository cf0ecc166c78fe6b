import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { FollowingTurns } from "../../services/host/following-turns.js";
import { FOLLOWING_TURN_MS_MAX } from "../../services/host/limits.js";
import { ManualClock } from "../helpers/manual-clock.js";

const FOLLOWERS = 10;
const PIECES = 7;

it("gives all that follow a few milliseconds of a turn of the event loop together, one after the other", async () => {
  const clock = new ManualClock();
  const turns = new FollowingTurns(clock);
  let inTurn = 0;
  const done: number[] = [];
  /** Each piece takes a millisecond. */
  const follow = async (follower: number) => {
    for (let piece = 0; piece < PIECES; piece++) {
      if (turns.isOver) await new Promise<void>((resolve) => turns.queue(resolve));
      clock.stall(1);
      inTurn += 1;
    }
    done.push(follower);
  };
  const all = Promise.all(Array.from({ length: FOLLOWERS }, (_, follower) => follow(follower)));
  let longest = inTurn;
  let together = inTurn;
  while (done.length < FOLLOWERS) {
    inTurn = 0;
    await turn();
    longest = Math.max(longest, inTurn);
    together += inTurn;
  }
  await all;
  expect(longest).toBe(FOLLOWING_TURN_MS_MAX);
  expect(together).toBe(FOLLOWERS * PIECES);
  expect(done).toEqual(Array.from({ length: FOLLOWERS }, (_, follower) => follower));
});
