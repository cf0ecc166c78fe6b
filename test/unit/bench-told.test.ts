import { expect, it } from "vitest";
import { NORMAL_SPANS, SPAN_MS, ToldOrders } from "../bench/told.js";

const EVERY_MS = 10;
const LIMIT_MS = 20;

/** Orders every few milliseconds, each accepted or refused after a wait that depends on when it was sent. */
function told(untilMs: number, fate: (atMs: number) => number | "refused"): ToldOrders {
  const orders = new ToldOrders();
  for (let at = 0; at < untilMs; at += EVERY_MS) {
    const clientOrderId = `o${at}`;
    orders.take({ kind: "submitted", clientOrderId, at });
    const wait = fate(at);
    if (wait === "refused") orders.take({ kind: "refused", clientOrderId, at });
    else orders.take({ kind: "accepted", clientOrderId, at: at + wait });
  }
  return orders;
}

it("tells what was accepted of what was sent between two moments, and how soon", () => {
  const orders = told(1_000, (at) => (at < 500 ? 5 : "refused"));
  const { accepted, refused, sent } = orders.between(200, 700);
  expect({ sent, refused, accepted: accepted.count }).toEqual({
    sent: 50,
    refused: 20,
    accepted: 30,
  });
  expect(accepted.percentile(99)).toBeCloseTo(5, 1);
});

it("is normal from the first span on in which, and for a while after which, everything is", () => {
  const slowUntil = 3 * SPAN_MS;
  const normal = (fate: (atMs: number) => number | "refused") =>
    told(2_000, fate).normalAfter(0, 2_000, LIMIT_MS);
  expect(normal(() => 5)).toBe(SPAN_MS);
  expect(normal((at) => (at < slowUntil ? 50 : 5))).toBe(slowUntil + SPAN_MS);
  // A refusal is no answer in time, however quick it is.
  expect(normal((at) => (at < slowUntil ? "refused" : 5))).toBe(slowUntil + SPAN_MS);
  // What was well for less than it takes to believe it was not yet well.
  const relapse = (NORMAL_SPANS - 1) * SPAN_MS;
  expect(normal((at) => (at === relapse ? 50 : 5))).toBe(relapse + 2 * SPAN_MS);
  expect(normal(() => 50)).toBeNull();
});
