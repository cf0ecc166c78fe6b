/** What an answer says became of a client order id. */
import type { CommandResult, GetOrderResponse } from "../../../proto/gen/exchange/v1/exchange.js";
import type { ToldOutcome } from "../checks/answers.js";

const STATUS_REJECTED = 6;
const STATUS_VOIDED = 7;

/** A place's answer; null where it says nothing of the id (the account was not there). */
export function outcomeOfResult({ code, orderId }: CommandResult): ToldOutcome | null {
  if (orderId === 0) return null;
  if (code === "OK") return { verdict: "accepted", orderId, code };
  const verdict = code === "CLIENT_ORDER_ID_VOIDED" ? "voided" : "rejected";
  return { verdict, orderId, code };
}

export function outcomeOfOrder({ order }: GetOrderResponse): ToldOutcome | null {
  if (!order) return null;
  const { orderId, status, code } = order;
  if (status === STATUS_VOIDED) return { verdict: "voided", orderId, code };
  if (status === STATUS_REJECTED) return { verdict: "rejected", orderId, code };
  return { verdict: "accepted", orderId, code: "OK" };
}
