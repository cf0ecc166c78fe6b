import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { isHouseAccount, isLedgerShard, sourceOfSlot } from "../../actors/kernel/ids.js";
import { isFinal, type OrderStatus } from "../../actors/kernel/order.js";
import {
  type AccountEvent,
  decodeAccountEvents,
  decodeBlocks,
  decodeReplies,
  type Reply,
} from "../../actors/ledger/account-events.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  type AmendOrder,
  type ClientCommand,
  encodeLedgerCommand,
} from "../../actors/ledger/messages.js";
import { decodeMarketCommand } from "../../actors/market/messages.js";
import type { Row } from "../../services/ports/store.js";
import { give, MARKET, restored, SHARD, SLOT } from "../helpers/ledger.js";
import { ACCOUNTS, ASSETS, type Draw, draws, FUNDS, INSTRUMENTS } from "../helpers/ledger-draws.js";
import { OTHER_SHARD, OtherShard } from "../helpers/other-shard.js";
import { ReferenceLedger } from "../helpers/reference-ledger.js";
import { Tables } from "../helpers/tables.js";
import { WhimsicalMarket } from "../helpers/whimsical-market.js";

/** As many steps, and of such a seed, as `npm run test:property -- --ledger` asks for. */
const asked = Number(process.env["PALISADE_PROPERTY_STEPS"] ?? 0);
const seed = Number(process.env["PALISADE_PROPERTY_SEED"] ?? 1);
/** What a run of draws has of them on average. */
const STEPS_PER_RUN = 150;
const SHORT_RUNS = 120;
const RUNS_PER_SECOND_LEAST = 1;
const numRuns = asked === 0 ? SHORT_RUNS : Math.ceil(asked / STEPS_PER_RUN);

const saidOf = (fills: number) => `${asked} steps in ${numRuns} runs, ${fills} fills, seed ${seed}`;

interface Given {
  readonly source: number;
  readonly payload: Uint8Array;
  readonly time: number;
}

/** An order's row with what its empty columns mean: a plain order's are written when something of them changes. */
function filled(row: Row): Row {
  const none = { stop_price: 0, display: 0, expires: 0, self_trade: 0, post_only: 0 };
  const asked = { amend_price: 0, amend_change: 0, worst_price: row["price"]!, cancelling: 0 };
  const late = { reprices: 0, trail: 0, min_quantity: 0 };
  const charged = { maker_fee: 0, taker_fee: 0, maker_value: 0, taker_value: 0, fees: 0 };
  return { ...none, ...asked, ...late, ...charged, pair: 0, pair_done: 0, ...row };
}

/** A shard with its tables, and everything that was said to it and by it. */
class Run {
  shard = LedgerShard.create(SHARD);
  readonly tables = new Tables();
  readonly given: Given[] = [];
  readonly events = new Map<number, AccountEvent[]>();
  readonly replies: Reply[] = [];
  private state: Uint8Array = new Uint8Array(0);

  give(given: Given): void {
    this.given.push(given);
    give(this.shard, given.source, given.payload, given.time);
  }

  /** Commits the open batch; returns what it sends, in order. */
  commit(): { readonly destination: number; readonly payload: Uint8Array }[] {
    this.shard.checkInvariants();
    const hash = this.shard.stateHash();
    const effects = this.shard.takeEffects();
    expect(this.shard.stateHash()).toBe(hash);
    this.tables.apply(effects);
    this.state = effects.state;
    for (const block of effects.events ? decodeBlocks(effects.events) : []) {
      const told = this.events.get(block.account) ?? [];
      this.events.set(block.account, told);
      const events = decodeAccountEvents(block.bytes);
      expect(block).toMatchObject({ first: told.length + 1, count: events.length });
      told.push(...events);
    }
    if (effects.replies) this.replies.push(...decodeReplies(effects.replies));
    return [...effects.sends].flatMap(([destination, payloads]) =>
      payloads.map((payload) => ({ destination, payload })),
    );
  }

  /** The command, about one of the orders that are live in the tables, if any is. */
  aimed(command: AmendOrder, pick: number): AmendOrder {
    const live = this.tables.rows("orders").filter((row) => !isFinal(row["status"] as OrderStatus));
    const row = live[pick % live.length];
    if (!row) return command;
    const [account, orderId] = [row["account"] as number, row["order_id"] as number];
    return { ...command, deadline: 0, account, orderId, clientOrderId: "" };
  }

  restart(): void {
    const again = restored(this.shard, this.tables, this.state);
    expect(again.stateHash()).toBe(this.shard.stateHash());
    again.checkInvariants();
    this.shard = again;
  }

  /** All tables but the journal, whose rows depend on where batches end. */
  contents(): unknown[] {
    const names = ["accounts", "balances", "orders", "deposits", "withdrawals", "shard_totals"];
    return [...names, "transfers", "credits", "account_limits", "flows", "shard_instruments"].map(
      (name) => {
        const rows = this.tables.rows(name).map((row) => (name === "orders" ? filled(row) : row));
        const columns = Object.keys(rows[0] ?? {}).sort();
        return rows.map((row) => JSON.stringify(row, columns)).sort();
      },
    );
  }
}

