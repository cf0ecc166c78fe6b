import { expect, it } from "vitest";
import { Outages } from "../../chaos/load/outages.js";

it("knows what was due while nothing could be sent, and counts the time between two looks as the first saw it", () => {
  const outages = new Outages();
  outages.look(true, 10);
  outages.look(false, 20);
  outages.look(true, 30);
  expect([15, 19, 20, 25, 30, 31].map((dueMs) => outages.hadDue(dueMs))).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
});

it("remembers an outage when the next has begun", () => {
  const outages = new Outages();
  for (const [isOpen, nowMs] of [
    [false, 10],
    [true, 20],
    [false, 30],
    [true, 40],
  ] as const) {
    outages.look(isOpen, nowMs);
  }
  expect([15, 25, 35, 45].map((dueMs) => outages.hadDue(dueMs))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
