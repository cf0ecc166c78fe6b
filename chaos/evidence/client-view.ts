/** A drill as one client saw it, made from the client's own log. */
import type { LogLine } from "../checker/client-logs.js";
import type { Waited } from "./latency.js";

export interface ClientView {
  /** Its log's name. */
  readonly client: string;
  readonly sent: number;
  readonly accepted: number;
  /** Orders that have traded. */
  readonly filled: number;
  /** By the code that it was given: not published, so it could be sent again. */
  readonly refused: Readonly<Record<string, number>>;
  /** By the code: a definite no. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Orders whose answer was lost, and which were asked for afterwards: those that were there, and those that were not. */
  readonly askedFound: number;
  readonly askedVoided: number;
  /** Orders without any answer to the end. */
  readonly unanswered: number;
  /** How long it was told nothing at most while it waited for an answer, in milliseconds. */
  readonly longestSilenceMs: number;
  /** How long it waited at most for the answer to an order, in milliseconds; others may have been answered meanwhile. */
  readonly slowestAnswerMs: number;
}

interface Order {
  readonly sentMs: number;
  readonly crosses: boolean;
  answerMs: number | null;
  fillMs: number | null;
}

function slowestOf(orders: readonly Order[]): number {
  let slowest = 0;
  for (const { sentMs, answerMs } of orders) {
    if (answerMs !== null) slowest = Math.max(slowest, answerMs - sentMs);
  }
  return slowest;
}

type Told = LogLine & { readonly at: number };

/** What it is given when the exchange says that it never saw an order. */
const VOIDED = "VOIDED";

export class ClientStory {
  private readonly client: string;
  private readonly fromMs: number;
  private readonly untilMs: number;
  private readonly orders = new Map<string, Order>();
  private readonly byNumber = new Map<number, Order>();
  private readonly refused: Record<string, number> = {};
  private readonly rejected: Record<string, number> = {};
  private accepted = 0;
  private found = 0;
  private outstanding = 0;
  /** Since when it has been told nothing while it waits. */
  private silentSince = 0;
  private longestSilenceMs = 0;

  /** Orders that were sent between two moments, in milliseconds since 1970. */
  constructor(client: string, fromMs: number, untilMs: number) {
    this.client = client;
    this.fromMs = fromMs;
    this.untilMs = untilMs;
  }

  take(line: LogLine): void {
    if (line.kind === "end" || line.kind === "subscribed") return;
    const told = line as Told;
    if (told.at < this.fromMs) return;
    if (told.kind === "submitted") return this.submitted(told);
    this.breakSilence(told.at);
    if (told.kind === "event") return this.event(told);
    const order = this.orders.get(told["clientOrderId"] as string);
    if (!order) return;
    const code = told["code"] as string;
    if (told.kind === "accepted") this.accept(told, order);
    else if (order.answerMs !== null) return;
    else if (told.kind === "refused") this.refused[code] = (this.refused[code] ?? 0) + 1;
    else this.rejected[code] = (this.rejected[code] ?? 0) + 1;
    this.answer(order, told.at);
  }

  get view(): ClientView {
    const orders = [...this.orders.values()];
    return {
      client: this.client,
      sent: orders.length,
      accepted: this.accepted,
      filled: orders.filter(({ fillMs }) => fillMs !== null).length,
      refused: this.refused,
      rejected: this.rejected,
      askedFound: this.found,
      askedVoided: this.rejected[VOIDED] ?? 0,
      unanswered: this.outstanding,
      longestSilenceMs: Math.round(this.longestSilenceMs),
      slowestAnswerMs: Math.round(slowestOf(orders)),
    };
  }

  /** How long it waited for each order. */
  get waited(): Waited[] {
    return [...this.orders.values()].map(({ sentMs, crosses, answerMs, fillMs }) => ({
      sentMs: sentMs - this.fromMs,
      answerMs: answerMs === null ? null : answerMs - sentMs,
      fillMs: fillMs === null || !crosses ? null : fillMs - sentMs,
    }));
  }

  private submitted(told: Told): void {
    if (told.at > this.untilMs) return;
    const crosses = told["crosses"] === true;
    const order = { sentMs: told.at, crosses, answerMs: null, fillMs: null };
    this.orders.set(told["clientOrderId"] as string, order);
    if (this.outstanding === 0) this.silentSince = told.at;
    this.outstanding += 1;
  }

  private breakSilence(at: number): void {
    if (this.outstanding === 0) return;
    this.longestSilenceMs = Math.max(this.longestSilenceMs, at - this.silentSince);
    this.silentSince = at;
  }

  /** It is told by the answer and by the account's event, in any order. */
  private accept(told: Told, order: Order): void {
    this.byNumber.set(told["orderId"] as number, order);
    if (order.answerMs !== null) return;
    this.accepted += 1;
    // An answer that was asked for has no place in the account's sequence.
    if (told["sequence"] === 0) this.found += 1;
  }

  private answer(order: Order, at: number): void {
    if (order.answerMs !== null) return;
    order.answerMs = at;
    this.outstanding -= 1;
  }

  private event(told: Told): void {
    const [name, orderId] = told["content"] as [string, number];
    if (name !== "filled") return;
    const order = this.byNumber.get(orderId);
    if (order) order.fillMs ??= told.at;
  }
}
