/** Which status of an order may follow which, whatever clients, operators and markets do; and that what is reported fits it. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { OrderStatus } from "../../actors/kernel/order.js";
import {
  executionType,
  ExecutionType,
  ReportedStatus,
  reportedStatus,
} from "../../actors/ledger/order-report.js";
import type { Row } from "../../services/ports/store.js";
import { draws } from "../helpers/ledger-draws.js";
import { play, Run } from "../helpers/ledger-run.js";

/** Some are rare; but a table that allows what never happens says little. */
const UNSEEN_MOST = 8;

type Name = keyof typeof ReportedStatus;

/** How each may end that has reached its market, or may. */
const ENDS: readonly Name[] = ["Filled", "Cancelled", "Expired", "DoneForDay"];
const REQUESTS: readonly Name[] = ["PendingCancel", "PendingReplace"];

/** One command of the ledger's inbox later. "none": it was not there. */
const MAY_FOLLOW: Readonly<Record<Name | "none", readonly Name[]>> = {
  none: ["PendingNew", "Suspended", "Rejected", "Voided"],
  PendingNew: ["New", "PartiallyFilled", "Suspended", ...REQUESTS, ...ENDS],
  // Approved it is on its way to its market; triggered it is executed.
  Suspended: ["PendingNew", "New", "PartiallyFilled", ...REQUESTS, ...ENDS],
  New: ["PartiallyFilled", ...REQUESTS, ...ENDS],
  PartiallyFilled: [...REQUESTS, ...ENDS],
  // The amend was done, or came to nothing.
  PendingReplace: ["PendingNew", "New", "PartiallyFilled", "Suspended", "PendingCancel", ...ENDS],
  // A cancel always comes to its end, or too late.
  PendingCancel: ENDS,
  Filled: [],
  Cancelled: [],
  Rejected: [],
  Voided: [],
  Expired: [],
  DoneForDay: [],
};

/** What the order is by the end of a command that has reported so. */
const FITS: Readonly<Record<number, readonly Name[]>> = {
  [ExecutionType.Trade]: ["PartiallyFilled", "Filled", ...REQUESTS],
  [ExecutionType.Cancelled]: ["Cancelled"],
  [ExecutionType.Expired]: ["Expired"],
  [ExecutionType.DoneForDay]: ["DoneForDay"],
  [ExecutionType.Rejected]: ["Rejected", "Voided"],
  [ExecutionType.PendingNew]: ["PendingNew", "Suspended"],
  [ExecutionType.Suspended]: ["Suspended", ...REQUESTS],
  [ExecutionType.New]: ["New", "PartiallyFilled", ...REQUESTS],
  [ExecutionType.Triggered]: ["New", "PartiallyFilled", ...REQUESTS],
  // One that was held for review is cancelled at once.
  [ExecutionType.PendingCancel]: ["PendingCancel", "Cancelled"],
};

const NAMES = new Map(Object.entries(ReportedStatus).map(([name, value]) => [value, name as Name]));

function nameOf(row: Row): Name {
  const number = (column: string) => (row[column] ?? 0) as number;
  const status = reportedStatus({
    status: number("status") as OrderStatus,
    code: number("code"),
    isCancelling: number("cancelling") === 1,
    isAmending: number("amend_price") !== 0,
    isWaiting: number("waiting") === 1,
    reviewUntil: number("review_until"),
  });
  return NAMES.get(status)!;
}

it("an order's status follows another only where the table says so, and fits what is reported", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(draws, (draws) => {
      const { given } = play(draws, () => undefined);
      const run = new Run();
      const standing = new Map<number, Name | "none">();
      const told = new Map<number, number>();
      for (const each of given) {
        run.give(each);
        run.commit();
        for (const row of run.tables.rows("orders")) {
          const id = row["order_id"] as number;
          const before = standing.get(id) ?? "none";
          const now = nameOf(row);
          if (before === now) continue;
          expect(MAY_FOLLOW[before], `${before}, then ${now}`).toContain(now);
          seen.add(`${before}, then ${now}`);
          standing.set(id, now);
        }
        for (const [account, events] of run.events) {
          for (const event of events.slice(told.get(account) ?? 0)) {
            const fitting = "orderId" in event ? FITS[executionType(event)] : undefined;
            if (!fitting || !("orderId" in event)) continue;
            expect(fitting, JSON.stringify(event)).toContain(standing.get(event.orderId));
          }
          told.set(account, events.length);
        }
      }
    }),
    { numRuns: 160 },
  );
  const all = Object.entries(MAY_FOLLOW).flatMap(([before, after]) =>
    after.map((now) => `${before}, then ${now}`),
  );
  const unseen = all.filter((each) => !seen.has(each));
  expect(unseen.length, unseen.join("; ")).toBeLessThanOrEqual(UNSEEN_MOST);
});
