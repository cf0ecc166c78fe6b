import { expect, it } from "vitest";
import type { ProbeOrder } from "../../chaos/against/probe.js";
import { type Evidence, judge } from "../../chaos/against/verdict.js";
import {
  type AccountEvent,
  type Balance,
  type CommandResult,
  OrderStatus,
} from "../../proto/gen/exchange/v1/exchange.js";
import { NOTHING_WRONG } from "../helpers/live-record.js";

const ORDER_ID = 77;
const CANCELLED = OrderStatus.ORDER_STATUS_CANCELLED;

function told(sequence: number, $case: string, value: object, token = 3): AccountEvent {
  return {
    account: 9,
    sequence,
    token,
    time: 1,
    event: { $case, value },
  } as unknown as AccountEvent;
}

const EVENTS = [
  told(5, "accepted", { orderId: ORDER_ID, clientOrderId: "a" }),
  told(6, "waiting", { orderId: ORDER_ID }),
  told(7, "ended", { orderId: ORDER_ID }),
];
const ORDER: ProbeOrder = {
  clientOrderId: "a",
  symbol: "S",
  sentMs: 1,
  answer: { code: "OK", orderId: ORDER_ID } as CommandResult,
  acceptedMs: 2,
  endedMs: 3,
  lostAnswers: 0,
  refusal: null,
};
const BALANCES: Balance[] = [
  { asset: { name: "USD", decimals: 6 }, total: 100, held: 0, available: 100 },
];

function judged(changes: Partial<Evidence> = {}) {
  return judge({
    orders: [ORDER],
    told: EVENTS,
    kept: structuredClone(EVENTS),
    firstSequence: 5,
    lastSequence: 7,
    known: new Map([["a", { orderId: ORDER_ID, status: CANCELLED }]]),
    balancesBefore: BALANCES,
    balancesAfter: structuredClone(BALANCES),
    ...changes,
  });
}

it("finds nothing where nothing is wrong", () => {
  expect(judged()).toEqual(NOTHING_WRONG);
});

it("counts an accepted order that is not known, was not told, or has no end", () => {
  expect(judged({ known: new Map([["a", null]]) }).lost).toBe(1);
  const other = new Map([["a", { orderId: ORDER_ID + 1, status: CANCELLED }]]);
  expect(judged({ known: other }).lost).toBe(1);
  expect(judged({ told: EVENTS.slice(1), kept: EVENTS.slice(1), firstSequence: 6 }).lost).toBe(1);
  const open = new Map([["a", { orderId: ORDER_ID, status: OrderStatus.ORDER_STATUS_SUSPENDED }]]);
  expect(judged({ known: open }).lost).toBe(1);
});

it("counts what is there twice: an id's orders, an order's ends, a number told as two things", () => {
  const again = (event: AccountEvent) => {
    const events = [...EVENTS, event];
    return judged({ told: events, kept: events, lastSequence: 8 }).duplicated;
  };
  expect(again(told(8, "accepted", { orderId: ORDER_ID + 1, clientOrderId: "a" }))).toBe(1);
  expect(again(told(8, "ended", { orderId: ORDER_ID }))).toBe(1);
  const kept = [...EVENTS.slice(0, 2), told(7, "ended", { orderId: ORDER_ID + 1 })];
  expect(judged({ kept }).duplicated).toBe(1);
});

it("counts numbers that were not told, or are not kept", () => {
  expect(judged({ lastSequence: 9 }).gaps).toBe(2);
  expect(judged({ kept: EVENTS.slice(1) }).gaps).toBe(1);
});

it("counts an order that was refused and is there, and any trade", () => {
  const refused = { ...ORDER, answer: null, endedMs: null, refusal: "NO_LEADER: nobody" };
  expect(judged({ orders: [refused] }).contradicted).toBe(1);
  const events = [...EVENTS, told(8, "filled", { orderId: ORDER_ID })];
  expect(judged({ told: events, kept: events, lastSequence: 8 }).fills).toBe(1);
});

it("notices what is held or missing, a stranger's order, and a token that fell", () => {
  const held = [{ ...BALANCES[0]!, held: 1, available: 99 }];
  expect(judged({ balancesAfter: held }).conserved).toBe(false);
  const [example] = judged({ orders: [] }).examples;
  expect(example).toContain("somebody else uses its account");
  const stale = [...EVENTS.slice(0, 2), told(7, "ended", { orderId: ORDER_ID }, 2)];
  expect(judged({ told: stale, kept: stale }).examples).toEqual([
    "number 7 is of token 2, lower than before",
  ]);
});
