/**
 * Where a listener stands in what an actor says, and what a frame or an announcement means to it. Everything said is
 * committed (R3), so whoever must not trust what it has seen may always read Postgres instead.
 */
import type { EventFrame } from "../kernel/event-frame.js";

export interface EventPosition {
  /** The highest token seen, and the last batch with events that was taken. */
  readonly token: number;
  readonly eventBatch: number;
}

export type Verdict =
  /** It follows what was taken: take it. */
  | "next"
  /** It was taken before, or a deposed leader says it: ignore it. */
  | "seen"
  | "lower-token"
  /** Read what is missing: there is a new leader, or batches in between were not heard. */
  | "new-token"
  | "gap";

export function judgeFrame(
  at: EventPosition,
  frame: Pick<EventFrame, "token" | "batch" | "previousBatch">,
): Verdict {
  if (frame.token < at.token) return "lower-token";
  if (frame.token > at.token) return "new-token";
  if (frame.batch <= at.eventBatch) return "seen";
  return frame.previousBatch === at.eventBatch ? "next" : "gap";
}

/** An announcement carries nothing to take: "seen" says that nothing is missing. */
export function judgeAnnouncement(
  at: EventPosition,
  said: EventPosition,
): Exclude<Verdict, "next"> {
  if (said.token < at.token) return "lower-token";
  if (said.token > at.token) return "new-token";
  return said.eventBatch > at.eventBatch ? "gap" : "seen";
}
