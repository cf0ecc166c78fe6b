/** What can be asked of a matching engine, as plain values: a list of them is a flow that can be cut, shown and repeated. */
import type { Side } from "../../actors/kernel/order.js";
import type { AmendRequest, MatchingEngine } from "../../actors/market/engine.js";
import type { ScheduledPhase } from "../../actors/market/market-state.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import type { Phase } from "../../actors/market/phase.js";
import type { MarketRules } from "../../actors/market/rules.js";

export type EntryTerms = Readonly<Omit<OrderEntry, "reset">>;

export type EngineCommand =
  | ({ readonly kind: "enter" } & EntryTerms)
  | { readonly kind: "cancel"; readonly orderId: number }
  | { readonly kind: "reduce"; readonly orderId: number; readonly leaves: number }
  | ({ readonly kind: "amend" } & AmendRequest)
  | { readonly kind: "mass-cancel"; readonly account: number; readonly side: Side | 0 }
  | { readonly kind: "phase"; readonly phase: Phase; readonly until: number }
  | { readonly kind: "rules"; readonly rules: MarketRules }
  | { readonly kind: "schedule"; readonly schedule: readonly ScheduledPhase[] }
  | { readonly kind: "advance"; readonly time: number }
  /** The instrument is listed anew. */
  | { readonly kind: "list"; readonly tick: number; readonly lot: number }
  /** The batch ends: what has changed is stored. */
  | { readonly kind: "store" }
  /** The batch ends, and a successor goes on from what is stored. */
  | { readonly kind: "restore" };

/** Commands that an engine takes; the others are for whoever drives it. */
export type EngineInput = Exclude<EngineCommand, { readonly kind: "store" | "restore" }>;

const entry = new OrderEntry();
const PLAIN: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(new OrderEntry()),
);

export function applyTo(engine: MatchingEngine, command: EngineInput): void {
  switch (command.kind) {
    case "enter": {
      const { kind: _, ...terms } = command;
      engine.enter(Object.assign(entry, terms));
      break;
    }
    case "cancel":
      engine.cancel(command.orderId);
      break;
    case "reduce":
      engine.reduce(command.orderId, command.leaves);
      break;
    case "amend":
      engine.amend(command);
      break;
    case "mass-cancel":
      engine.massCancel(command.account, command.side);
      break;
    case "phase":
      engine.changePhase(command.phase, command.until);
      break;
    case "rules":
      engine.setRules(command.rules);
      break;
    case "schedule":
      engine.setSchedule(command.schedule);
      break;
    case "advance":
      engine.advance(command.time);
      break;
    default: {
      const { instrument } = engine.state;
      if (!instrument) throw new Error("there is no instrument to list anew");
      engine.state.instrument = { ...instrument, tick: command.tick, lot: command.lot };
    }
  }
}

/** A command as one line, without what is as it is in a plain order. */
export function lineOf(command: EngineCommand): string {
  if (command.kind !== "enter") return JSON.stringify(command);
  const told = Object.entries(command).filter(([name, value]) => PLAIN[name] !== value);
  return JSON.stringify(Object.fromEntries(told));
}
