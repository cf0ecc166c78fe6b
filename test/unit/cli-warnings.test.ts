import { expect, it } from "vitest";
import { WarningKind } from "../../actors/ledger/warnings.js";
import type { Warning } from "../../proto/gen/exchange/v1/exchange.js";
import { chosen } from "../../services/cli/warnings.js";

const NOTHING = { orders: 0, amends: 0, cancels: 0, trades: 0, selfTrades: 0, usualOrders: 0 };

function warning(shard: number, account: number, time: number, kind: WarningKind): Warning {
  const warned = { kind, windowStart: 0, windowSeconds: 60, ...NOTHING };
  return { shard, account, time, batch: time, sequence: 1, token: 1, warned };
}

const TOLD = [
  warning(1, 4, 10, WarningKind.SelfTrade),
  warning(1, 5, 30, WarningKind.CancelRate),
  warning(2, 6, 5, WarningKind.SelfTrade),
  warning(2, 6, 20, WarningKind.OrderSpike),
];

it("shows warnings of all shards in order of time, and leaves others out where an account or a kind is named", () => {
  const timesOf = (account: number, kind: number) =>
    chosen(TOLD, account, kind).map(({ time }) => time);
  expect(timesOf(0, 0)).toEqual([5, 10, 20, 30]);
  expect(timesOf(6, 0)).toEqual([5, 20]);
  expect(timesOf(0, WarningKind.SelfTrade)).toEqual([5, 10]);
  expect(timesOf(6, WarningKind.OrderSpike)).toEqual([20]);
  expect(timesOf(7, 0)).toEqual([]);
});
