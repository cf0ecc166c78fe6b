/**
 * Compares the file's book checks with a book that is rebuilt from the feed's messages alone. A check belongs to the
 * market sequence of the last command before it, which that command's own account events tell. So a message of the feed
 * waits until the sequences of all commands up to it are known; then every check before it is due, and it is applied.
 */
import { Side } from "../../actors/kernel/order.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import type { DepthMessage, LevelText } from "../feed/protocol.js";
import type { PriceLevel } from "./file.js";

interface BookCheck {
  /** How many commands are before it. */
  readonly commands: number;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
}

export class BookChecks {
  checked = 0;
  mismatches = 0;
  private book = new DepthBook();
  private readonly checks = new Queue<BookCheck>();
  private readonly messages = new Queue<DepthMessage>();
  /** Of each command, in the order of the file, the market's sequence after it. */
  private readonly sequences: number[] = [];

  /** The next check of the file, after so many commands. */
  add(check: BookCheck): void {
    this.checks.push(check);
  }

  get waiting(): number {
    return this.checks.length;
  }

  /** The next command of the file, in order, has led the market to this sequence. */
  settle(sequence: number): void {
    const last = this.sequences[this.sequences.length - 1] ?? 0;
    this.sequences.push(Math.max(last, sequence));
    this.advance();
  }

  take(message: DepthMessage): void {
    this.messages.push(message);
    this.advance();
  }

  /** Checks that never became due have not been passed. */
  giveUp(): void {
    for (; this.checks.length > 0; this.checks.shift()) {
      this.checked += 1;
      this.mismatches += 1;
    }
  }

  private advance(): void {
    const known = this.sequences[this.sequences.length - 1] ?? 0;
    for (;;) {
      const message = this.messages.first;
      if (!message || message.sequence > known) return;
      this.checkBefore(message.sequence);
      this.messages.shift();
      this.apply(message);
    }
  }

  private checkBefore(sequence: number): void {
    for (;;) {
      const check = this.checks.first;
      if (!check || check.commands > this.sequences.length) return;
      const standsAt = check.commands === 0 ? 0 : this.sequences[check.commands - 1]!;
      if (standsAt >= sequence) return;
      this.checks.shift();
      this.checked += 1;
      if (!this.book.isTopped(check.bids, check.asks)) this.mismatches += 1;
    }
  }

  private apply(message: DepthMessage): void {
    if (message.snapshot) this.book = new DepthBook();
    this.applySide(Side.Buy, message.bids);
    this.applySide(Side.Sell, message.asks);
  }

  /** The instrument has no decimals, so the text is the number. */
  private applySide(side: Side, levels: readonly LevelText[]): void {
    for (const [price, quantity] of levels) this.book.set(side, Number(price), Number(quantity));
  }
}

/** First in, first out, in constant time. */
class Queue<T> {
  private items: T[] = [];
  private at = 0;

  get length(): number {
    return this.items.length - this.at;
  }

  get first(): T | undefined {
    return this.items[this.at];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): void {
    this.at += 1;
    if (this.at * 2 < this.items.length) return;
    this.items = this.items.slice(this.at);
    this.at = 0;
  }
}
