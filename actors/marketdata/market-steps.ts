/** The events of a frame, command by command. */
import type { MarketEvent } from "../market/market-events.js";
import { DepthChanges } from "./depth-changes.js";

export type TradeEvent = Extract<MarketEvent, { readonly kind: "trade" }>;

/** What one command of a market led to. */
export interface MarketStep {
  readonly sequence: number;
  readonly trades: readonly TradeEvent[];
  readonly changes: DepthChanges;
}

/** Groups events, which come in the order of the market's sequence, by the command behind them. */
export function stepsOf(events: readonly MarketEvent[]): MarketStep[] {
  const steps: { sequence: number; trades: TradeEvent[]; changes: DepthChanges }[] = [];
  for (const event of events) {
    let step = steps[steps.length - 1];
    if (step?.sequence !== event.sequence) {
      step = { sequence: event.sequence, trades: [], changes: new DepthChanges() };
      steps.push(step);
    }
    if (event.kind === "trade") step.trades.push(event);
    else step.changes.set(event.side, event.price, event.quantity);
  }
  return steps;
}

/** The changes of all steps in one. */
export function mergedChanges(steps: readonly MarketStep[]): DepthChanges {
  const merged = new DepthChanges();
  for (const step of steps) merged.merge(step.changes);
  return merged;
}
