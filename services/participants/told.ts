/**
 * What clients were told, one line of JSON each, for whoever checks later that the exchange has
 * kept its word: an accepted id has its order, an id has one order, a fill is settled once.
 */
import { closeSync, openSync, writeSync } from "node:fs";

interface OfOrder {
  readonly account: number;
  readonly orderId: number;
  /** The account's sequence of the event, and the token of the shard that said it. */
  readonly sequence: number;
  readonly token: number;
}

export type Told =
  | ({ readonly kind: "accepted"; readonly clientOrderId: string } & OfOrder)
  | ({ readonly kind: "rejected"; readonly clientOrderId: string; readonly code: string } & OfOrder)
  | ({ readonly kind: "voided"; readonly clientOrderId: string } & OfOrder)
  | ({ readonly kind: "rested"; readonly leaves: number } & OfOrder)
  | ({
      readonly kind: "filled";
      readonly symbol: string;
      readonly tradeId: number;
      readonly liquidity: "maker" | "taker";
      readonly price: number;
      readonly quantity: number;
      readonly leaves: number;
    } & OfOrder)
  | ({ readonly kind: "ended"; readonly code: string; readonly leaves: number } & OfOrder);

const BUFFER_LINES_MAX = 500;

export class ToldLog {
  readonly path: string;
  readonly #file: number;
  #lines: string[] = [];

  /** Begins the file anew: it holds what one run was told. */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "w");
  }

  add(told: Told): void {
    this.#lines.push(JSON.stringify(told));
    if (this.#lines.length >= BUFFER_LINES_MAX) this.flush();
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    writeSync(this.#file, `${this.#lines.join("\n")}\n`);
    this.#lines = [];
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}
