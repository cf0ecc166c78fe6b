/**
 * Order-flow files: gzipped, one JSON array per line, in order.
 *
 *   ["N", id, side, price, quantity, fills]   limit order, good till cancelled; side is "B" or "S"
 *   ["I", id, side, limit, quantity, fills]   immediate or cancel
 *   ["C", id]                                 cancel; it must succeed
 *   ["R", id, quantity]                       reduce to this quantity left, keeping priority
 *   ["M", id, price, quantity, fills]         replace price and quantity, losing priority
 *   ["A", row, bids, asks]                    no command: the top of the book must equal these [price, quantity] lists
 *
 * `fills` lists [maker id, price, quantity] of what the command must lead to, in match order.
 */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { Side, TimeInForce } from "../../actors/kernel/order.js";

export interface ExpectedFill {
  readonly makerId: number;
  readonly price: number;
  readonly quantity: number;
}

export type PriceLevel = readonly [price: number, quantity: number];

/** One line; `line` counts from 1. */
export type FlowLine = { readonly line: number } & (
  | {
      readonly kind: "new";
      readonly id: number;
      readonly side: Side;
      readonly timeInForce: TimeInForce;
      readonly price: number;
      readonly quantity: number;
      readonly fills: readonly ExpectedFill[];
    }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "reduce"; readonly id: number; readonly quantity: number }
  | {
      readonly kind: "replace";
      readonly id: number;
      readonly price: number;
      readonly quantity: number;
      readonly fills: readonly ExpectedFill[];
    }
  | {
      readonly kind: "book";
      /** The source's row that the check is from, or a name for it. */
      readonly row: number | string;
      readonly bids: readonly PriceLevel[];
      readonly asks: readonly PriceLevel[];
    }
);

/** The file cannot be read, or a line of it is not what the format allows. */
export class FlowFileError extends Error {
  override readonly name = "FlowFileError";
  readonly code: "FLOW_FILE_UNREADABLE" | "FLOW_LINE_MALFORMED";
  constructor(code: FlowFileError["code"], message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

const LINE_CHARACTERS_MAX = 1_000_000;

/** The lines of a file, as they are read. Throws `FlowFileError`. */
export async function* readFlow(path: string): AsyncGenerator<FlowLine> {
  let line = 0;
  for await (const text of textLines(path)) {
    line += 1;
    if (text !== "") yield parseLine(text, line, path);
  }
}

async function* textLines(path: string): AsyncGenerator<string> {
  const unzipped = createGunzip();
  // An error of either stream ends the iteration below with it.
  pipeline(createReadStream(path), unzipped, () => {});
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of unzipped) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = lines.pop()!;
      if (rest.length > LINE_CHARACTERS_MAX) {
        throw new Error(`a line is longer than ${LINE_CHARACTERS_MAX} characters`);
      }
      yield* lines;
    }
  } catch (error) {
    if (error instanceof FlowFileError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlowFileError("FLOW_FILE_UNREADABLE", `${path} (gzipped order flow): ${reason}`);
  }
  if (rest !== "") yield rest;
}

/** One line of text. Throws `FlowFileError`, with the line's number and what is wrong with it. */
export function parseLine(text: string, line: number, path: string): FlowLine {
  const fields = new LineFields(text, `${path} line ${line}`);
  const tag = fields.text("the kind of line");
  switch (tag) {
    case "N":
    case "I":
      return fields.end({
        line,
        kind: "new",
        id: fields.whole("the id"),
        side: fields.side(),
        timeInForce: tag === "N" ? TimeInForce.GoodTillCancel : TimeInForce.ImmediateOrCancel,
        price: fields.positive("the price"),
        quantity: fields.positive("the quantity"),
        fills: fields.fills(),
      });
    case "C":
      return fields.end({ line, kind: "cancel", id: fields.whole("the id") });
    case "R": {
      const id = fields.whole("the id");
      return fields.end({ line, kind: "reduce", id, quantity: fields.positive("the quantity") });
    }
    case "M":
      return fields.end({
        line,
        kind: "replace",
        id: fields.whole("the id"),
        price: fields.positive("the price"),
        quantity: fields.positive("the quantity"),
        fills: fields.fills(),
      });
    case "A":
      return fields.end({
        line,
        kind: "book",
        row: fields.label("the row"),
        bids: fields.levels("the bids"),
        asks: fields.levels("the asks"),
      });
    default:
      return fields.refuse(`the kind of line is N, I, C, R, M or A, not ${JSON.stringify(tag)}`);
  }
}

/** Takes the fields of a line one after the other. */
class LineFields {
  private readonly fields: readonly unknown[];
  private readonly where: string;
  private at = 0;

  constructor(text: string, where: string) {
    this.where = where;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      this.refuse("it is not JSON");
    }
    if (!Array.isArray(parsed)) this.refuse("it is not a JSON array");
    this.fields = parsed;
  }

  refuse(problem: string): never {
    throw new FlowFileError("FLOW_LINE_MALFORMED", `${this.where}: ${problem}`);
  }

  text(what: string): string {
    const value = this.fields[this.at++];
    return typeof value === "string" ? value : this.refuse(`${what} is not a string`);
  }

  whole(what: string): number {
    return this.checkWhole(this.fields[this.at++], what);
  }

  label(what: string): number | string {
    const value = this.fields[this.at];
    return typeof value === "string" ? this.text(what) : this.whole(what);
  }

  positive(what: string): number {
    const value = this.whole(what);
    return value > 0 ? value : this.refuse(`${what} is not positive`);
  }

  side(): Side {
    const value = this.text("the side");
    if (value === "B") return Side.Buy;
    return value === "S" ? Side.Sell : this.refuse('the side is "B" or "S"');
  }

  fills(): ExpectedFill[] {
    return this.rows("the fills", 3).map(([makerId, price, quantity]) => ({
      makerId: makerId!,
      price: price!,
      quantity: quantity!,
    }));
  }

  levels(what: string): PriceLevel[] {
    return this.rows(what, 2).map(([price, quantity]): PriceLevel => [price!, quantity!]);
  }

  /** Hands the line on if it has no more fields. */
  end(line: FlowLine): FlowLine {
    return this.at === this.fields.length
      ? line
      : this.refuse(`it has ${this.fields.length} fields, not ${this.at}`);
  }

  private rows(what: string, width: number): number[][] {
    const value = this.fields[this.at++];
    if (!Array.isArray(value)) this.refuse(`${what} are not a list`);
    return value.map((row: unknown) => {
      if (!Array.isArray(row) || row.length !== width) {
        this.refuse(`${what} are not lists of ${width} numbers`);
      }
      return row.map((item: unknown) => this.checkWhole(item, `a number of ${what}`));
    });
  }

  private checkWhole(value: unknown, what: string): number {
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.refuse(`${what} is not a whole number from 0 to 2^53 - 1`);
  }
}
