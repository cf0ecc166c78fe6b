import { expect, it } from "vitest";
import { WAY_LAG_MS_MAX, Ways } from "../../services/gateway/ways.js";

const SHARD = 1;
const MARKET = 1_025;
const OTHER = 1_026;

it("knows which ways are behind, either way, and when they no longer are", () => {
  const ways = new Ways();
  const say = (actor: number, receiver: number, ms: number) =>
    ways.take({ actor, lags: [{ receiver, ms }] });
  say(SHARD, MARKET, WAY_LAG_MS_MAX - 1);
  expect(ways.lagMs(SHARD, MARKET)).toBe(0);
  say(SHARD, MARKET, WAY_LAG_MS_MAX);
  say(OTHER, SHARD, WAY_LAG_MS_MAX + 50);
  expect(ways.lagMs(SHARD, MARKET)).toBe(WAY_LAG_MS_MAX);
  // A market that is late with its answers is as bad as one that is late with what it is asked.
  expect(ways.lagMs(SHARD, OTHER)).toBe(WAY_LAG_MS_MAX + 50);
  expect(ways.longestMs).toBe(WAY_LAG_MS_MAX + 50);
  expect(ways.lagMs(2, MARKET)).toBe(0);
  // Once behind, it has to be well before it is believed to keep up.
  say(SHARD, MARKET, WAY_LAG_MS_MAX * 0.6);
  expect(ways.lagMs(SHARD, MARKET)).toBe(WAY_LAG_MS_MAX * 0.6);
  say(SHARD, MARKET, WAY_LAG_MS_MAX * 0.5);
  expect(ways.lagMs(SHARD, MARKET)).toBe(0);
  ways.take({ actor: OTHER, lags: [] });
  expect(ways.lagMs(SHARD, OTHER)).toBe(0);
  expect(ways.longestMs).toBe(0);
});
