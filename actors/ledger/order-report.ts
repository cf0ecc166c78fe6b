/**
 * How FIX 4.4 would state an order's life: its OrdStatus, worked out from what the order's row knows, and the ExecType of what an account
 * is told. Where several are true at once the status is the one that FIX gives precedence. ARCHITECTURE.md has both as a table.
 */
import { assertNever } from "../kernel/assert.js";
import { Code } from "../kernel/codes.js";
import { isFinal, OrderRequest, OrderStatus } from "../kernel/order.js";
import type { AccountEvent } from "./account-events.js";
import { endedStatus } from "./order.js";

/** The statuses that rows have, and those that are worked out. */
export const ReportedStatus = {
  ...OrderStatus,
  PendingCancel: 9,
  PendingReplace: 10,
  Suspended: 11,
  DoneForDay: 12,
} as const;
export type ReportedStatus = (typeof ReportedStatus)[keyof typeof ReportedStatus];

/** What of an order its status depends on. */
export interface OrderStanding {
  readonly status: OrderStatus;
  readonly code: number;
  /** Is a cancel on its way to the market? An amend? */
  readonly isCancelling: boolean;
  readonly isAmending: boolean;
  /** Does it wait at its market, for its trigger or its auction? */
  readonly isWaiting: boolean;
  /** Until when it is held for review; 0: it is not. */
  readonly reviewUntil: number;
}

export function reportedStatus(order: OrderStanding): ReportedStatus {
  const { status, code } = order;
  if (isFinal(status)) return code === Code.DAY_ENDED ? ReportedStatus.DoneForDay : status;
  if (order.isCancelling) return ReportedStatus.PendingCancel;
  if (order.isAmending) return ReportedStatus.PendingReplace;
  if (order.isWaiting || order.reviewUntil !== 0) return ReportedStatus.Suspended;
  return status;
}

/** What an event reports of its order; those of FIX, in numbers of our own. */
export const ExecutionType = {
  /** It reports nothing of one order. */
  None: 0,
  New: 1,
  Trade: 2,
  Cancelled: 3,
  Replaced: 4,
  PendingCancel: 5,
  PendingReplace: 6,
  Rejected: 7,
  Suspended: 8,
  PendingNew: 9,
  Expired: 10,
  DoneForDay: 11,
  Restated: 12,
  Triggered: 13,
} as const;
export type ExecutionType = (typeof ExecutionType)[keyof typeof ExecutionType];

export function executionType(event: AccountEvent): ExecutionType {
  switch (event.kind) {
    case "accepted":
      return ExecutionType.PendingNew;
    case "rejected":
    case "voided":
      return ExecutionType.Rejected;
    case "review":
    case "waiting":
      return ExecutionType.Suspended;
    case "reviewed":
      // Refused it ends, which the next event says.
      return event.isApproved ? ExecutionType.PendingNew : ExecutionType.None;
    case "requested":
      return event.request === OrderRequest.Cancel
        ? ExecutionType.PendingCancel
        : ExecutionType.PendingReplace;
    case "rested":
      return ExecutionType.New;
    case "triggered":
      return ExecutionType.Triggered;
    case "filled":
      return ExecutionType.Trade;
    case "amended":
      return ExecutionType.Replaced;
    case "reduced":
      // By something else than its client's wish.
      return event.code === Code.OK ? ExecutionType.Replaced : ExecutionType.Restated;
    case "repriced":
      return ExecutionType.Restated;
    case "ended":
      return endOf(event.code);
    case "refused":
    case "cancel-all":
    case "fee":
    case "opened":
    case "deposited":
    case "withdrawal":
    case "transfer":
    case "transfer-ended":
    case "transfer-received":
    case "account-state":
    case "account-group":
    case "account-tier":
    case "account-limits":
    case "review-limit":
    case "warning":
      return ExecutionType.None;
    default:
      return assertNever(event);
  }
}

function endOf(code: number): ExecutionType {
  if (code === Code.DAY_ENDED) return ExecutionType.DoneForDay;
  const isExpired = endedStatus(code) === OrderStatus.Expired;
  return isExpired ? ExecutionType.Expired : ExecutionType.Cancelled;
}
