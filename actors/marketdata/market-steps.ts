/** The events of a frame, command by command. */
import type { MarketEvent } from "../market/market-events.js";
import { DepthChanges } from "./depth-changes.js";

export type TradeEvent = Extract<MarketEvent, { readonly kind: "trade" }>;
export type PhaseEvent = Extract<MarketEvent, { readonly kind: "phase" }>;
export type IndicativeEvent = Extract<MarketEvent, { readonly kind: "indicative" }>;

/** What one command of a market led to. */
export interface MarketStep {
  readonly sequence: number;
  readonly trades: readonly TradeEvent[];
  readonly phases: readonly PhaseEvent[];
  /** What an uncross would give after it; null: that has not changed. */
  readonly indicative: IndicativeEvent | null;
  readonly changes: DepthChanges;
}

interface OpenStep extends MarketStep {
  readonly trades: TradeEvent[];
  readonly phases: PhaseEvent[];
  indicative: IndicativeEvent | null;
}

/** Groups events, which come in the order of the market's sequence, by the command behind them. */
export function stepsOf(events: readonly MarketEvent[]): MarketStep[] {
  const steps: OpenStep[] = [];
  for (const event of events) {
    const { sequence } = event;
    let step = steps[steps.length - 1];
    if (step?.sequence !== sequence) {
      const changes = new DepthChanges();
      step = { sequence, trades: [], phases: [], indicative: null, changes };
      steps.push(step);
    }
    if (event.kind === "trade") step.trades.push(event);
    else if (event.kind === "phase") step.phases.push(event);
    else if (event.kind === "indicative") step.indicative = event;
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
