/** The page of a drill at a running exchange: what it says when all is well, and of each way in which it is not. */
import { expect, it } from "vitest";
import { availabilityOf } from "../../chaos/evidence/availability.js";
import { livePage } from "../../chaos/page/live-page.js";
import { beatsOf, liveRoundView } from "../../chaos/page/live-view.js";
import {
  AROUND,
  heardLike,
  liveOrderLike,
  liveRecordLike,
  liveRoundLike,
  NOTHING_WRONG,
} from "../helpers/live-record.js";

it("says what was struck, what the probe saw, and that every promise was kept", () => {
  const text = livePage(liveRecordLike());
  expect(text).toContain(
    "move-leader at 127.0.0.1:41537, 2 rounds: of what the probe was told nothing was lost, doubled or left out; " +
      "between two words of a market 42 ms at most (bound 500 ms).",
  );
  expect(text).toContain("✓ Every promise was kept");
  expect(text).toContain("2 times: 42 ms at most, half in 41 ms");
  expect(text).not.toContain("✗");
  expect(text).toContain("market.AAPL went to node-2, under token 8.");
  expect(text).toContain("market.AAPL, node-1, node-2");
  expect(text).toContain("wish market.AAPL to node-2");
  // A blow for each round, in its own drawing and in that of all orders; each is drawn twice.
  expect(text.match(/class="mark struck"/g)).toHaveLength(2 * (2 + 2));
  expect(text.match(/class="fault"/g)).toHaveLength(2 * 2);
  expect(text).not.toContain("said nothing to the probe");
  expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
});

it("draws when each market said nothing for longest, where that is known", () => {
  const rounds = [liveRoundLike(1), liveRoundLike(2)];
  const record = liveRecordLike({ rounds }, { heard: heardLike(rounds) });
  const view = liveRoundView(record, 2, beatsOf(record));
  expect(view).toMatchObject({
    zeroMs: 7_000,
    shown: { fromMs: 6_500, toMs: 8_000 },
    faults: [{ fromMs: 7_000, toMs: 8_000 }],
    gap: { fromMs: 7_000, toMs: 7_042 },
  });
  const text = livePage(record);
  expect(text.match(/<rect class="gap"/g)).toHaveLength(2 * 2);
  expect(text).toContain("said nothing to the probe");
});

it("counts the seconds in which a symbol answered, and those in which none was sent for want of an answer", () => {
  const span = { begunMs: 5_000, struckMs: 6_000, untilMs: 10_500 };
  const orders = [
    liveOrderLike(0, { sentMs: 4_000, endedMs: null }),
    liveOrderLike(1, { sentMs: 5_100, endedMs: 5_120 }),
    liveOrderLike(2, { sentMs: 5_900, endedMs: 8_100 }),
    liveOrderLike(3, { sentMs: 8_200, endedMs: null, refusal: "no" }),
    liveOrderLike(4, { sentMs: 10_200, endedMs: 10_300 }),
  ];
  const record = liveRecordLike({ orders, rounds: [liveRoundLike(1, { span })] });
  const beats = beatsOf(record);
  expect(beats).toEqual([
    { symbol: "AAPL", atMs: 5_000, answerMs: 20 },
    { symbol: "AAPL", atMs: 6_000, answerMs: null },
    { symbol: "AAPL", atMs: 7_000, answerMs: null },
    { symbol: "AAPL", atMs: 8_000, answerMs: null },
    { symbol: "AAPL", atMs: 10_000, answerMs: 100 },
  ]);
  expect(availabilityOf(beats)).toMatchObject([{ asked: 5, answered: 2, longestOutage: 3 }]);
  expect(livePage(record)).toContain("40 %");
});

