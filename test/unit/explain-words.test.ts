import { expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest } from "../../actors/kernel/order.js";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import { OrderWords } from "../../services/explain/order-words.js";

const ORIGIN = { slot: 1, token: 1, number: 1 };
const ASKED = {
  kind: "requested",
  origin: ORIGIN,
  orderId: 5,
  request: OrderRequest.Cancel,
} as const;

/** What is said of a cancel, with what the same batch told next. */
function cancelWith(...next: readonly AccountEvent[]): string {
  return new OrderWords(undefined, []).told(ASKED, [ASKED, ...next]);
}

it("says that an order was not at its market where the shard ended it, and not where the market did", () => {
  const ended = { kind: "ended", orderId: 5, leaves: 3, code: Code.CANCELLED_BY_CLIENT } as const;
  expect(cancelWith({ ...ended, sequence: 0 })).toBe(
    "cancel taken; the order was not at its market",
  );
  expect(cancelWith({ ...ended, sequence: 12 })).toBe("cancel passed on to the market");
  expect(cancelWith()).toBe("cancel passed on to the market");
});
