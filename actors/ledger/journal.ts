/**
 * What the accounts are told in one batch: a block of events per touched account, in one gapless sequence (R9), with
 * what the batch changed of its balances. The bytes of an event are made once, in one buffer for all accounts, and put
 * together by account at the batch's end: they are the journal's rows and the event frame.
 *
 * Blocks, their spans of that buffer and their changes are numbers in columns, used again by each batch: a batch has
 * thousands of them, and as objects they would be most of what the garbage collector has to do.
 */
import type { RowSet } from "../kernel/actor.js";
import { NO_ROWS } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { ByteWriter } from "../kernel/bytes.js";
import { type AccountEvent, encodeAccountEvent } from "./account-events.js";
import type { Account, Accounts } from "./accounts.js";
import type { Watching } from "./watching.js";

/** Of a block, a span or a change: there is none. */
const NONE = -1;
const BLOCK_HEADER_BYTES = 16;

/** The bytes of one event, or of several that came one right after the other. */
class Spans {
  count = 0;
  readonly from: number[] = [];
  readonly to: number[] = [];
  /** The block's next one. */
  readonly next: number[] = [];

  add(from: number, to: number): number {
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.next[this.count] = NONE;
    return this.count++;
  }
}

/** What a block changes of a balance. */
class Changes {
  count = 0;
  readonly asset: number[] = [];
  readonly total: number[] = [];
  readonly held: number[] = [];
  readonly next: number[] = [];

  add(asset: number, total: number, held: number, next: number): number {
    this.asset[this.count] = asset;
    this.total[this.count] = total;
    this.held[this.count] = held;
    this.next[this.count] = next;
    return this.count++;
  }
}

export class Journal {
  /** Then it numbers and counts the events, and keeps nothing of them. */
  isSilent = false;
  private readonly accounts: Accounts;
  private readonly watching: Watching;
  /** The events of all blocks, as they happened. */
  private readonly events = new ByteWriter(4_096);
  private readonly spans = new Spans();
  private readonly changes = new Changes();
  // The blocks: whose each is, its first number, how many events it has and how many of these are warnings, its first and last span, its first change.
  private told: Account[] = [];
  private readonly first: number[] = [];
  private readonly count: number[] = [];
  private readonly firstSpan: number[] = [];
  private readonly lastSpan: number[] = [];
  private readonly firstChange: number[] = [];
  private readonly warnings: number[] = [];

  constructor(accounts: Accounts, watching: Watching) {
    this.accounts = accounts;
    this.watching = watching;
  }

  /** Writes the account's next event and returns its number. */
  append(account: Account, event: AccountEvent): number {
    if (!this.isSilent) this.write(account, event);
    if (event.kind !== "warning") this.watching.count(account, event);
    return this.accounts.advance(account);
  }

  /** Notes what an event of this batch changes of a balance. */
  change(account: Account, asset: number, total: number, held: number): void {
    if (this.isSilent) return;
    const { changes } = this;
    const block = this.blockOf(account);
    for (let at = this.firstChange[block]!; at !== NONE; at = changes.next[at]!) {
      if (changes.asset[at] !== asset) continue;
      changes.total[at]! += total;
      changes.held[at]! += held;
      return;
    }
    this.firstChange[block] = changes.add(asset, total, held, this.firstChange[block]!);
  }

  /** The batch's rows, and the body of its event frame (null when nobody is told anything). */
  take(): { readonly rows: RowSet; readonly events: Uint8Array | null } {
    const { told } = this;
    if (told.length === 0) return { rows: NO_ROWS, events: null };
    const body = new ByteWriter(this.events.length + told.length * BLOCK_HEADER_BYTES);
    const columns = {
      account: told.map(({ id }) => id),
      first_sequence: this.first.slice(0, told.length),
      last_sequence: told.map(({ sequence }) => sequence),
      assets: told.map((_, block) => this.textOf(block, this.changes.asset)),
      total_changes: told.map((_, block) => this.textOf(block, this.changes.total)),
      held_changes: told.map((_, block) => this.textOf(block, this.changes.held)),
      counted: told.map((account) => this.watching.textOf(account)),
      warnings: this.warnings.slice(0, told.length),
      length: told.map((_, block) => this.lengthOf(block)),
      offset: told.map((_, block) => this.writeBlock(body, block)),
    };
    this.drop();
    const events = body.take();
    return { rows: { count: told.length, columns, bytes: events }, events };
  }

  /** Forgets it. */
  drop(): void {
    for (const account of this.told) account.block = NONE;
    this.told = [];
    this.spans.count = 0;
    this.changes.count = 0;
    this.events.reset();
  }

  private write(account: Account, event: AccountEvent): void {
    const { events, spans } = this;
    const block = this.blockOf(account);
    const from = events.length;
    encodeAccountEvent(events, event);
    const last = this.lastSpan[block]!;
    if (last !== NONE && spans.to[last] === from) {
      spans.to[last] = events.length;
    } else {
      const span = spans.add(from, events.length);
      if (last === NONE) this.firstSpan[block] = span;
      else spans.next[last] = span;
      this.lastSpan[block] = span;
    }
    this.count[block]! += 1;
    if (event.kind === "warning") this.warnings[block]! += 1;
  }

  /** As `encodeBlocks` would; returns where the block's events begin. */
  private writeBlock(body: ByteWriter, block: number): number {
    const { id, sequence } = this.told[block]!;
    const first = this.first[block]!;
    const count = this.count[block]!;
    assert(count > 0, "a balance of account %s changed without an event", id);
    assert(first + count - 1 === sequence, "account %s has a journal gap", id);
    body.uint(id).uint(first).uint(count).uint(this.lengthOf(block));
    const offset = body.length;
    const { spans } = this;
    for (let at = this.firstSpan[block]!; at !== NONE; at = spans.next[at]!) {
      body.copy(this.events, spans.from[at]!, spans.to[at]!);
    }
    return offset;
  }

  /** Of the block's events, in bytes. */
  private lengthOf(block: number): number {
    const { spans } = this;
    let length = 0;
    for (let at = this.firstSpan[block]!; at !== NONE; at = spans.next[at]!) {
      length += spans.to[at]! - spans.from[at]!;
    }
    return length;
  }

  /** A column of the block's changes, as PostgreSQL writes an array; without what came and went within the batch. */
  private textOf(block: number, column: readonly number[]): string {
    const { total, held, next } = this.changes;
    let text = "";
    for (let at = this.firstChange[block]!; at !== NONE; at = next[at]!) {
      if (total[at] === 0 && held[at] === 0) continue;
      text = text === "" ? String(column[at]) : `${column[at]},${text}`;
    }
    return `{${text}}`;
  }

  private blockOf(account: Account): number {
    if (account.block !== NONE) return account.block;
    const block = this.told.length;
    this.told.push(account);
    this.first[block] = account.sequence + 1;
    this.firstSpan[block] = NONE;
    this.lastSpan[block] = NONE;
    this.firstChange[block] = NONE;
    this.count[block] = 0;
    this.warnings[block] = 0;
    account.block = block;
    return block;
  }
}
