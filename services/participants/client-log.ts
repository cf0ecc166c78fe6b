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
      this.add(`"kind":"subscribed","account":${account},"fromSequence":${fromSequence}`);
    }
  }

  /** `dueMs`: when it was to be sent (of `performance.now`). `crosses`: is it to trade at once? */
  submitted(order: {
    readonly account: number;
    readonly clientOrderId: string;
    readonly dueMs: number;
    readonly isCrossing: boolean;
  }): void {
    if (this.file === undefined) return;
    const crosses = `"crosses":${order.isCrossing}`;
    this.add(`"kind":"submitted",${nameOf(order)},${crosses}`, order.dueMs);
  }

  accepted(told: {
    readonly account: number;
    readonly clientOrderId: string;
    readonly orderId: number;
    readonly sequence: number;
    readonly token: number;
  }): void {
    if (this.file === undefined) return;
    this.add(`"kind":"accepted",${nameOf(told)},"orderId":${told.orderId},${placeOf(told)}`);
  }

  /** Not published: it must never become an order. */
  refused(account: number, clientOrderId: string, code: string): void {
    if (this.file === undefined) return;
    this.add(`"kind":"refused",${nameOf({ account, clientOrderId })},"code":${quoted(code)}`);
  }

  rejected(account: number, clientOrderId: string, code: string): void {
    if (this.file === undefined) return;
    this.add(`"kind":"rejected",${nameOf({ account, clientOrderId })},"code":${quoted(code)}`);
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
    if (this.file === undefined) return;
    const { account, orderId, request, code } = told;
    const what = `"account":${account},"orderId":${orderId},"request":${request}`;
    this.add(`"kind":"answered",${what},"code":${quoted(code)},${placeOf(told)}`);
  }

  event(told: AccountEvent): void {
    if (this.file === undefined || told.event === undefined) return;
    const content = JSON.stringify(contentOf(told.event));
    this.add(`"kind":"event","account":${told.account},${placeOf(told)},"content":${content}`);
  }

  /** The client waited until nothing more came; it may go on afterwards. */
  rest(): void {
    this.add('"kind":"end"');
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

  /** `fields` are JSON's, put together by hand: for objects made of each line a client of an overload took a quarter of its time. */
  private add(fields: string, atMs = performance.now()): void {
    if (this.file === undefined) return;
    const at = Math.round((performance.timeOrigin + atMs) * TENTHS) / TENTHS;
    this.lines.push(`{${fields},"at":${at}}`);
    if (this.lines.length >= BUFFER_LINES_MAX) this.flush();
  }
}

const quoted = (text: string): string => JSON.stringify(text);

function nameOf(order: { readonly account: number; readonly clientOrderId: string }): string {
  return `"account":${order.account},"clientOrderId":${quoted(order.clientOrderId)}`;
}

function placeOf(told: { readonly sequence: number; readonly token: number }): string {
  return `"sequence":${told.sequence},"token":${told.token}`;
}

function contentOf(event: NonNullable<AccountEvent["event"]>): unknown[] {
  if (event.$case !== "filled") return [event.$case, ...Object.values(event.value)];
  const { orderId, tradeId, symbol, price, quantity, leaves } = event.value;
  const { side, liquidity, marketSequence, fee } = event.value;
  // What there was of a fill at first stays in front.
  const terms = [orderId, tradeId, symbol, price, quantity, leaves];
  return ["filled", ...terms, side, liquidity, marketSequence, fee];
}
