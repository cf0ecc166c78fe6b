/**
 * Writes what a client was told, line by line, as `chaos/checker` reads it. Each line says `at` what moment, in
 * milliseconds since 1970 by a clock that nobody sets.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { AccountEvent, AccountPosition } from "../../proto/gen/exchange/v1/exchange.js";

const BUFFER_LINES_MAX = 500;
const TENTHS = 10;

export class ClientLog {
  private file: number | undefined;
  private lines: string[] = [];

  /** Begins the file anew; without a path nothing is kept. */
  constructor(path: string | undefined) {
    this.file = path === undefined ? undefined : openSync(path, "w");
  }

  /** What an account has been told begins with these numbers: one that is not told at all is missed, too. */
  subscribed(positions: readonly AccountPosition[]): void {
    for (const { account, fromSequence } of positions) {
      this.add({ kind: "subscribed", account, fromSequence });
    }
  }

  /** `dueMs`: when it was to be sent (of `performance.now`). `crosses`: is it to trade at once? */
  submitted(order: {
    readonly account: number;
    readonly clientOrderId: string;
    readonly dueMs: number;
    readonly isCrossing: boolean;
  }): void {
    const { account, clientOrderId, dueMs, isCrossing: crosses } = order;
    this.add({ kind: "submitted", account, clientOrderId, crosses }, dueMs);
  }

  accepted(told: {
    readonly account: number;
    readonly clientOrderId: string;
    readonly orderId: number;
    readonly sequence: number;
    readonly token: number;
  }): void {
    const { account, clientOrderId, orderId, sequence, token } = told;
    this.add({ kind: "accepted", account, clientOrderId, orderId, sequence, token });
  }

  /** Not published: it must never become an order. */
  refused(account: number, clientOrderId: string, code: string): void {
    this.add({ kind: "refused", account, clientOrderId, code });
  }

  rejected(account: number, clientOrderId: string, code: string): void {
    this.add({ kind: "rejected", account, clientOrderId, code });
  }

  /** Of a cancel (request 1) or a reduction (2) of an order. */
  answered(told: {
    readonly account: number;
    readonly orderId: number;
    readonly request: number;
    readonly code: string;
    readonly sequence: number;
    readonly token: number;
  }): void {
    const { account, orderId, request, code, sequence, token } = told;
    this.add({ kind: "answered", account, orderId, request, code, sequence, token });
  }

  event(event: AccountEvent): void {
    if (this.file === undefined || event.event === undefined) return;
    const { account, sequence, token } = event;
    this.add({ kind: "event", account, sequence, token, content: contentOf(event.event) });
  }

  /** The client waited until nothing more came; it may go on afterwards. */
  rest(): void {
    this.add({ kind: "end" });
    this.flush();
  }

  /** The same, for good. */
  end(): void {
    this.rest();
    this.close();
  }

  close(): void {
    this.flush();
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  flush(): void {
    if (this.file === undefined || this.lines.length === 0) return;
    writeSync(this.file, `${this.lines.join("\n")}\n`);
    this.lines = [];
  }

  private add(line: object, atMs = performance.now()): void {
    if (this.file === undefined) return;
    const at = Math.round((performance.timeOrigin + atMs) * TENTHS) / TENTHS;
    this.lines.push(JSON.stringify({ ...line, at }));
    if (this.lines.length >= BUFFER_LINES_MAX) this.flush();
  }
}

function contentOf(event: NonNullable<AccountEvent["event"]>): unknown[] {
  if (event.$case !== "filled") return [event.$case, ...Object.values(event.value)];
  const { orderId, tradeId, symbol, price, quantity, leaves } = event.value;
  const { side, liquidity, marketSequence, fee } = event.value;
  // What there was of a fill at first stays in front.
  const terms = [orderId, tradeId, symbol, price, quantity, leaves];
  return ["filled", ...terms, side, liquidity, marketSequence, fee];
}
