/** The queues of a process as it shows them to operators, for the checks. */
import type { QueueState } from "../../../services/common/queues.js";

export function lengthsOf(
  states: Readonly<Record<string, QueueState>>,
): ReadonlyMap<string, number> {
  return new Map(Object.entries(states).map(([name, { length }]) => [name, length]));
}