it("says where it was, and why something of that is not known", () => {
  const text = livePage(liveRecordLike({}, { around: AROUND }));
  for (const said of [
    "PostgreSQL 15.0, NATS (not known: it was not said where), etcd 3.5.0",
    "2 actors, 180 batches while it went on; other tokens: market.AAPL 7 to 9",
    "<dt>Metrics</dt><dd>(not known: its processes are not known here)</dd>",
  ]) {
    expect(text).toContain(said);
  }
  const value = {
    "node-1": { value: "metrics/node-1.txt", reason: null },
    "node-2": { value: null, reason: "it is gone" },
  };
  const log = { ...AROUND.log, after: { value: null, reason: "no answer" } };
  const around = { ...AROUND, log, metrics: { value, reason: null } };
  const other = livePage(liveRecordLike({}, { around }));
  expect(other).toContain(
    '<a href="metrics/node-1.txt">node-1</a>, node-2 (not known: it is gone)',
  );
  expect(other).toContain("<dt>Batch logs</dt><dd>(not known: no answer)</dd>");
});

it("folds rounds that are many, but for those in which something is wrong", () => {
  const rounds = [1, 2, 3, 4].map((number) =>
    liveRoundLike(number, { failures: number === 2 ? ["nothing moved"] : [] }),
  );
  const text = livePage(liveRecordLike({ rounds }));
  expect(text.match(/<details>/g)).toHaveLength(3);
  expect(text).toContain("<h3>Round 2</h3>");
});

it("tells what is safe but slow from what is broken", () => {
  const slow = liveRecordLike({ rounds: [liveRoundLike(1, { samples: { gap: [700] } })] });
  expect(livePage(slow)).toContain("✓ Safe, but slower than its bound");
  const lost = { ...NOTHING_WRONG, lost: 2, examples: ["drill-7 was accepted, and is not known"] };
  const text = livePage(liveRecordLike({ verdict: lost }));
  expect(text).toContain("2 rounds: 2 lost;");
  expect(text).toContain("✗ A promise was broken");
  expect(text).toContain("<li>drill-7 was accepted, and is not known</li>");
});

it.each([
  [
    "it was ended early",
    { aborted: "HURT_OUTSIDE: market.MSFT lost its leader", rounds: [], orders: [] },
    ["✗ It was ended early", "HURT_OUTSIDE: market.MSFT lost its leader", "No round was begun"],
  ],
  [
    "it was ended in the midst of a round",
    {
      aborted: "it got SIGINT",
      rounds: [liveRoundLike(1)],
      roundsAsked: 3,
      unfinished: liveRoundLike(2),
    },
    [
      "1 of 3 rounds: ",
      "it was ended early, and nothing was wrong up to there",
      "Round 2, which was not done to its end",
    ],
  ],
  [
    "it was ended early and has lost something",
    { aborted: "it got SIGINT", verdict: { ...NOTHING_WRONG, lost: 1 } },
    ["✗ A promise was broken", "2 rounds: 1 lost;"],
  ],
  [
    "the exchange could not be asked",
    { verdict: null, otherFailures: ["no answer"] },
    ["✗ It could not be judged", "the exchange could not be asked in the end"],
  ],
  [
    "it did not do what it is for",
    { rounds: [liveRoundLike(1, { failures: ["market.AAPL has not come to node-2"] })] },
    ["✗ Nothing is proved", "not in 1 of 1", "market.AAPL has not come to node-2"],
  ],
  [
    "something is not taken back",
    { notUndone: ["node-2 is still drained"] },
    ["not all is known to be taken back", "node-2 is still drained"],
  ],
  [
    "an order was never answered",
    { orders: [liveOrderLike(1, { acceptedMs: null, endedMs: null, answer: null })] },
    ["1 order without an end", "No order was answered", "0 orders of the probe were"],
  ],
  [
    "somebody else uses its account",
    { verdict: { ...NOTHING_WRONG, examples: ["x is none of the probe's"] } },
    ["nothing was lost, but not everything is as it should be", "✗ Not everything"],
  ],
  ["nothing was sent", { orders: [], rounds: [] }, ["Nothing was measured"]],
])("says so where %s", (_, changes, said) => {
  const text = livePage(liveRecordLike(changes));
  for (const each of said) expect(text).toContain(each);
  expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
});

it("has room for as many orders as a drill may send", () => {
  const orders = Array.from({ length: 200_000 }, (_, at) => liveOrderLike(at));
  expect(livePage(liveRecordLike({ orders }))).toContain("200,000 orders of the probe were");
});
