/** Warnings, whatever accounts do: those that a plain recount of their journals comes to, wherever batches end and shards are restored. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import { decodeAccountEvents, decodeBlocks } from "../../actors/ledger/account-events.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  encodeLedgerCommand,
  type LedgerCommand,
  NO_NEW_TERMS,
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

/** Of one group with Alice. */
const CAROL = 103;
const ACCOUNTS = [ALICE, BOB, CAROL];
const GROUPED = [ALICE, CAROL];
/** The value above which an order is held for review, and a quantity that is worth more. */
const REVIEW_LIMIT = 50_000;
const HELD_QUANTITY = 300;
const FUNDS = 10 ** 9;
const BEGINNING = 1_000_000_000;

type Draw =
  | { readonly kind: "orders" | "cancels"; readonly account: number; readonly count: number }
  | { readonly kind: "pairs" | "held"; readonly account: number; readonly count: number }
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
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("pairs" as const, "held" as const),
        account,
        count: fc.constantFrom(3, 12, 30),
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
  { kind: "pairs", account: BOB, count: 12 },
  { kind: "cancels", account: BOB, count: 10 },
  { kind: "held", account: CAROL, count: 30 },
  { kind: "cancels", account: CAROL, count: 30 },
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
  /** The other of its pair. */
  pair?: Live;
  /** Is it held for review, so that no market knows it? */
  readonly isHeld: boolean;
}

/** A shard to which the draws are given one by one, each a batch; and its market, which does as it is told. */
class Play {
  readonly given: Given[] = [];
  readonly told: Told[] = [];
  readonly warnings: Told[] = [];
  private readonly shard = LedgerShard.create(SHARD);
  private readonly recount = new WarningRecount((account) =>
    GROUPED.includes(account) ? ALICE : account,
  );
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
      const limit = { asset: QUOTE, value: REVIEW_LIMIT };
      this.ask({ kind: "set-review-limit", account, deadline: 0, ...limit });
    }
    for (const account of GROUPED) this.ask({ kind: "set-group", account, deadline: 0, group: 1 });
    for (const draw of draws) this.play(draw);
  }

  private play(draw: Draw): void {
    if (draw.kind === "pause") {
      this.time += draw.seconds * 1_000_000;
      return;
    }
    const { kind, account, count } = draw;
    for (let n = 0; n < count; n++) {
      const mine = this.live.filter((each) => each.account === account && each.leaves > 0);
      const order = kind === "cancels" ? mine[0] : mine.find(({ isHeld }) => !isHeld);
      if (kind === "orders") this.place(account, Side.Buy);
      else if (kind === "held" && n % 3 > 0) this.place(account, Side.Buy, HELD_QUANTITY);
      else if (kind === "held" || kind === "pairs") this.placePair(account, kind === "held");
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
    if (order.isHeld) return this.cancelHeld(order);
    const code = kind === "cancels" ? Code.CANCELLED_BY_CLIENT : Code.SELF_TRADE_PREVENTED;
    this.give(MARKET, { kind: "ended", orderId, leaves, code, sequence: this.numbers });
    this.endPairOf(order);
  }

  /** Its market ends the other of a pair. */
  private endPairOf({ pair }: Live): void {
    if (!pair || pair.leaves === 0) return;
    const { orderId, leaves } = pair;
    pair.leaves = 0;
    const code = Code.PAIR_DONE;
    this.give(MARKET, { kind: "ended", orderId, leaves, code, sequence: this.numbers });
  }

  /** Of a pair now one is asked for and now the other. */
  private cancelHeld({ orderId, account, pair }: Live): void {
    if (pair) pair.leaves = 0;
    const named = pair && this.numbers % 2 === 0 ? pair.orderId : orderId;
    const request = { request: OrderRequest.Cancel, leaves: 0, ...NO_NEW_TERMS } as const;
    const name = { orderId: named, clientOrderId: "" };
    this.ask({ kind: "amend", account, deadline: 0, ...name, ...request });
  }

  private placePair(account: number, isHeld: boolean): void {
    this.numbers += 1;
    const quantity = isHeld ? HELD_QUANTITY : 30;
    const terms = { instrument: MARKET, side: Side.Buy, timeInForce: 1, quantity } as const;
    const leg = { ...NO_OTHER_TERMS, ...terms };
    const limit = { ...leg, type: 1, price: 100, clientOrderId: `p-${this.numbers}` };
    const stop = { ...leg, type: 4, price: 105, stopPrice: 105 };
    const legs = [limit, { ...stop, clientOrderId: `q-${this.numbers}` }] as const;
    this.ask({ kind: "place-pair", account, deadline: 0, legs });
    const accepted = this.told.flatMap(({ event }) => (event.kind === "accepted" ? [event] : []));
    const [one, other] = accepted.slice(-2).map(({ orderId, pair }): Live => {
      expect(pair).not.toBe(0);
      return { orderId, account, leaves: quantity, isHeld };
    }) as [Live, Live];
    one.pair = other;
    other.pair = one;
    this.live.push(one, other);
  }

  /** With another account, of its group or not, or (every seventh) with itself. */
  private trade(maker: Live, n: number): void {
    const other = ACCOUNTS.filter((each) => each !== maker.account)[n % 2]!;
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
    this.endPairOf(maker);
  }

  private place(account: number, side: Side, buys = 30): Live {
    this.numbers += 1;
    const clientOrderId = `o-${this.numbers}`;
    const terms = { instrument: MARKET, side, type: 1, timeInForce: 1, price: 100 } as const;
    const quantity = side === Side.Sell ? 10 : buys;
    const order = { clientOrderId, ...terms, quantity, ...NO_OTHER_TERMS };
    this.ask({ kind: "place", account, deadline: 0, ...order });
    const event = this.told.findLast((each) => each.event.kind === "accepted")!.event;
    const orderId = "orderId" in event ? event.orderId : 0;
    const live: Live = { orderId, account, leaves: quantity, isHeld: buys === HELD_QUANTITY };
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
