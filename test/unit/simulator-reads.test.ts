/** R3 of reads, and R11 of queues, in a simulated run: an answer is what was stored between the question and the answer. */
import { describe, expect, it } from "vitest";
import type {
  GetBalancesResponse,
  GetOrderResponse,
  ListOpenOrdersResponse,
  Market,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { AccountsCheck } from "../../chaos/simulator/checks/accounts.js";
import { BoundsCheck } from "../../chaos/simulator/checks/bounds.js";
import type { SeenEvent } from "../../chaos/simulator/checks/decode.js";
import type { MatchingCheck, TimedStanding } from "../../chaos/simulator/checks/matching.js";
import { ReadsCheck } from "../../chaos/simulator/checks/reads.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import type { Batch } from "../../services/ports/store.js";
import { batchOf, MARKET, stage } from "../helpers/seen-batches.js";

const ACCOUNT = 7;
const ORDER = 1_025;
const ASSETS = ["none", "GOLD", "USD"];

/** An account that was opened, deposited, placed an order of ten, which traded four, and was cancelled. */
const JOURNAL = [
  { kind: "opened" },
  { kind: "deposited" },
  { kind: "accepted", orderId: ORDER, quantity: 10 },
  { kind: "rested", orderId: ORDER, leaves: 10 },
  { kind: "filled", orderId: ORDER, quantity: 4, leaves: 6, tradeId: 33 },
  { kind: "ended", orderId: ORDER, leaves: 6 },
] as SeenEvent[];

const RULES = { staticBandBps: 2_000 } as TimedStanding["rules"];
const STANDINGS: TimedStanding[] = [
  { phase: 1, sessionReference: 100, lastPrice: 0, rules: RULES, time: 10 },
  { phase: 8, sessionReference: 100, lastPrice: 0, rules: RULES, time: 20 },
  { phase: 1, sessionReference: 100, lastPrice: 101, rules: RULES, time: 30 },
];

/** `ends`: the last numbers of the batches behind the third. */
function checked(ends: readonly number[] = [4, 5, 6]) {
  const { shard, history } = stage();
  const verdict = new Verdict(() => 0);
  const accounts = { journals: new Map([[ACCOUNT, JOURNAL]]) } as unknown as AccountsCheck;
  const matching = { standings: () => STANDINGS } as unknown as MatchingCheck;
  const check = new ReadsCheck({ accounts, matching }, verdict, (asset) => ASSETS[asset]!);
  /** USD stands so from this number on. */
  const usd = (last: number, total: number, held: number): void => {
    const rows = {
      journal: { count: 1, columns: { account: [ACCOUNT], last_sequence: [last] } },
      balances: {
        count: 1,
        columns: { account: [ACCOUNT], asset: [2], total: [total], held: [held] },
      },
    } as unknown as Batch["effects"]["rows"];
    const batch = batchOf(shard, { effects: { ...batchOf(shard).effects, rows } });
    check.commit(history.read(batch, "node-1#1"));
  };
  usd(2, 1_000, 0);
  usd(3, 1_000, 500);
  for (const last of ends) usd(last, 1_000, 500);
  return { check, verdict };
}

describe("balances", () => {
  const read = (sequence: number, total: number, held: number): GetBalancesResponse => ({
    balances: [{ asset: { name: "USD", decimals: 2 }, total, held, available: total - held }],
    sequence,
    state: 1,
    group: 0,
    tier: 0,
    parent: 0,
  });

  it.each<[string, from: number, GetBalancesResponse, rule: string]>([
    ["as they were when they were asked for", 2, read(2, 1_000, 0), "none"],
    ["as they came to be meanwhile", 2, read(3, 1_000, 500), "none"],
    ["of a number without a change of theirs", 2, read(4, 1_000, 500), "none"],
    ["that had been overtaken when they were asked for", 3, read(2, 1_000, 0), "R3"],
    ["of a number that is not committed", 2, read(7, 1_000, 500), "R3"],
    ["of one number under another", 2, read(3, 1_000, 0), "R3"],
    ["that never were", 2, read(3, 1_001, 500), "R3"],
    ["of which some are missing", 2, { ...read(3, 0, 0), balances: [] }, "R3"],
  ])("%s", (_what, from, answer, rule) => {
    const { check, verdict } = checked();
    check.balances(ACCOUNT, from, answer);
    expect(verdict.violation?.rule ?? "none").toBe(rule);
  });
});

describe("an order", () => {
  const read = (filled: number, leaves: number, ...trades: number[]): GetOrderResponse =>
    ({
      order: { orderId: ORDER, filled, leaves },
      fills: trades.map((tradeId) => ({ tradeId })),
    }) as unknown as GetOrderResponse;

  it.each<[string, from: number, GetOrderResponse, rule: string]>([
    ["as it was", 3, read(0, 10), "none"],
    ["as it came to be", 3, read(4, 6, 33), "none"],
    ["as it ended", 3, read(4, 0, 33), "none"],
    ["that had traded more when it was asked for", 5, read(0, 10), "R3"],
    ["that has ended since long", 6, read(4, 6, 33), "R3"],
    ["with a fill less than it had", 3, read(4, 6), "R3"],
    ["with what it never traded", 3, read(5, 5, 33), "R3"],
  ])("%s", (_what, from, answer, rule) => {
    const { check, verdict } = checked();
    check.order(ACCOUNT, from, answer);
    expect(verdict.violation?.rule ?? "none").toBe(rule);
  });
});

it("an order was never as it is told to have been between two numbers of one batch", () => {
  const read = (leaves: number) =>
    ({
      order: { orderId: ORDER, filled: 4, leaves },
      fills: [{ tradeId: 33 }],
    }) as unknown as GetOrderResponse;
  const { check, verdict } = checked([6]);
  check.order(ACCOUNT, 3, read(0));
  expect(verdict.violation).toBeNull();
  check.order(ACCOUNT, 3, read(6));
  expect(verdict.violation?.rule).toBe("R3");
});

describe("open orders", () => {
  const read = (...leaves: number[]): ListOpenOrdersResponse =>
    ({
      orders: leaves.map((open, n) => ({ orderId: ORDER + n, leaves: open })),
    }) as unknown as ListOpenOrdersResponse;

  it.each<[string, from: number, ListOpenOrdersResponse, rule: string]>([
    ["none before the first", 2, read(), "none"],
    ["one", 3, read(10), "none"],
    ["one that was traded in part", 3, read(6), "none"],
    ["none after the last", 3, read(), "none"],
    ["none before there was any", 0, read(), "none"],
    ["one that has ended", 6, read(6), "R3"],
    ["none where there is one", 3, read(7), "R3"],
    ["one too many", 3, read(10, 10), "R3"],
  ])("%s", (_what, from, answer, rule) => {
    const { check, verdict } = checked();
    check.openOrders(ACCOUNT, from, answer);
    expect(verdict.violation?.rule ?? "none").toBe(rule);
  });
});

describe("a market", () => {
  const read = (standing: TimedStanding): Market =>
    ({ symbol: "X", ...standing }) as unknown as Market;

  it.each<[string, from: number, TimedStanding, rule: string]>([
    ["as it stood when it was asked for", 1, STANDINGS[0]!, "none"],
    ["as it came to stand", 1, STANDINGS[2]!, "none"],
    ["before its first batch", 0, STANDINGS[0]!, "none"],
    ["as it had stood before", 2, STANDINGS[0]!, "R3"],
    ["half as before and half as after", 1, { ...STANDINGS[1]!, lastPrice: 101 }, "R3"],
    ["at another time", 1, { ...STANDINGS[1]!, time: 21 }, "R3"],
  ])("%s", (_what, from, standing, rule) => {
    const { check, verdict } = checked();
    check.market(MARKET, from, read(standing));
    expect(verdict.violation?.rule ?? "none").toBe(rule);
  });
});

it("a queue may hold as much as the runbook says, and no more, and has to be shown", () => {
  const queues = new Set(["node-batch", "node-received", "node-told", "node-early"]);
  const judge = (name: string, length: number): string => {
    const verdict = new Verdict(() => 0);
    const shown = new Map([...queues].map((each) => [each, 0]));
    new BoundsCheck(verdict).queues("node-1", shown.set(name, length));
    return verdict.violation?.rule ?? "none";
  };
  expect(judge("node-told", 100)).toBe("none");
  expect(judge("node-told", 101)).toBe("R11");
  expect(judge("node-early", 4_194_305)).toBe("R11");
  queues.delete("node-batch");
  expect(judge("node-told", 0)).toBe("R11");
});
