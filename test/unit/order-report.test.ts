/** How FIX would state an order's life: its status from what is known of it, and what each event reports. */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, OrderStatus } from "../../actors/kernel/order.js";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import {
  executionType,
  ExecutionType,
  type OrderStanding,
  ReportedStatus,
  reportedStatus,
} from "../../actors/ledger/order-report.js";
import {
  ExecutionType as PublicExecutionType,
  OrderStatus as PublicStatus,
} from "../../proto/gen/exchange/v1/exchange.js";

const { PendingNew, New, PartiallyFilled, Filled, Cancelled, Rejected, Voided, Expired } =
  OrderStatus;
const PLAIN: OrderStanding = {
  status: New,
  code: Code.OK,
  isCancelling: false,
  isAmending: false,
  isWaiting: false,
  reviewUntil: 0,
};
const cancelling = { isCancelling: true };
const amending = { isAmending: true };
const waiting = { isWaiting: true };
const held = { reviewUntil: 1_700_000_000_000_000 };

const STATUSES: readonly (readonly [
  what: string,
  standing: Partial<OrderStanding>,
  reported: keyof typeof ReportedStatus,
])[] = [
  ["on its way to its market", { status: PendingNew }, "PendingNew"],
  ["held for review", { status: PendingNew, ...held }, "Suspended"],
  ["resting", {}, "New"],
  ["a stop that waits", waiting, "Suspended"],
  ["partly filled", { status: PartiallyFilled }, "PartiallyFilled"],
  ["being amended", amending, "PendingReplace"],
  ["partly filled and being amended", { status: PartiallyFilled, ...amending }, "PendingReplace"],
  ["a stop that waits and is being amended", { ...waiting, ...amending }, "PendingReplace"],
  ["being cancelled", cancelling, "PendingCancel"],
  ["being cancelled before it rests", { status: PendingNew, ...cancelling }, "PendingCancel"],
  ["being amended and cancelled", { ...amending, ...cancelling }, "PendingCancel"],
  ["a stop that waits and is being cancelled", { ...waiting, ...cancelling }, "PendingCancel"],
  ["filled", { status: Filled }, "Filled"],
  ["filled while it was being cancelled", { status: Filled, ...cancelling }, "Filled"],
  ["cancelled", { status: Cancelled, code: Code.CANCELLED_BY_CLIENT, ...cancelling }, "Cancelled"],
  [
    "a stop that was cancelled",
    { status: Cancelled, code: Code.PAIR_DONE, ...waiting },
    "Cancelled",
  ],
  ["refused in a review", { status: Cancelled, code: Code.REVIEW_REFUSED }, "Cancelled"],
  ["left alone in a review", { status: Expired, code: Code.REVIEW_TIME_OVER }, "Expired"],
  ["good till a date that has come", { status: Expired, code: Code.EXPIRED }, "Expired"],
  ["what an auction has left", { status: Expired, code: Code.AUCTION_REMAINDER }, "Expired"],
  ["for a day that is over", { status: Expired, code: Code.DAY_ENDED }, "DoneForDay"],
  ["rejected", { status: Rejected, code: Code.INSUFFICIENT_FUNDS }, "Rejected"],
  ["an id that is void", { status: Voided, code: Code.CLIENT_ORDER_ID_VOIDED }, "Voided"],
];

describe("an order's status", () => {
  it.each(STATUSES)("%s", (_what, standing, reported) => {
    expect(reportedStatus({ ...PLAIN, ...standing })).toBe(ReportedStatus[reported]);
  });

  it("can be each that there is, and has its number in the public interface", () => {
    const seen = new Set(STATUSES.map(([, , reported]) => reported));
    expect([...seen].sort()).toEqual(Object.keys(ReportedStatus).sort());
    for (const [name, value] of Object.entries(ReportedStatus)) {
      expect(numbers(PublicStatus)[`ORDER_STATUS_${inCapitals(name)}`]).toBe(value);
    }
  });
});

const origin = { slot: 1, token: 2, number: 3 };
const of = { orderId: 1_025, leaves: 10, sequence: 7 };
const asked = (request: OrderRequest): AccountEvent => ({
  kind: "requested",
  origin,
  orderId: 1_025,
  request,
});
const ended = (code: Code): AccountEvent => ({ kind: "ended", ...of, code });
const reviewed = (isApproved: boolean): AccountEvent => ({
  kind: "reviewed",
  origin,
  orderId: 1_025,
  isApproved,
});
const event = (kind: AccountEvent["kind"], more: object = {}): AccountEvent =>
  ({ kind, origin, ...of, ...more }) as unknown as AccountEvent;

const REPORTS: readonly (readonly [
  what: string,
  event: AccountEvent,
  reported: keyof typeof ExecutionType,
])[] = [
  ["accepted", event("accepted"), "PendingNew"],
  ["rejected", event("rejected"), "Rejected"],
  ["voided", event("voided"), "Rejected"],
  ["held for review", event("review"), "Suspended"],
  ["approved", reviewed(true), "PendingNew"],
  ["refused in a review", reviewed(false), "None"],
  ["rested", event("rested"), "New"],
  ["waiting", event("waiting"), "Suspended"],
  ["triggered", event("triggered"), "Triggered"],
  ["filled", event("filled"), "Trade"],
  ["asked to cancel", asked(OrderRequest.Cancel), "PendingCancel"],
  ["asked to reduce", asked(OrderRequest.Reduce), "PendingReplace"],
  ["asked to amend", asked(OrderRequest.Amend), "PendingReplace"],
  ["amended", event("amended"), "Replaced"],
  ["reduced as asked", event("reduced", { code: Code.OK }), "Replaced"],
  ["reduced by itself", event("reduced", { code: Code.SELF_TRADE_PREVENTED }), "Restated"],
  ["repriced", event("repriced"), "Restated"],
  ["a request refused", event("refused", { request: 1, code: Code.TOO_LATE }), "None"],
  ["cancelled", ended(Code.CANCELLED_BY_CLIENT), "Cancelled"],
  ["expired", ended(Code.EXPIRED), "Expired"],
  ["done for the day", ended(Code.DAY_ENDED), "DoneForDay"],
  ["what is about no order", event("deposited"), "None"],
];

describe("what an event reports", () => {
  it.each(REPORTS)("%s", (_what, event, reported) => {
    expect(executionType(event)).toBe(ExecutionType[reported]);
  });

  it("can be each that there is, and has its number in the public interface", () => {
    const seen = new Set(REPORTS.map(([, , reported]) => reported));
    expect([...seen].sort()).toEqual(Object.keys(ExecutionType).sort());
    for (const [name, value] of Object.entries(ExecutionType)) {
      const expected = value === ExecutionType.None ? "UNSPECIFIED" : inCapitals(name);
      expect(numbers(PublicExecutionType)[`EXECUTION_TYPE_${expected}`]).toBe(value);
    }
  });
});

function inCapitals(name: string): string {
  return name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function numbers(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return values;
}
