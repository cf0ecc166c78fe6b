/** Client order ids against a plain book of them (R10): who has each, and since when that has ended. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS as DAY } from "../../actors/kernel/limits.js";
import { OrderRequest, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { ALICE, BOB, MARKET, type Step, Teller } from "../helpers/ledger.js";

interface Holder {
  readonly orderId: number;
  /** When the last was heard of it since it has ended; null: it lives. */
  over: number | null;
}

/** What a book of client order ids must say, worked out from what accounts were told. */
class Book {
  reused = 0;
  private readonly holders = new Map<string, Holder>();
  private readonly byOrder = new Map<number, Holder>();

  holder(account: number, clientOrderId: string, time: number): Holder | undefined {
    const holder = this.holders.get(`${account} ${clientOrderId}`);
    return holder && holder.over !== null && time - holder.over >= DAY ? undefined : holder;
  }

  live(): number[] {
    return [...this.byOrder].flatMap(([id, { over }]) => (over === null ? [id] : []));
  }

  ended(): number[] {
    return [...this.byOrder].flatMap(([id, { over }]) => (over === null ? [] : [id]));
  }

  take(account: number, { events }: Step, time: number): void {
    for (const event of events) {
      if ("clientOrderId" in event) {
        const key = `${account} ${event.clientOrderId}`;
        expect(this.holder(account, event.clientOrderId, time)).toBeUndefined();
        if (this.holders.has(key)) this.reused += 1;
        const { orderId, kind } = event;
        const holder = { orderId, over: kind === "accepted" ? null : time };
        this.holders.set(key, holder);
        this.byOrder.set(orderId, holder);
      } else if (event.kind === "ended" || event.kind === "refused") {
        this.byOrder.get(event.orderId)!.over = time;
      }
    }
  }
}

const PLAIN = {
  kind: "place" as const,
  instrument: MARKET,
  side: Side.Buy,
  type: OrderType.Limit,
  timeInForce: TimeInForce.GoodTillCancel,
  quantity: 10,
  ...NO_OTHER_TERMS,
};

const account = fc.constantFrom(ALICE, BOB);
const clientOrderId = fc.constantFrom("a", "b", "c");
const pick = fc.nat(50);
const draws = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("place" as const),
        account,
        clientOrderId,
        price: fc.constantFrom(0, 100, 100, 100),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("resolve" as const), account, clientOrderId }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom("end" as const, "refuse" as const), pick }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("wait" as const),
        micros: fc.constantFrom(1, DAY / 2, DAY / 2, DAY - 1, DAY),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  ),
  { minLength: 10, maxLength: 60 },
);

type Draw = typeof draws extends fc.Arbitrary<(infer One)[]> ? One : never;

function act(teller: Teller, book: Book, draw: Draw): void {
  const { time } = teller;
  if (draw.kind === "wait") teller.time += draw.micros;
  else if (draw.kind === "restart") teller.restart();
  else if (draw.kind === "place" || draw.kind === "resolve") {
    const { account, clientOrderId } = draw;
    const holder = book.holder(account, clientOrderId, time);
    const step =
      draw.kind === "place"
        ? teller.ask({ ...PLAIN, account, clientOrderId, price: draw.price })
        : teller.ask({ kind: "resolve", account, clientOrderId });
    if (holder) expect(step.replies).toMatchObject([{ orderId: holder.orderId }]);
    else expect(step).toMatchObject({ replies: [], events: [{ clientOrderId }] });
    book.take(account, step, time);
  } else {
    const orders = draw.kind === "end" ? book.live() : book.ended();
    const orderId = orders[draw.pick % orders.length];
    if (orderId === undefined || teller.order(orderId)["instrument"] !== MARKET) return;
    const about = { orderId, code: Code.TOO_LATE, sequence: 1 };
    const request = OrderRequest.Cancel;
    const step =
      draw.kind === "end"
        ? teller.answer({ kind: "ended", leaves: PLAIN.quantity, ...about })
        : teller.answer({ kind: "refused", request, ...about });
    book.take(0, step, time);
  }
}

describe("client order ids, whoever asks for which and when", () => {
  it("stay with their orders for a day after these have ended, and then are free", () => {
    let reused = 0;
    fc.assert(
      fc.property(draws, (draws) => {
        const teller = new Teller({ quote: 1_000_000 });
        const book = new Book();
        for (const draw of draws) act(teller, book, draw);
        reused += book.reused;
      }),
      { numRuns: 150 },
    );
    // Some 117 are to be expected, give or take 14.
    expect(reused).toBeGreaterThan(50);
  });
});
