import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Side } from "../../actors/kernel/order.js";
import type { MatchingEngine } from "../../actors/market/engine.js";
import { EventKind, type EventLog, Field } from "../../actors/market/event-log.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { MarketState } from "../../actors/market/market-state.js";
import type { MarketCommand } from "../../actors/market/messages.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import { OrderBookView } from "../../actors/marketdata/order-book-view.js";
import { INSTRUMENT } from "../helpers/market.js";
import { wholeFlows } from "../helpers/whole-flow.js";

const SIDES = [Side.Buy, Side.Sell];

function listedState(): MarketState {
  const state = new MarketState();
  state.instrument = INSTRUMENT;
  state.reference = INSTRUMENT.referencePrice;
  state.sessionReference = INSTRUMENT.referencePrice;
  return state;
}

function run(engine: MatchingEngine, command: MarketCommand): void {
  switch (command.kind) {
    case "enter":
      engine.enter(Object.assign(new OrderEntry(), command));
      break;
    case "cancel":
      engine.cancel(command.orderId);
      break;
    case "reduce":
      engine.reduce(command.orderId, command.leaves);
      break;
    case "amend":
      engine.amend(command);
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
    case "mass-cancel":
      engine.massCancel(command.account, command.side);
      break;
    default:
      throw new Error(`no ${command.kind} is drawn`);
  }
}

function takeDepth(book: DepthBook, log: EventLog): void {
  for (let at = 0; at < log.count; at++) {
    if (log.value(at, Field.kind) !== EventKind.Depth) continue;
    const side = log.value(at, Field.depthSide) as Side;
    book.set(side, log.value(at, Field.depthPrice), log.value(at, Field.depthQuantity));
  }
}

describe.each([
  ["FastEngine", FastEngine],
  ["NaiveEngine", NaiveEngine],
])("the event log of the %s", (_, Engine) => {
  it("tells every order in its place, and what every price shows", () => {
    fc.assert(
      fc.property(wholeFlows, (happenings) => {
        const engine: MatchingEngine = new Engine(listedState());
        const view = new OrderBookView();
        const depth = new DepthBook();
        for (const { time, command } of happenings) {
          engine.advance(time);
          if (command) run(engine, command);
          view.take(engine.log);
          takeDepth(depth, engine.log);
          engine.log.reset();
          for (const side of SIDES) {
            const orders = engine.book(side);
            expect(view.book(side)).toEqual(
              orders.map(({ orderId, account, price, leaves, shown, priority }) => {
                return { orderId, account, side, price, leaves, shown, priority };
              }),
            );
            expect(depth.levels(side)).toEqual(view.levels(side));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
