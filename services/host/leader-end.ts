/** How a leadership ends that was not given up. */
import { ClientOrderIdConflict, CommitUnknownError, FencedError } from "../ports/store.js";

export type LeaderEnd =
  | { readonly kind: "fenced" | "lost"; readonly reason: string }
  /** A bug, or the delusion of a deposed leader; `batch` is the last that it has committed. */
  | { readonly kind: "failed"; readonly reason: string; readonly batch: number }
  | { readonly kind: "conflict"; readonly reason: string; readonly orderIds: readonly number[] };

/** What a failed commit means; `batch` is the last that has succeeded. */
export function endOfCommit(error: unknown, batch: number): LeaderEnd {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof FencedError) return { kind: "fenced", reason };
  if (error instanceof CommitUnknownError) return { kind: "lost", reason };
  if (error instanceof ClientOrderIdConflict) {
    return { kind: "conflict", reason, orderIds: error.orderIds };
  }
  return { kind: "failed", reason, batch };
}
