import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import { AccountDesk } from "../../services/gateway/account-desk.js";
import { commandsRefused } from "../../services/gateway/metrics.js";
import { exhausted } from "../../services/gateway/refusal.js";
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

it("lets no transfer go to a shard that takes none, and counts and says so", async () => {
  const counted = async () => {
    const { values } = await commandsRefused.get();
    return values.find(({ labels }) => labels.code === "RECIPIENT_BEHIND")!.value;
  };
  const ways = new Ways();
  const before = await counted();
  ways.take({ actor: SHARD, lags: [{ receiver: 2, ms: WAY_LAG_MS_MAX }] });
  const desk = new AccountDesk({
    catalog: { asset: () => ({ asset: 1 }) },
    commands: { ways, deadline: () => 0, submit: () => exhausted("OVERLOADED", "asked", 1) },
    shards: 2,
  } as never);
  const transfer = (account: number, recipient: number) =>
    desk.transfer(account, { account, recipient, asset: "X", amount: 1, idempotencyKey: "k" });
  const [ofOne, ofTwo] = [SHARD, 2].map((shard) =>
    [1, 2, 3, 4, 5, 6, 7, 8].filter((account) => shardOfAccount(account, 2) === shard),
  ) as [number[], number[]];
  const refused = { code: "RECIPIENT_BEHIND", grpcStatus: status.RESOURCE_EXHAUSTED };
  await expect(transfer(ofOne[0]!, ofTwo[0]!)).rejects.toMatchObject(refused);
  expect(await counted()).toBe(before + 1);
  // What it sends to those of its own shard, and others to it, is asked for.
  await expect(transfer(ofOne[0]!, ofOne[1]!)).rejects.toMatchObject({ code: "OVERLOADED" });
  ways.take({ actor: SHARD, lags: [] });
  await expect(transfer(ofOne[0]!, ofTwo[0]!)).rejects.toMatchObject({ code: "OVERLOADED" });
});
