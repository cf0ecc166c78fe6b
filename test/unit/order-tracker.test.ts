import { expect, it } from "vitest";
import type { AccountEvent } from "../../proto/gen/exchange/v1/exchange.js";
import { MomentsKeeper } from "../../chaos/load/moments.js";
import { resultOf } from "../../services/gateway/order-intake.js";
import { exhausted } from "../../services/gateway/refusal.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { type OrderListener, OrderTracker } from "../../services/participants/tracker.js";

/** Orders a to d, sent and not answered. */
function unanswered(listener?: OrderListener): OrderTracker {
  const tracker = new OrderTracker(new ClientLog(undefined), listener);
  for (const [at, clientOrderId] of ["a", "b", "c", "d"].entries()) {
    tracker.submit({
      requestId: at + 1,
      account: 9,
      clientOrderId,
      symbol: "AAPL",
      isCrossing: true,
      dueMs: 0,
    });
  }
  return tracker;
}

const told = ($case: string, value: object) =>
  ({ account: 9, sequence: 5, token: 1, time: 1, event: { $case, value } }) as AccountEvent;

it("counts the orders that were known only by asking: each once, and none that an event told of", () => {
  const tracker = unanswered();
  const [found, voided, accepted, rejected] = tracker.unanswered;
  tracker.resolve(found!, { orderId: 70, isVoided: false });
  tracker.resolve(found!, { orderId: 70, isVoided: false });
  tracker.resolve(voided!, { orderId: 0, isVoided: true });
  tracker.resolve(voided!, { orderId: 0, isVoided: true });
  tracker.takeEvent(told("accepted", { orderId: 72, clientOrderId: "c" }), 1);
  tracker.resolve(accepted!, { orderId: 72, isVoided: false });
  tracker.takeEvent(told("rejected", { clientOrderId: "d", code: "NO_FUNDS" }), 1);
  tracker.resolve(rejected!, { orderId: 0, isVoided: true });
  expect(tracker.resolved).toBe(2);
  expect(tracker.unanswered).toEqual([]);
});

it("tells with each refusal when to try again, or that nothing was said of that", () => {
  const keeper = new MomentsKeeper();
  const tracker = unanswered(keeper);
  tracker.takeResult(resultOf(1, exhausted("OVERLOADED", "too much", 70)), 5);
  tracker.takeResult(resultOf(2, exhausted("OVERLOADED", "too much", 0)), 6);
  tracker.takeEvent(told("rejected", { clientOrderId: "c", code: "NO_FUNDS" }), 7);
  expect(keeper.moments.refused).toEqual([
    [5, "OVERLOADED", 70],
    [6, "OVERLOADED", 0],
    [7, "NO_FUNDS", 0],
  ]);
});
