/**
 * Two actors' steps as one story. A batch has the time at which it was begun, and may have taken what came a moment later: where
 * times and causes differ, a step comes after its cause.
 */
import type { Step } from "./step.js";

/** The shard passes its n-th command of the order on (0: the order itself); the market takes it; a trade. */
export const sentCause = (n: number): string => `sent ${n}`;
export const takenCause = (n: number): string => `taken ${n}`;
export const tradeCause = (tradeId: number): string => `trade ${tradeId}`;

/** A step, the cause that it is, and the cause that it has; null: none that is known. */
export interface CausedStep {
  readonly step: Step;
  readonly gives: string | null;
  readonly needs: string | null;
}

/** Each actor's steps are in order already. A cause that is not among them is not waited for. */
export function inOrder(one: readonly CausedStep[], other: readonly CausedStep[]): Step[] {
  const queues = [[...one], [...other]];
  const awaited = new Set([...one, ...other].map(({ gives }) => gives));
  const steps: Step[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const heads = queues.filter((queue) => queue.length > 0);
    const free = heads.filter(([head]) => head!.needs === null || !awaited.has(head!.needs));
    // Causes that go round in a circle would be a mistake of ours, and not worth more than an odd order.
    const from = (free.length > 0 ? free : heads).toSorted(byTime)[0]!;
    const { step, gives } = from.shift()!;
    awaited.delete(gives);
    steps.push(step);
  }
  return steps;
}

function byTime([a]: readonly CausedStep[], [b]: readonly CausedStep[]): number {
  return a!.step.time - b!.step.time;
}
