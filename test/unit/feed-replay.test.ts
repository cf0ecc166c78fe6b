/** What a replay compares with: events and depth messages in any interleaving that an exchange may show. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AccountEvent,
  Liquidity,
  OrderRequest,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import type { DepthMessage } from "../../services/feed/protocol.js";
import { BookChecks } from "../../services/replay/book-checks.js";
import { CommandTracker, type TrackedCommand } from "../../services/replay/command-tracker.js";

const CANCEL = OrderRequest.ORDER_REQUEST_CANCEL;
const REDUCE = OrderRequest.ORDER_REQUEST_REDUCE;

function message(sequence: number, bid: readonly [number, number], snapshot = false): DepthMessage {
  const bids = [[String(bid[0]), String(bid[1])]] as const;
  const common = { type: "depth", symbol: "X", timestamp: 0, token: 1 } as const;
  return { ...common, bids, asks: [], sequence, previous: 0, snapshot };
}

describe("book checks", () => {
  it("are made at the sequence of the command before them, in whatever order the two streams come", () => {
    // Each command sets the quantity at one price; some change nothing, so that no message comes of them.
    const quantities = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(quantities, fc.infiniteStream(fc.boolean()), (wanted, coin) => {
        const checks = new BookChecks();
        const settles: (() => void)[] = [];
        const messages: (() => void)[] = [() => checks.take(message(0, [5, 9], true))];
        let quantity = 9;
        for (const [at, next] of wanted.entries()) {
          const sequence = at + 1;
          settles.push(() => checks.settle(sequence));
          if (next !== quantity) messages.push(() => checks.take(message(sequence, [5, next])));
          quantity = next;
          checks.add({ commands: sequence, bids: [[5, quantity]], asks: [] });
        }
        const end = wanted.length + 1;
        settles.push(() => checks.settle(end));
        messages.push(() => checks.take(message(end, [4, 1])));
        while (settles.length + messages.length > 0) {
          const first = coin.next().value ? settles : messages;
          (first.shift() ?? settles.shift() ?? messages.shift())?.();
        }
        expect([checks.checked, checks.mismatches, checks.waiting]).toEqual([wanted.length, 0, 0]);
      }),
    );
  });

  it("fail for a wrong level, a wrong side and a book that never came", () => {
    const checks = new BookChecks();
    checks.take(message(0, [5, 9], true));
    checks.add({ commands: 1, bids: [[5, 8]], asks: [] });
    checks.add({ commands: 1, bids: [[5, 9]], asks: [[6, 1]] });
    checks.add({ commands: 1, bids: [[5, 9]], asks: [] });
    checks.settle(1);
    checks.settle(2);
    checks.take(message(2, [5, 7]));
    checks.add({ commands: 2, bids: [[5, 7]], asks: [] });
    expect([checks.checked, checks.mismatches, checks.waiting]).toEqual([3, 2, 1]);
    checks.giveUp();
    expect([checks.checked, checks.mismatches, checks.waiting]).toEqual([4, 3, 0]);
  });
});

function event(value: AccountEvent["event"]): AccountEvent {
  return { account: 1, sequence: 1, token: 1, time: 1, executionType: 0, event: value };
}

/** Two orders as the exchange would tell of them: number 1 rests, number 2 takes from it. */
class Told {
  settled = 0;
  readonly tracker = new CommandTracker(() => (this.settled += 1));

  enter(id: number): TrackedCommand {
    const command = this.tracker.begin(1);
    this.tracker.enter(command, `c${id}`, id);
    const value = { orderId: id * 10, clientOrderId: `c${id}`, symbol: "X", pairOrderId: 0 };
    const type = OrderType.ORDER_TYPE_LIMIT;
    const timeInForce = TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL;
    const terms = { side: Side.SIDE_BUY, type, timeInForce, price: 5, quantity: 5, ...PLAIN_TERMS };
    this.tracker.take(event({ $case: "accepted", value: { ...value, ...terms } }));
    return command;
  }

  ask(id: number, request: OrderRequest): TrackedCommand {
    const command = this.tracker.begin(1);
    this.tracker.ask(command, `c${id}`, request);
    return command;
  }

  rests(id: number, marketSequence: number): void {
    const value = { orderId: id * 10, leaves: 5, marketSequence };
    this.tracker.take(event({ $case: "rested", value }));
  }

