import { expect, it } from "vitest";
import { type MutationName, MUTATIONS } from "../../chaos/mutations/mutations.js";
import { runWithout } from "../../chaos/without.js";

const SMALL = { symbols: 3, ledgerShards: 2 };
const NOTICED: [MutationName, RegExp][] = [
  ["fence", /^(staleCommits|lost): /],
  ["outbox", /^lost: \S+ has not taken command \d+ of \S+, which has deleted it$/],
  ["identity", /read on in an inbox that has lost its end$/],
];

it.each(NOTICED)("the drill that is for it notices that %s is missing", async (without, seen) => {
  const { drill, rounds } = MUTATIONS[without];
  const found = await runWithout(without, drill, SMALL);
  expect(found).toMatchObject({ drill, without, noticed: true });
  expect(found.by.join("\n")).toMatch(new RegExp(seen.source, "m"));
  expect(found.rounds).toBeLessThanOrEqual(rounds);
});
