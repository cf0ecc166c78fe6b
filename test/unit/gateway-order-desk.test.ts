import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { OrderStatus } from "../../actors/kernel/order.js";
import { ExchangeError } from "../../services/client/exchange-error.js";
import { Catalog } from "../../services/gateway/catalog.js";
import type { Commands } from "../../services/gateway/commands.js";
import { FILLS_JOURNAL_ROWS_MAX, JOURNAL_ROWS_PER_PAGE } from "../../services/gateway/limits.js";
import { OrderDesk } from "../../services/gateway/order-desk.js";
import type { Waiter } from "../../services/gateway/pending.js";
import type { Refusal } from "../../services/gateway/refusal.js";
import type { OrderRow } from "../../services/ports/reads.js";
import { ManualClock } from "../helpers/manual-clock.js";

it("does not say that nothing was published when the database goes after an id was asked for", async () => {
  let readings = 0;
  const order = async () => {
    readings += 1;
    if (readings > 1) throw new Error("the connection broke");
    return null;
  };
  const answer = {
    account: 1,
    code: 0,
    orderId: 5,
    sequence: 2,
    token: 1,
    repeated: false,
    orders: 0,
  };
  const commands = {
    now: () => 0,
    deadline: () => 0,
    submit: (_receiver: number, _payload: () => Uint8Array, waiter: Waiter) => {
      queueMicrotask(() => waiter(answer));
      return undefined;
    },
  } as unknown as Commands;
  const desk = new OrderDesk({
    reads: { order },
    commands,
    shards: 1,
  } as never);
  await expect(desk.resolve(1, "a")).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
});

const HOUR = 3_600_000_000;
const NOW = 1_000 * HOUR;

it.each([
  ["lives, from long ago,", OrderStatus.New, 900, false],
  ["has ended an hour ago", OrderStatus.Filled, 1, false],
  ["has ended so long ago that its id may be free", OrderStatus.Filled, 13, true],
  ["was voided that long ago", OrderStatus.Voided, 30, true],
])(
  "answers about the id of an order from its row while that has it: one that %s",
  async (_, status, hours, asks) => {
    const old = rowOf(1, status, NOW - hours * HOUR);
    const young = rowOf(2, OrderStatus.Voided, NOW);
    let asked = 0;
    const order = async () => (asked === 0 ? old : young);
    const commands = {
      now: () => NOW,
      deadline: () => NOW,
      submit: (_receiver: number, _payload: () => Uint8Array, waiter: Waiter) => {
        asked += 1;
        const answer = { account: 1, code: 0, orderId: 2, sequence: 9, token: 1 };
        queueMicrotask(() => waiter({ ...answer, repeated: false, orders: 0 }));
        return undefined;
      },
    } as unknown as Commands;
    const catalog = new Catalog(
      { assets: async () => [], instruments: async () => [] },
      new ManualClock(),
    );
    const desk = new OrderDesk({ reads: { order }, commands, catalog, shards: 1 } as never);
    expect((await desk.resolve(1, "a")).order).toMatchObject({ orderId: asks ? 2 : 1 });
    expect(asked).toBe(asks ? 1 : 0);
  },
);

it("cannot say what fills an order has had that are too far apart, and that no trying again helps", async () => {
  const lastSequence = 2 * FILLS_JOURNAL_ROWS_MAX;
  const row = { ...rowOf(1, OrderStatus.PartiallyFilled, NOW), filled: 2, lastSequence };
  const nothingOfIt = async (_: number, from: number) => {
    return [
      { first: from, last: from + JOURNAL_ROWS_PER_PAGE - 1, time: 0, events: new Uint8Array() },
    ];
  };
  const reads = { order: async () => row, journalRange: nothingOfIt };
  const desk = new OrderDesk({ reads, shards: 1 } as never);
  const refusal = await desk.get(1, { orderId: 1, clientOrderId: "" }).catch((error) => error);
  expect(refusal).toMatchObject({ code: "ORDER_TOO_LONG", retryMs: 0 });
  expect(ExchangeError.from((refusal as Refusal).toServiceError())).toMatchObject({
    code: "ORDER_TOO_LONG",
    grpcStatus: status.FAILED_PRECONDITION,
    kind: "final",
  });
});

/** A row of no instrument: who sees it needs no catalog. */
function rowOf(orderId: number, status: OrderStatus, updated: number): OrderRow {
  const terms = { instrument: 0, side: 0, type: 0, timeInForce: 0, price: 0, quantity: 0 };
  const progress = { filled: 0, leaves: 0, code: 0, firstSequence: 1, lastSequence: 1 };
  const others = { stopPrice: 0, display: 0, expires: 0, selfTrade: 0, postOnly: false, pair: 0 };
  const late = { reprices: false, trail: 0, minQuantity: 0, fees: 0, reviewUntil: 0 };
  const marks = { isCancelling: false, isAmending: false, isWaiting: false };
  const base = { orderId, account: 1, clientOrderId: "a", status, created: 1, updated };
  return { ...base, ...terms, ...progress, ...others, ...late, ...marks };
}
