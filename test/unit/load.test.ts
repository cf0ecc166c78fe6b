import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { OrderFlow } from "../../chaos/load/flow.js";
import { Holdings } from "../../chaos/load/holdings.js";
import { Load, RESTING_MIN_PER_SYMBOL, restingMin } from "../../chaos/load/load.js";
import { LoadOptions, type LoadRequest } from "../../chaos/load/options.js";
import { resultOf } from "../../services/gateway/order-intake.js";
import { gatewayStopping } from "../../services/gateway/refusal.js";
import type { Venue } from "../../services/participants/desk.js";
import { Latencies } from "../../services/participants/latencies.js";
import { OrderTracker } from "../../services/participants/tracker.js";
import {
  type AccountEvent,
  type Instrument,
  type OrderCommand,
  OrderEntryRequest,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";

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

function filled(orderId: number, leaves: number): AccountEvent["event"] {
  const trade = { tradeId: 1, marketSequence: 1, price: 1_000, quantity: 10, fee: 0 };
  return {
    $case: "filled",
    value: { ...trade, orderId, leaves, symbol: "X", side: 1, liquidity: 1 },
  };
}

function tracked() {
  const tracker = new OrderTracker(new ClientLog(undefined));
  const base = { account: 1, symbol: "X", isCrossing: false, dueMs: 0 };
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

it("deals symbols out in groups, each with as many accounts", () => {
  const symbols = ["A", "B", "C", "D", "E"];
  const instruments = symbols.map((symbol) => ({ ...INSTRUMENT, symbol }));
  const some = new Holdings(instruments, 2);
  expect(some.groups.map((group) => group.map(({ symbol }) => symbol).join(""))).toEqual([
    "AB",
    "CD",
    "E",
  ]);
  expect(some.ownersAmong(10)).toBe(3);
  expect(symbols.map((symbol) => some.owner(symbol, 1))).toEqual([3, 3, 4, 4, 5]);
  const all = new Holdings(instruments, 0);
  expect([all.groups.length, all.ownersAmong(10), all.owner("E", 9)]).toEqual([1, 10, 9]);
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

it("counts the crossing orders that traded, each once", () => {
  const { tracker, base } = tracked();
  for (const requestId of [2, 3]) {
    tracker.submit({ ...base, isCrossing: true, requestId, clientOrderId: `c${requestId}` });
    tracker.takeResult({ ...OK, requestId, orderId: requestId }, 5);
  }
  for (const leaves of [10, 0]) tracker.takeEvent(tell(6, filled(2, leaves)), 7);
  expect(tracker.counts).toMatchObject({ crossing: 2, crossingAccepted: 2, crossingTraded: 1 });
});

it("takes an order that was not published for none, and asks after one without an answer", () => {
  const { tracker, base } = tracked();
  tracker.submit({ ...base, requestId: 2, clientOrderId: "b" });
  tracker.takeResult({ ...OK, code: "UNAVAILABLE", retryMs: 50, requestId: 1, orderId: 0 }, 5);
  expect(tracker.counts).toMatchObject({ refused: 1, reported: 0 });
  tracker.submit({ ...base, requestId: 3, clientOrderId: "c" });
  tracker.takeResult(resultOf(3, gatewayStopping("try again elsewhere")), 6);
  expect(tracker.counts).toMatchObject({ refused: 2, rejected: 0, reported: 0 });
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
  expect(all.percentileAmong(100, 50)).toBeCloseTo(50, 0);
  // Of 101 one has no latency: that is the slowest.
  expect(all.percentileAmong(101, 99)).toBeCloseTo(100, 0);
  expect(all.percentileAmong(102, 99)).toBeNull();
  expect(new Latencies().percentileAmong(0, 99)).toBeNull();
  const growing = new Latencies();
  for (let count = 1; count <= 1_000; count++) {
    growing.record(count);
    expect(growing.percentileAmong(count, 99)).toBe(growing.percentile(99));
  }
});

describe("a load process", () => {
  const RATE = 100;
  /** Takes every order at once; its stream can be lost. */
  function venue() {
    const lost: (() => void)[] = [];
    const own: Venue = {
      orderEntry({ results, lost: wasLost }) {
        lost.push(wasLost);
        const send = (commands: readonly OrderCommand[]) =>
          results(commands.map(({ requestId }) => ({ ...OK, requestId, orderId: requestId })));
        return { send, close: () => {} };
      },
      resolveOrder: () => Promise.reject(new Error("nothing is in doubt")),
    };
    return { own, lose: () => lost.at(-1)!() };
  }

  const ACCOUNTS = { grpc: "-", name: "t", firstAccount: 1, accounts: 2, symbols: ["X"] };

  /** An open loop that has sent for a second. */
  async function started(changed: Partial<LoadRequest> = {}, ms = 1_000, goes = true) {
    const { own, lose } = venue();
    const options = LoadOptions.parse({
      ...ACCOUNTS,
      ordersPerSecond: RATE,
      cancelShare: 0,
      streams: 2,
      keepsMoments: true,
      ...changed,
    });
    const load = new Load(options, own, new Holdings([INSTRUMENT], 0));
    if (goes) load.start();
    await vi.advanceTimersByTimeAsync(ms);
    const stop = async () => {
      const stopped = load.stop();
      await vi.advanceTimersByTimeAsync(70_000);
      return stopped;
    };
    return { load, lose, stop };
  }

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("sends an order when it is due, and not a while later", async () => {
    const { stop } = await started();
    const result = await stop();
    expect(result.submitted).toBe(RATE);
    expect(result.lateSends).toBe(0);
    // The pace, and no more: at a low rate the time between two orders would be seen.
    expect(new Latencies(result.acceptLatency).maximum).toBeLessThanOrEqual(2);
  });

  it("looks at what is due as often as it is to, and sends all of that together", async () => {
    const { stop } = await started({ paceMs: 50, timedFrom: "sent" });
    const { moments, sent } = await stop();
    expect(moments!.sent).toHaveLength(RATE);
    expect(new Set(moments!.sent).size).toBe(20);
    // One for each of its two streams.
    expect(sent.messages).toBeLessThanOrEqual(2 * 20);
  });

  it("leaves fewer orders of each symbol the more symbols there are, and always some", () => {
    expect([1, 10, 62, 100, 250, 1_000].map(restingMin)).toEqual([16, 16, 16, 10, 4, 4]);
  });

  it("cancels no more than leaves some orders of a symbol, however fast its answers are", async () => {
    const { own } = venue();
    const options = LoadOptions.parse({ ...ACCOUNTS, ordersPerSecond: 1_000 });
    let resting = 0;
    let least = Infinity;
    const told: AccountEvent[] = [];
    const orderEntry: Venue["orderEntry"] = (listener) => {
      const stream = own.orderEntry(listener);
      const send = (commands: OrderCommand[]) => {
        stream.send(commands.filter(({ command }) => command?.$case === "place"));
        for (const { requestId: orderId, command } of commands) {
          if (command?.$case === "cancel") resting -= 1;
          if (command?.$case !== "place") continue;
          if (command.value.timeInForce !== TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL) continue;
          resting += 1;
          told.push(
            tell(1, { $case: "rested", value: { orderId, leaves: 10, marketSequence: 1 } }),
          );
        }
        if (resting >= RESTING_MIN_PER_SYMBOL || least < Infinity) least = Math.min(least, resting);
      };
      return { ...stream, send };
    };
    const load = new Load(options, { ...own, orderEntry }, new Holdings([INSTRUMENT], 0));
    load.start();
    for (let ms = 0; ms < 4_000; ms++) {
      await vi.advanceTimersByTimeAsync(1);
      load.takeEvents(told.splice(0));
    }
    const { submitted, crossing, cancels } = load.counts;
    expect(least).toBe(RESTING_MIN_PER_SYMBOL);
    // As many as ever, in the long run: nothing trades here.
    expect(submitted - crossing - cancels).toBe(resting);
    expect(cancels / (submitted + cancels)).toBeCloseTo(1 / 3, 1);
    void load.stop();
    await vi.advanceTimersByTimeAsync(70_000);
  });

  it("says when each order was sent and answered, and how large its messages were", async () => {
    const { stop } = await started();
    const { sent, moments } = await stop();
    expect(moments!.sent).toHaveLength(RATE);
    expect(moments!.accepted).toHaveLength(RATE);
    expect(moments!.refused).toEqual([]);
    // As its latencies say, too: no longer than the pace.
    for (const [, wait] of moments!.accepted) expect(wait).toBeLessThanOrEqual(2);
    expect(moments!.sent.at(-1)! - moments!.sent[0]!).toBeCloseTo(990, -1);
    expect(sent).toMatchObject({ messages: RATE, commands: RATE, sampledCommands: 2 });
    const terms = { side: Side.SIDE_BUY, type: OrderType.ORDER_TYPE_LIMIT, ...PLAIN_TERMS };
    const timeInForce = TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL;
    const order = { account: 1, clientOrderId: "t-1", symbol: "X", price: 1_000, quantity: 10 };
    const value = { ...order, ...terms, timeInForce };
    const command: OrderCommand = { requestId: 1, command: { $case: "place", value } };
    const one = OrderEntryRequest.encode({ commands: [command] }).finish().length;
    expect(sent.sampledBytes / sent.sampledCommands).toBeGreaterThan(one - 5);
    expect(sent.sampledBytes / sent.sampledCommands).toBeLessThan(one + 5);
  });

  it("says which orders it sent late, and their latency counts from when they were due", async () => {
    const { lose, stop } = await started();
    lose();
    await vi.advanceTimersByTimeAsync(1_000);
    const result = await stop();
    expect(result.submitted).toBe(2 * RATE);
    // The stream is back after 200 ms: what was due in all but the last 20 of them was late, by no fault of its own.
    expect(result.dueWhileLost).toBeGreaterThanOrEqual(17);
    expect(result.dueWhileLost).toBeLessThanOrEqual(19);
    expect(result.lateSends).toBe(0);
    // It was behind from when the first of them was 20 ms late, 20 to 30 ms after the loss, until it had sent all of that.
    const gaps = result.moments!.punctual.map((at, n, all) => (all[n + 1] ?? at) - at);
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(168);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(182);
    const { maximum } = new Latencies(result.acceptLatency);
    expect(maximum).toBeGreaterThan(180);
    expect(maximum).toBeLessThan(210);
  });

  it("counts what was due and never sent", async () => {
    const { lose, stop } = await started();
    lose();
    await vi.advanceTimersByTimeAsync(145);
    // 14 were due, two of them within the last 20 ms.
    expect(await stop()).toMatchObject({ dueWhileLost: 12, lateSends: 0 });
  });

  it("has sent nothing late where it was never told to go", async () => {
    const { stop } = await started({}, 0, false);
    await vi.advanceTimersByTimeAsync(1_000);
    const nothing = { submitted: 0, lateSends: 0, dueWhileLost: 0, seconds: 0, dueEarly: 0 };
    expect(await stop()).toMatchObject(nothing);
  });

  it("counts what it has no time to send as late by its own fault", async () => {
    // In each turn, of a millisecond, it sends half of what falls due.
    const { stop } = await started({ ordersPerSecond: 1_000_000 }, 100);
    const { lateSends, dueWhileLost, submitted, moments } = await stop();
    expect(submitted).toBe(50_000);
    // 20 ms of what was due are 20,000 orders, and every other turn brings it a thousand nearer to that: after 40 it is behind.
    expect(moments!.punctual).toHaveLength(39);
    // From the order 19,501 on, of the 40th turn; and of the 80,000 that were due 20 ms before the end those that were not sent.
    expect(lateSends).toBe(30_499 + 30_000);
    expect(dueWhileLost).toBe(0);
  });

  it("says how much of what was due early enough was reported when it stopped", async () => {
    const { load, stop } = await started();
    // The orders 1 to 70 rest, of which 1 to 75 were due 250 ms before the end, and so does the last.
    const rested = [...Array.from({ length: 70 }, (_, n) => n + 1), RATE];
    load.takeEvents(
      rested.map((orderId) =>
        tell(1, { $case: "rested", value: { orderId, leaves: 10, marketSequence: 1 } }),
      ),
    );
    const stopped = { reportedInTime: 71, dueEarly: 75, reportedOfDueEarly: 70 };
    expect(load.halt()).toMatchObject({ seconds: 1, ...stopped });
    // What comes afterwards came too late, and it has stopped once.
    await vi.advanceTimersByTimeAsync(500);
    expect(await stop()).toMatchObject({ seconds: 1, ...stopped });
  });
});
