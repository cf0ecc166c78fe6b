/**
 * R9 and R10 as clients see them: every answer is what the database holds, no two answers to one client order id differ,
 * what was refused before it was sent never becomes an order, and each subscriber hears each number once and in order.
 */
import type { AccountEvent } from "../../../proto/gen/exchange/v1/exchange.js";
import type { AccountsCheck } from "./accounts.js";
import type { SeenEvent } from "./decode.js";
import type { Verdict } from "./verdict.js";

/** What a client was told became of a client order id. */
export interface ToldOutcome {
  readonly verdict: "accepted" | "rejected" | "voided";
  readonly orderId: number;
  /** The stable code. */
  readonly code: string;
}

/** Fields of an event that an account's journal has too, under the same names. */
const COMPARED = [
  "orderId",
  "clientOrderId",
  "tradeId",
  "side",
  "price",
  "quantity",
  "leaves",
  "amount",
] as const;

export class AnswersCheck {
  private readonly accounts: AccountsCheck;
  private readonly verdict: Verdict;
  private readonly told = new Map<string, ToldOutcome>();
  /** Ids that a gateway may have sent on; all others can never be orders. */
  private readonly sent = new Set<string>();

  constructor(accounts: AccountsCheck, verdict: Verdict) {
    this.accounts = accounts;
    this.verdict = verdict;
  }

  /** A command about this id may have left the gateway. */
  mayBeSent(account: number, clientOrderId: string): void {
    this.sent.add(`${account} ${clientOrderId}`);
  }

  outcome(account: number, clientOrderId: string, outcome: ToldOutcome): void {
    const key = `${account} ${clientOrderId}`;
    const kept = this.accounts.ordersByClientId.get(key);
    this.verdict.expect(
      kept?.verdict === outcome.verdict && kept.orderId === outcome.orderId,
      "R10",
      () =>
        `account ${account} was told that ${clientOrderId} is ${outcome.verdict} as ${outcome.orderId}; ` +
        `${kept ? `${kept.verdict} as ${kept.orderId}` : "nothing"} was committed`,
    );
    const before = this.told.get(key);
    this.verdict.expect(
      !before || (before.verdict === outcome.verdict && before.code === outcome.code),
      "R10",
      () =>
        `account ${account} was told two things of ${clientOrderId}: ` +
        `${JSON.stringify(before)} and ${JSON.stringify(outcome)}`,
    );
    this.told.set(key, outcome);
  }

  isDefinite(account: number, clientOrderId: string): boolean {
    return this.told.has(`${account} ${clientOrderId}`);
  }

  /** An account was told that its transfer is sent. */
  transferred(account: number, key: string): void {
    this.verdict.expect(
      this.accounts.transfers.hasSent(account, key),
      "R10",
      () => `account ${account} was told that transfer ${key} is sent; nothing was committed`,
    );
  }

  /** A subscriber that has heard everything up to `last` hears an event. */
  heard(event: AccountEvent, last: number): void {
    const { account, sequence } = event;
    this.verdict.expect(
      sequence === last + 1,
      "R9",
      () => `a subscriber of account ${account} hears number ${sequence} after ${last}`,
    );
    const kept = this.accounts.journals.get(account)?.[sequence - 1];
    if (!kept) {
      this.verdict.violate("R3", `account ${account} hears number ${sequence}, not committed`);
      return;
    }
    const difference = differenceOf(event, kept);
    this.verdict.expect(
      difference === "",
      "R9",
      () => `account ${account}, number ${sequence}: heard and committed differ in ${difference}`,
    );
  }

  judgeEnd(): void {
    for (const [key, { verdict }] of this.accounts.ordersByClientId) {
      this.verdict.expect(
        this.sent.has(key),
        "R10",
        () => `account and id ${key}: ${verdict}, though every gateway has refused it`,
      );
    }
  }
}

function differenceOf(event: AccountEvent, kept: SeenEvent): string {
  if (event.event?.$case !== kept.kind) return "what they are";
  const heard = event.event.value as unknown as Record<string, unknown>;
  for (const name of COMPARED) {
    if (name in heard && heard[name] !== kept[name]) return name;
  }
  return "";
}
