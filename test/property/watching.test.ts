/** Warnings, whatever accounts do: those that a plain recount of their journals comes to, wherever batches end and shards are restored. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { Side } from "../../actors/kernel/order.js";
import { decodeAccountEvents, decodeBlocks } from "../../actors/ledger/account-events.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  encodeLedgerCommand,
  type LedgerCommand,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import {
  ALICE,
  BOB,
  give,
  INSTRUMENT,
  MARKET,
  QUOTE,
  restored,
  SHARD,
  SLOT,
} from "../helpers/ledger.js";
import { Tables } from "../helpers/tables.js";
import { type Told, WarningRecount } from "../helpers/warning-recount.js";

const ACCOUNTS = [ALICE, BOB];
const FUNDS = 10 ** 9;
const BEGINNING = 1_000_000_000;

type Draw =
  | { readonly kind: "orders" | "cancels"; readonly account: number; readonly count: number }
  | { readonly kind: "reduces" | "prevented"; readonly account: number; readonly count: number }
  | { readonly kind: "trades"; readonly account: number; readonly count: number }
  | { readonly kind: "pause"; readonly seconds: number };

const account = fc.constantFrom(...ACCOUNTS, ALICE);
const draws: fc.Arbitrary<Draw[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("orders" as const),
        account,
        count: fc.constantFrom(3, 21, 60, 300, 520),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("cancels" as const),
        account,
        count: fc.constantFrom(1, 18, 60, 300),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("reduces" as const),
        account,
        count: fc.constantFrom(1, 60),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("trades" as const),
        account,
        count: fc.constantFrom(1, 7),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("prevented" as const),
        account,
        count: fc.constantFrom(1, 2),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("pause" as const),
        seconds: fc.constantFrom(1, 20, 40, 70, 200),
      }),
    },
  ),
  { minLength: 5, maxLength: 20 },
);

/** Has every warning in it, whatever chance draws besides. */
const EVERY_WARNING: Draw[] = [
  { kind: "orders", account: ALICE, count: 21 },
  { kind: "cancels", account: ALICE, count: 18 },
  { kind: "prevented", account: ALICE, count: 1 },
  { kind: "pause", seconds: 70 },
  { kind: "orders", account: ALICE, count: 520 },
];

interface Given {
  readonly source: number;
  readonly command: LedgerCommand;
  readonly time: number;
}

interface Live {
  readonly orderId: number;
  readonly account: number;
  leaves: number;
}

/** A shard to which the draws are given one by one, each a batch; and its market, which does as it is told. */
class Play {
  readonly given: Given[] = [];
  readonly told: Told[] = [];
  readonly warnings: Told[] = [];
  private readonly shard = LedgerShard.create(SHARD);
  private readonly recount = new WarningRecount();
  private readonly live: Live[] = [];
  private time = BEGINNING;
  private numbers = 0;

  constructor(draws: readonly Draw[]) {
    this.give(MARKET, { kind: "instrument", instrument: INSTRUMENT });
    for (const account of ACCOUNTS) {
      this.ask({ kind: "open", account, deadline: 0 });
      const terms = { asset: QUOTE, amount: FUNDS, key: "k" };
      this.ask({ kind: "deposit", account, deadline: 0, ...terms });
      this.ask({ kind: "deposit", account, deadline: 0, ...terms, asset: 1, key: "b" });
    }
    for (const draw of draws) this.play(draw);
  }

  private play(draw: Draw): void {
    if (draw.kind === "pause") {
      this.time += draw.seconds * 1_000_000;
      return;
    }
    const { kind, account, count } = draw;
    for (let n = 0; n < count; n++) {
      const order = this.live.find((each) => each.account === account && each.leaves > 0);
      if (kind === "orders") this.place(account, Side.Buy);
      else if (order) this.act(kind, order, n);
    }
  }

  private act(kind: "cancels" | "reduces" | "prevented" | "trades", order: Live, n: number): void {
    const { orderId, leaves } = order;
    this.numbers += 1;
    if (kind === "trades") return this.trade(order, n);
    if (kind === "reduces") {
      if (leaves < 20) return;
      order.leaves -= 10;
      const answer = { orderId, leaves: order.leaves, code: Code.OK, sequence: this.numbers };
      return this.give(MARKET, { kind: "reduced", ...answer });
    }
    order.leaves = 0;
    const code = kind === "cancels" ? Code.CANCELLED_BY_CLIENT : Code.SELF_TRADE_PREVENTED;
    this.give(MARKET, { kind: "ended", orderId, leaves, code, sequence: this.numbers });
  }

