import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { isHouseAccount } from "../../actors/kernel/ids.js";
import { isFinal, type OrderStatus } from "../../actors/kernel/order.js";
import { MARKET } from "../helpers/ledger.js";
import { ACCOUNTS, ASSETS, type Draw, draws, INSTRUMENTS } from "../helpers/ledger-draws.js";
import { play, Run } from "../helpers/ledger-run.js";
import { OtherShard } from "../helpers/other-shard.js";
import type { ReferenceLedger } from "../helpers/reference-ledger.js";
import { WhimsicalMarket } from "../helpers/whimsical-market.js";

/** As many steps, and of such a seed, as `npm run test:property -- --ledger` asks for. */
const asked = Number(process.env["PALISADE_PROPERTY_STEPS"] ?? 0);
const seed = Number(process.env["PALISADE_PROPERTY_SEED"] ?? 1);
/** A run of draws has more of them on average. */
const STEPS_PER_RUN = 100;
/** Runs of each property in a plain test run; what is asked for is shared among them in the same way. */
const RUNS = {
  history: 180,
  conservation: 60,
  journal: 60,
  batches: 100,
  reviews: 150,
  pairs: 40,
  answers: 120,
} as const;
const RUNS_ALL = Object.values(RUNS).reduce((sum, runs) => sum + runs, 0);
const RUNS_PER_SECOND_LEAST = 1;

/** What was really played. */
const done = { steps: 0, runs: 0, fills: 0 };

function runsOf(property: keyof typeof RUNS): number {
  if (asked === 0) return RUNS[property];
  return Math.ceil((asked * RUNS[property]) / (RUNS_ALL * STEPS_PER_RUN));
}

function sizeOf(property: keyof typeof RUNS): fc.Parameters<unknown> {
  return { numRuns: runsOf(property), ...(asked === 0 ? {} : { seed }) };
}

/** Fewer runs than usual may not have met everything that is counted. */
function isFew(property: keyof typeof RUNS): boolean {
  return runsOf(property) < RUNS[property];
}

function counted(draws: Draw[]): Draw[] {
  done.steps += draws.length;
  done.runs += 1;
  return draws;
}

afterAll(() => {
  if (asked === 0) return;
  const { steps, runs, fills } = done;
  const properties = Object.keys(RUNS).length;
  process.stdout.write(
    `${steps} steps in ${runs} runs of ${properties} properties, ${fills} fills, seed ${seed}\n`,
  );
});

function amount(value: unknown): bigint {
  return BigInt(value as number);
}

function keyOf(account: unknown, asset: unknown): string {
  return `${Number(account)}/${Number(asset)}`;
}

/** The numbers of a PostgreSQL array. */
function arrayOf(text: unknown): bigint[] {
  const inner = String(text).slice(1, -1);
  return inner === "" ? [] : inner.split(",").map(BigInt);
}

const timeout = 60_000 + (runsOf("history") / RUNS_PER_SECOND_LEAST) * 1_000;

