/** What a drill's page says of what was measured: no more than so many measurements bear. */
import { expect, it } from "vitest";
import { spread } from "../../chaos/page/samples.js";
import { figures } from "../../chaos/report.js";

const said = (values: readonly number[]): string => {
  // As two rounds have them.
  const half = Math.floor(values.length / 2);
  const rounds = [values.slice(0, half), values.slice(half)].map((gap) => ({ samples: { gap } }));
  return spread(figures(rounds), rounds, "gap");
};
const upTo = (most: number) => Array.from({ length: most }, (_, at) => at + 1);

it.each([
  [[], "nothing was measured"],
  [[243], "243 ms, measured once"],
  [[90, 30, 60], "3 times: 90 ms at most, half in 60 ms"],
  [upTo(99), "99 times: 99 ms at most, half in 50 ms"],
  [upTo(200), "200 times: 99 of 100 in 198 ms, half in 100 ms"],
])("of %j it says: %s", (values, text) => {
  expect(said(values)).toBe(text);
});