  ends(id: number, code: string, marketSequence: number): void {
    const value = { orderId: id * 10, leaves: 1, code, marketSequence };
    this.tracker.take(event({ $case: "ended", value }));
  }

  fills(id: number, liquidity: Liquidity, leaves: number, quantity = 2): void {
    const value = { orderId: id * 10, tradeId: 77, symbol: "X", liquidity, price: 5 };
    const rest = { side: Side.SIDE_BUY, quantity, leaves, marketSequence: 2, fee: 0 };
    this.tracker.take(event({ $case: "filled", value: { ...value, ...rest } }));
  }
}

const FILL = { makerId: 1, price: 5, quantity: 2 };

describe("tracked commands", () => {
  it("are settled by the market's answer, with its sequence", () => {
    const told = new Told();
    const resting = told.enter(1);
    expect(told.settled).toBe(0);
    told.rests(1, 4);
    expect([told.settled, resting.sequence, resting.openParts]).toEqual([1, 4, 0]);
    expect(told.tracker.isAsExpected(resting, [])).toBe(true);
    const cancel = told.ask(1, CANCEL);
    told.ends(1, "CANCELLED_BY_CLIENT", 5);
    expect([told.settled, cancel.sequence]).toEqual([2, 5]);
    const immediate = told.enter(2);
    told.ends(2, "IMMEDIATE_REMAINDER", 6);
    expect(told.tracker.isAsExpected(immediate, [])).toBe(true);
  });

  it("have the fills of taker and maker, matched by the trade, whichever is told first", () => {
    for (const takerFirst of [true, false]) {
      const told = new Told();
      told.enter(1);
      told.rests(1, 1);
      const taker = told.enter(2);
      if (takerFirst) told.fills(2, Liquidity.LIQUIDITY_TAKER, 0);
      else told.fills(1, Liquidity.LIQUIDITY_MAKER, 3);
      expect(told.tracker.hasMakersOf(taker)).toBe(!takerFirst);
      if (takerFirst) told.fills(1, Liquidity.LIQUIDITY_MAKER, 3);
      else told.fills(2, Liquidity.LIQUIDITY_TAKER, 0);
      expect(told.tracker.hasMakersOf(taker)).toBe(true);
      expect(told.tracker.isAsExpected(taker, [FILL])).toBe(true);
      for (const wrong of [{ makerId: 2 }, { price: 4 }, { quantity: 3 }]) {
        expect(told.tracker.isAsExpected(taker, [{ ...FILL, ...wrong }])).toBe(false);
      }
      expect(told.tracker.isAsExpected(taker, [])).toBe(false);
      expect(told.tracker.isAsExpected(taker, [FILL, FILL])).toBe(false);
    }
  });

  it("are not as expected where maker and taker are told different things", () => {
    const told = new Told();
    told.enter(1);
    told.rests(1, 1);
    const taker = told.enter(2);
    told.fills(2, Liquidity.LIQUIDITY_TAKER, 0);
    told.fills(1, Liquidity.LIQUIDITY_MAKER, 4, 1);
    expect(told.tracker.isAsExpected(taker, [FILL])).toBe(false);
  });

  it("are not as expected where the exchange refuses or ends them", () => {
    const told = new Told();
    const rejected = told.tracker.begin(1);
    told.tracker.enter(rejected, "c9", 9);
    told.tracker.refused(rejected, "c9", null);
    const full = told.enter(3);
    told.ends(3, "BOOK_FULL", 1);
    told.enter(4);
    told.rests(4, 2);
    const reduce = told.ask(4, REDUCE);
    const value = { orderId: 40, request: REDUCE, code: "TOO_LATE", marketSequence: 3 };
    told.tracker.take(event({ $case: "refused", value }));
    const unknown = told.ask(5, CANCEL);
    told.tracker.refused(unknown, "c5", CANCEL);
    for (const each of [rejected, full, reduce, unknown]) {
      expect(told.tracker.isAsExpected(each, [])).toBe(false);
      expect(each.openParts).toBe(0);
    }
    expect(told.settled).toBe(5);
    const unanswered = told.ask(4, CANCEL);
    expect(told.tracker.isAsExpected(unanswered, [])).toBe(false);
  });
});