describe("a ledger shard, whatever clients and markets do", { timeout }, () => {
  it("has the balances, holds and orders that its whole history adds up to", () => {
    let fills = 0;
    let amends = 0;
    let races = 0;
    let pairTrades = 0;
    let reprices = 0;
    let waiting = 0;
    const transfers = { taken: 0, returned: 0, sent: 0, refused: 0 };
    fc.assert(
      fc.property(draws, (draws) => {
        const markets = INSTRUMENTS.map(({ id, lot }) => new WhimsicalMarket(id, lot));
        const check = ({ tables }: Run, reference: ReferenceLedger): void => {
          const expected = reference.balances();
          for (const row of tables.rows("balances")) {
            const key = keyOf(row["account"], row["asset"]);
            const balance = { total: amount(row["total"]), held: amount(row["held"]) };
            const isWhole = balance.held >= 0n && balance.held <= balance.total;
            expect(isWhole || isHouseAccount(row["account"] as number)).toBe(true);
            // A fee and a rebate of one order may cancel out: nothing, in a row that the house has all the same.
            expect(balance).toEqual(expected.get(key) ?? { total: 0n, held: 0n });
            expected.delete(key);
          }
          for (const rest of expected.values()) expect(rest).toEqual({ total: 0n, held: 0n });
          const orders = reference.orders();
          for (const row of tables.rows("orders")) {
            const order = orders.get(row["order_id"] as number);
            if (!order) expect(isFinal(row["status"] as OrderStatus)).toBe(true);
            expect(amount(row["filled"])).toBe(order?.filled ?? 0n);
            expect(amount(row["leaves"])).toBe(order?.leaves ?? 0n);
            expect(isFinal(row["status"] as OrderStatus)).toBe(!(order?.isOpen ?? false));
            if (order?.isOpen) expect(amount(row["price"])).toBe(order.price);
            // Its pair has traded, and its own end was not told yet.
            if (order?.isOpen && row["pair_done"] === 1) waiting += 1;
          }
        };
        const other = new OtherShard();
        fills += play(counted(draws), check, markets, other).shard.fills;
        for (const act of ["taken", "returned", "sent", "refused"] as const) {
          transfers[act] += other.counts[act];
        }
        for (const market of markets) {
          amends += market.amends;
          races += market.races;
          pairTrades += market.pairTrades;
          reprices += market.reprices;
        }
      }),
      sizeOf("history"),
    );
    done.fills = fills;
    if (isFew("history")) return;
    expect(fills).toBeGreaterThan(250);
    expect(amends).toBeGreaterThan(40);
    expect(races).toBeGreaterThan(40);
    expect(pairTrades).toBeGreaterThan(50);
    expect(reprices).toBeGreaterThan(10);
    expect(waiting).toBeGreaterThan(10);
    expect(Math.min(...Object.values(transfers))).toBeGreaterThan(5);
  });

  it("conserves every asset: deposits, and what markets brought in and took out", () => {
    fc.assert(
      fc.property(draws, (draws) => {
        play(counted(draws), ({ tables }) => {
          const sums = new Map<number, bigint>(ASSETS.map((asset) => [asset, 0n]));
          const add = (asset: number, value: bigint): void => {
            sums.set(asset, (sums.get(asset) ?? 0n) + value);
          };
          for (const row of tables.rows("balances")) {
            add(row["asset"] as number, amount(row["total"]));
          }
          for (const row of tables.rows("shard_totals")) {
            const transferred = amount(row["transferred_in"]) - amount(row["transferred_out"]);
            add(row["asset"] as number, -amount(row["deposits"]) - transferred);
          }
          for (const row of tables.rows("flows")) {
            const { baseAsset, quoteAsset } = INSTRUMENTS[(row["peer"] as number) - MARKET]!;
            add(baseAsset, amount(row["base_out"]) - amount(row["base_in"]));
            add(quoteAsset, amount(row["quote_out"]) - amount(row["quote_in"]));
          }
          expect([...sums.values()]).toEqual(ASSETS.map(() => 0n));
        });
      }),
      sizeOf("conservation"),
    );
  });

  it("writes a journal without a gap whose amounts add up to the balances", () => {
    fc.assert(
      fc.property(draws, (draws) => {
        const { tables } = play(counted(draws), () => undefined);
        const last = new Map<unknown, number>();
        const totals = new Map<string, bigint>();
        const helds = new Map<string, bigint>();
        for (const row of tables.rows("journal")) {
          const account = row["account"];
          expect(row["first_sequence"]).toBe((last.get(account) ?? 0) + 1);
          last.set(account, row["last_sequence"] as number);
          const total = arrayOf(row["total_changes"]);
          const held = arrayOf(row["held_changes"]);
          for (const [at, asset] of arrayOf(row["assets"]).entries()) {
            const key = keyOf(account, asset);
            totals.set(key, (totals.get(key) ?? 0n) + total[at]!);
            helds.set(key, (helds.get(key) ?? 0n) + held[at]!);
          }
        }
        for (const row of tables.rows("balances")) {
          const key = keyOf(row["account"], row["asset"]);
          expect(totals.get(key) ?? 0n).toBe(amount(row["total"]));
          expect(helds.get(key) ?? 0n).toBe(amount(row["held"]));
        }
      }),
      sizeOf("journal"),
    );
  });

  it("does the same wherever batches end and however often it is restored", () => {
    const splits = fc.array(fc.constantFrom("go on", "go on", "commit", "restart"), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(draws, splits, (draws, splits) => {
        const first = play(counted(draws), () => undefined);
        const second = new Run();
        for (const [at, given] of first.given.entries()) {
          second.give(given);
          const then = splits[at % splits.length];
          if (then !== "go on") second.commit();
          if (then === "restart") second.restart();
        }
        second.commit();
        expect(second.shard.stateHash()).toBe(first.shard.stateHash());
        expect(second.events).toEqual(first.events);
        expect(second.replies).toEqual(first.replies);
        expect(second.contents()).toEqual(first.contents());
      }),
      sizeOf("batches"),
    );
  });

  /** So that many are held. */
  const LIMITED: Draw[] = ACCOUNTS.flatMap((account) =>
    ASSETS.map((asset) => {
      const terms = { account, deadline: 0, asset, value: 3_000 };
      return { kind: "client", command: { kind: "set-review-limit", ...terms } };
    }),
  );

  it("sends no order to its market that is held for review, until it is approved", () => {
    const counts = { approved: 0, refused: 0, over: 0, cancelled: 0, pairs: 0 };
    fc.assert(
      fc.property(draws, (draws) => {
        const { events, entered } = play([...LIMITED, ...counted(draws)], ({ tables, entered }) => {
          for (const row of tables.rows("orders")) {
            if ((row["review_until"] ?? 0) === 0) continue;
            expect(entered.has(row["order_id"] as number)).toBe(false);
          }
        });
        for (const told of events.values()) {
          const of = (id: number) =>
            told.filter((event) => "orderId" in event && event.orderId === id);
          for (const accepted of told) {
            if (accepted.kind !== "accepted") continue;
            const [, held, ...then] = of(accepted.orderId);
            if (held?.kind !== "review") {
              expect(entered.has(accepted.orderId)).toBe(true);
              continue;
            }
            if (accepted.pair !== 0) {
              expect(of(accepted.pair)[1]).toEqual({ ...held, orderId: accepted.pair });
              counts.pairs += 1;
            }
            const decision = then.find(({ kind }) => kind === "reviewed");
            const isApproved = decision?.kind === "reviewed" && decision.isApproved;
            expect(entered.has(accepted.orderId)).toBe(isApproved);
            if (isApproved) counts.approved += 1;
            if (isApproved || then.length === 0) continue;
            const end = then.at(-1)!;
            expect(end).toMatchObject({ kind: "ended", leaves: accepted.quantity, sequence: 0 });
            if (end.kind !== "ended") continue;
            if (end.code === Code.REVIEW_REFUSED) counts.refused += 1;
            if (end.code === Code.REVIEW_TIME_OVER) counts.over += 1;
            if (end.code === Code.CANCELLED_BY_CLIENT) counts.cancelled += 1;
          }
        }
      }),
      sizeOf("reviews"),
    );
    if (isFew("reviews")) return;
    expect(Math.min(...Object.values(counts)), JSON.stringify(counts)).toBeGreaterThan(10);
  });

  it("accepts both orders of a pair, one behind the other, or neither", () => {
    let pairs = 0;
    fc.assert(
      fc.property(draws, (draws) => {
        for (const told of play(counted(draws), () => undefined).events.values()) {
          for (const [at, event] of told.entries()) {
            if (event.kind !== "accepted" || event.pair === 0) continue;
            const isFirst = event.orderId < event.pair;
            const { instrument, side, orderId } = event;
            const other = { kind: "accepted", orderId: event.pair, pair: orderId };
            expect(told[isFirst ? at + 1 : at - 1]).toMatchObject({ ...other, instrument, side });
            pairs += 1;
          }
        }
      }),
      sizeOf("pairs"),
    );
    if (isFew("pairs")) return;
    expect(pairs).toBeGreaterThan(100);
  });

  it("gives a client order id one first answer, and gives it again", () => {
    let repeats = 0;
    let pairRepeats = 0;
    fc.assert(
      fc.property(draws, (draws) => {
        const { events, replies } = play(counted(draws), () => undefined);
        const first = new Map<number, number>();
        const answers: [account: number, clientOrderId: string][] = [];
        for (const [account, told] of events) {
          for (const event of told) {
            if (!("clientOrderId" in event)) continue;
            const { kind, orderId } = event;
            const refused = kind === "rejected" ? event.code : Code.CLIENT_ORDER_ID_VOIDED;
            first.set(orderId, kind === "accepted" ? Code.OK : refused);
            answers.push([account, event.clientOrderId]);
          }
        }
        expect(new Set(answers.map(String)).size).toBe(answers.length);
        for (const { orderId, code, repeated, pair } of replies) {
          if (!repeated || orderId === 0) continue;
          repeats += 1;
          if (!pair) {
            expect(code).toBe(first.get(orderId));
            continue;
          }
          pairRepeats += 1;
          const codes = [first.get(orderId), first.get(pair.orderId)];
          const none = pair.leg === 0 ? code : Code.OTHER_LEG_REJECTED;
          expect(codes).toEqual([pair.leg === 1 ? code : none, pair.leg === 2 ? code : none]);
        }
      }),
      sizeOf("answers"),
    );
    if (isFew("answers")) return;
    expect(repeats).toBeGreaterThan(50);
    expect(pairRepeats).toBeGreaterThan(10);
  });
});
