import { expect, it } from "vitest";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { OrderFlow } from "../../chaos/load/flow.js";
import { Latencies } from "../../services/participants/latencies.js";
import { OrderTracker } from "../../services/participants/tracker.js";
import type { AccountEvent, Instrument } from "../../proto/gen/exchange/v1/exchange.js";

const INSTRUMENT: Instrument = {
  symbol: "X",
  baseAsset: { name: "X", decimals: 0 },
  quoteAsset: { name: "USD", decimals: 2 },
  priceDecimals: 2,
  quantityDecimals: 0,
  tick: 5,
  lot: 10,
  referencePrice: 1_000,
  makerFee: 0,
  takerFee: 0,
  feeTiers: [],
};
const SHARES = { crossingShare: 0.5, cancelShare: 1 / 3 };
const ORDERS = 20_000;

function tell(sequence: number, event: AccountEvent["event"]): AccountEvent {
  return { account: 1, sequence, token: 1, time: 0, executionType: 0, event };
}

function tracked() {
  const tracker = new OrderTracker(new ClientLog(undefined));
  const base = { account: 1, isCrossing: false, dueMs: 0 };
  tracker.submit({ ...base, requestId: 1, clientOrderId: "a" });
  return { tracker, base };
}

const OK = {
  code: "OK",
  message: "",
  sequence: 3,
  token: 1,
  repeated: false,
  retryMs: 0,
  pairOrderId: 0,
  leg: 0,
};

it("makes the same flow from the same seed, with the shares it was asked for", () => {
  const flows = [1, 1, 2].map((seed) => new OrderFlow(seed, [INSTRUMENT], SHARES));
  const [one, same, other] = flows.map((flow) => Array.from({ length: 50 }, () => flow.next()));
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
  const flow = new OrderFlow(3, [INSTRUMENT], SHARES);
  let crossing = 0;
  let cancels = 0;
  for (let n = 0; n < ORDERS; n++) {
    const { wish, isCrossing } = flow.next();
    expect(wish.price % INSTRUMENT.tick).toBe(0);
    expect(wish.quantity % INSTRUMENT.lot).toBe(0);
    if (isCrossing) crossing += 1;
    while (flow.takeCancel()) cancels += 1;
  }
  expect(crossing / ORDERS).toBeCloseTo(0.5, 1);
  expect(cancels / (ORDERS + cancels)).toBeCloseTo(1 / 3, 2);
});

it("counts an order once, whether the answer or the events come first", () => {
  const { tracker, base } = tracked();
  const accepted = {
    orderId: 9,
    clientOrderId: "b",
    symbol: "X",
    side: 1,
    type: 1,
    timeInForce: 1,
    ...PLAIN_TERMS,
    pairOrderId: 0,
  } as const;
  tracker.submit({ ...base, requestId: 2, clientOrderId: "b" });
  tracker.takeResult({ ...OK, requestId: 1, orderId: 8 }, 5);
  tracker.takeEvent(
    tell(4, { $case: "accepted", value: { ...accepted, price: 5, quantity: 10 } }),
    6,
  );
  tracker.takeEvent(
    tell(5, { $case: "rested", value: { orderId: 9, leaves: 10, marketSequence: 1 } }),
    7,
  );
  tracker.takeResult({ ...OK, requestId: 2, orderId: 9 }, 8);
  expect(tracker.counts).toMatchObject({ submitted: 2, accepted: 2, reported: 1 });
  expect(tracker.outstanding).toBe(1);
  expect(tracker.unanswered).toEqual([]);
  expect(tracker.takeResting()?.orderId).toBe(9);
  expect(tracker.takeResting()).toBeUndefined();
  expect(tracker.acceptLatency.count).toBe(2);
});

it("takes an order that was not published for none, and asks after one without an answer", () => {
  const { tracker, base } = tracked();
  tracker.submit({ ...base, requestId: 2, clientOrderId: "b" });
  tracker.takeResult({ ...OK, code: "UNAVAILABLE", retryMs: 50, requestId: 1, orderId: 0 }, 5);
  expect(tracker.counts).toMatchObject({ refused: 1, reported: 0 });
  const [unknown] = tracker.unanswered;
  expect(unknown?.clientOrderId).toBe("b");
  tracker.resolve(unknown!, { orderId: 0, isVoided: true });
  expect(tracker.outstanding).toBe(0);
});

it("merges latencies of two processes", () => {
  const [one, other] = [new Latencies(), new Latencies()];
  for (let ms = 1; ms <= 50; ms++) one.record(ms);
  for (let ms = 51; ms <= 100; ms++) other.record(ms);
  const all = new Latencies(one.encode());
  all.add(new Latencies(other.encode()));
  expect(all.count).toBe(100);
  expect(all.percentile(50)).toBeCloseTo(50, 0);
  expect(all.percentile(99)).toBeCloseTo(99, 0);
});
