/** The page of a drill at a running exchange: what it says when all is well, and of each way in which it is not. */
import { expect, it } from "vitest";
import { livePage } from "../../chaos/page/live-page.js";
import {
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
  // A blow for each round.
  expect(text.match(/class="mark struck"/g)).toHaveLength(2 * 2);
  expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
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