/** Plays the draws with whimsical markets; calls `checked` after every commit. */
function play(
  draws: readonly Draw[],
  checked: (run: Run, reference: ReferenceLedger) => void,
  markets = INSTRUMENTS.map(({ id, lot }) => new WhimsicalMarket(id, lot)),
  other = new OtherShard(),
): Run {
  const run = new Run();
  const reference = new ReferenceLedger(SHARD, INSTRUMENTS);
  const seen = new Map<number, number>();
  let time = 1_000;
  const ask = (command: ClientCommand): void =>
    run.give({ source: sourceOfSlot(SLOT), payload: encodeLedgerCommand(command), time: ++time });
  const commit = (): void => {
    for (const { destination, payload } of run.commit()) {
      if (isLedgerShard(destination)) {
        expect(destination).toBe(OTHER_SHARD);
        other.receive(payload);
        continue;
      }
      const command = decodeMarketCommand(payload);
      reference.sent(command);
      markets[destination - MARKET]?.receive(command);
    }
    for (const [account, events] of run.events) {
      for (const event of events.slice(seen.get(account) ?? 0)) reference.told(account, event);
      seen.set(account, events.length);
    }
    checked(run, reference);
  };
  for (const instrument of INSTRUMENTS) {
    const payload = encodeLedgerCommand({ kind: "instrument", instrument });
    run.give({ source: instrument.id, payload, time });
  }
  for (const account of ACCOUNTS) {
    ask({ kind: "open", account, deadline: 0 });
    for (const asset of ASSETS) {
      ask({ kind: "deposit", account, deadline: 0, asset, amount: FUNDS, key: `${asset}` });
    }
  }
  for (const draw of draws) {
    if (draw.kind === "commit") commit();
    if (draw.kind === "client") ask(draw.command);
    if (draw.kind === "aimed") ask(run.aimed(draw.command, draw.pick));
    const message = draw.kind === "shard" ? other.act(draw.whim) : null;
    if (message) {
      run.give({ source: OTHER_SHARD, payload: encodeLedgerCommand(message), time: ++time });
    }
    if (draw.kind !== "whim") continue;
    const market = markets[draw.market]!;
    const answer = market.answer(draw.whim);
    if (!answer) continue;
    if (answer.kind === "trade") reference.traded(answer);
    run.give({ source: market.id, payload: encodeLedgerCommand(answer), time: ++time });
  }
  commit();
  return run;
}

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

describe("a ledger shard, whatever clients and markets do", () => {
  const timeout = 60_000 + (numRuns / RUNS_PER_SECOND_LEAST) * 1_000;
  it("has the balances, holds and orders that its whole history adds up to", { timeout }, () => {
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
        fills += play(draws, check, markets, other).shard.fills;
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
      { numRuns, ...(asked === 0 ? {} : { seed }) },
    );
    if (asked > 0) process.stdout.write(`${saidOf(fills)}: the shard and the plain ledger agree\n`);
    if (numRuns < SHORT_RUNS) return;
    expect(fills).toBeGreaterThan(250);
    expect(amends).toBeGreaterThan(80);
    expect(races).toBeGreaterThan(40);
    expect(pairTrades).toBeGreaterThan(50);
    expect(reprices).toBeGreaterThan(10);
    expect(waiting).toBeGreaterThan(10);
    expect(Math.min(...Object.values(transfers))).toBeGreaterThan(10);
  });

  it("conserves every asset: deposits, and what markets brought in and took out", () => {
    fc.assert(
      fc.property(draws, (draws) => {
        play(draws, ({ tables }) => {
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
      { numRuns: 60 },
    );
  });

  it("writes a journal without a gap whose amounts add up to the balances", () => {
    fc.assert(
      fc.property(draws, (draws) => {
        const { tables } = play(draws, () => undefined);
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
      { numRuns: 60 },
    );
  });

  it("does the same wherever batches end and however often it is restored", () => {
    const splits = fc.array(fc.constantFrom("go on", "go on", "commit", "restart"), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(draws, splits, (draws, splits) => {
        const first = play(draws, () => undefined);
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
      { numRuns: 100 },
    );
  });

  it("accepts both orders of a pair, one behind the other, or neither", () => {
    let pairs = 0;
    fc.assert(
      fc.property(draws, (draws) => {
        for (const told of play(draws, () => undefined).events.values()) {
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
      { numRuns: 40 },
    );
    expect(pairs).toBeGreaterThan(100);
  });

  it("gives a client order id one first answer, and gives it again", () => {
    let repeats = 0;
    let pairRepeats = 0;
    fc.assert(
      fc.property(draws, (draws) => {
        const { events, replies } = play(draws, () => undefined);
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
      { numRuns: 60 },
    );
    expect(repeats).toBeGreaterThan(50);
    expect(pairRepeats).toBeGreaterThan(10);
  });
});
