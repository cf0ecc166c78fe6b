import { expect } from "vitest";
import type { Effects } from "../../actors/kernel/actor.js";

/** Nothing is to be stored or said. */
export function expectNothing({ rows, sends, events, replies }: Effects): void {
  const parts = Object.keys(rows).filter((part) => rows[part]!.count > 0);
  expect({ parts, sends: sends.size, events, replies }).toEqual({
    parts: [],
    sends: 0,
    events: null,
    replies: null,
  });
}