  /** With the other account, or (every seventh) with itself. */
  private trade(maker: Live, n: number): void {
    const other = maker.account === ALICE ? BOB : ALICE;
    const taker = this.place(n % 7 === 6 ? maker.account : other, Side.Sell);
    const quantity = 10;
    maker.leaves -= quantity;
    taker.leaves -= quantity;
    this.give(MARKET, {
      kind: "trade",
      instrument: MARKET,
      tradeId: this.numbers,
      makerOrder: maker.orderId,
      takerOrder: taker.orderId,
      takerSide: Side.Sell,
      price: 100,
      quantity,
      makerLeaves: maker.leaves,
      takerLeaves: taker.leaves,
      isAuction: false,
      sequence: this.numbers,
    });
  }

  private place(account: number, side: Side): Live {
    this.numbers += 1;
    const clientOrderId = `o-${this.numbers}`;
    const terms = { instrument: MARKET, side, type: 1, timeInForce: 1, price: 100 } as const;
    const quantity = side === Side.Sell ? 10 : 30;
    const order = { clientOrderId, ...terms, quantity, ...NO_OTHER_TERMS };
    this.ask({ kind: "place", account, deadline: 0, ...order });
    const event = this.told.findLast((each) => each.event.kind === "accepted")!.event;
    const orderId = "orderId" in event ? event.orderId : 0;
    const live = { orderId, account, leaves: quantity };
    // What sells is there for the trade that follows.
    if (side === Side.Buy) this.live.push(live);
    return live;
  }

  private ask(command: LedgerCommand): void {
    this.give(sourceOfSlot(SLOT), command);
  }

  private give(source: number, command: LedgerCommand): void {
    const { time } = this;
    this.given.push({ source, command, time });
    give(this.shard, source, encodeLedgerCommand(command), time);
    const told = toldIn(this.shard.takeEffects().events);
    const others = told.filter(({ event }) => event.kind !== "warning");
    const warnings = told.filter(({ event }) => event.kind === "warning");
    // A block has the events of one account: it is compared account by account.
    const byAccount = (a: Told, b: Told) => a.account - b.account;
    expect([...warnings].sort(byAccount)).toEqual(
      this.recount.command(time, others).sort(byAccount),
    );
    this.told.push(...told);
    this.warnings.push(...warnings);
  }
}

function toldIn(events: Uint8Array | null): Told[] {
  return (events ? decodeBlocks(events) : []).flatMap(({ account, bytes }) =>
    decodeAccountEvents(bytes).map((event) => ({ account, event })),
  );
}

function journals(told: readonly Told[]): unknown {
  return ACCOUNTS.map((account) => told.filter((each) => each.account === account));
}

describe("a ledger shard, whatever its accounts do", () => {
  it("warns of what a plain recount comes to", () => {
    const seen = [0, 0, 0, 0, 0];
    fc.assert(
      fc.property(draws, (draws) => {
        for (const { event } of new Play(draws).warnings) {
          if (event.kind === "warning") seen[event.warning]! += 1;
        }
      }),
      { numRuns: 14, examples: [[EVERY_WARNING]] },
    );
    expect(Math.min(...seen.slice(1))).toBeGreaterThan(0);
  });

  it("warns alike wherever batches end and however often it is restored", () => {
    const splits = fc.array(
      fc.constantFrom(...Array<"go on">(9).fill("go on"), "commit", "restart"),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(draws, splits, (draws, splits) => {
        const first = new Play(draws);
        let shard = LedgerShard.create(SHARD);
        const tables = new Tables();
        const told: Told[] = [];
        let state: Uint8Array = new Uint8Array(0);
        const commit = (): void => {
          const effects = shard.takeEffects();
          tables.apply(effects);
          state = effects.state;
          told.push(...toldIn(effects.events));
        };
        for (const [at, { source, command, time }] of first.given.entries()) {
          give(shard, source, encodeLedgerCommand(command), time);
          const then = splits[at % splits.length]!;
          if (then !== "go on") commit();
          if (then !== "restart") continue;
          const again = restored(shard, tables, state);
          expect(again.stateHash()).toBe(shard.stateHash());
          shard = again;
        }
        commit();
        expect(journals(told)).toEqual(journals(first.told));
      }),
      { numRuns: 6 },
    );
  });
});
