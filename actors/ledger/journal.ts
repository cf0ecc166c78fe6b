/**
 * What the accounts are told in one batch: a block of events per touched account, in one gapless sequence (R9), with
 * what the batch changed of its balances. The bytes of a block are made once: they are the journal's row and a part of
 * the event frame.
 */
import type { RowSet } from "../kernel/actor.js";
import { NO_ROWS } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { ByteWriter } from "../kernel/bytes.js";
import { type AccountEvent, encodeAccountEvent, encodeBlocks } from "./account-events.js";
import type { Account, Accounts } from "./accounts.js";
import { rowSetOf } from "./rows.js";

interface Change {
  total: number;
  held: number;
}

interface OpenBlock {
  readonly account: Account;
  readonly first: number;
  count: number;
  readonly writer: ByteWriter;
  readonly changes: Map<number, Change>;
}

interface WrittenBlock {
  readonly block: OpenBlock;
  readonly assets: readonly (readonly [number, Change])[];
  /** Where the block's events are in the body of the event frame. */
  readonly offset: number;
  readonly length: number;
}

const BLOCK_CAPACITY_BYTES = 128;

export class Journal {
  private readonly accounts: Accounts;
  private readonly blocks = new Map<Account, OpenBlock>();
  /** Writers of earlier batches, to be used again. */
  private readonly writers: ByteWriter[] = [];

  constructor(accounts: Accounts) {
    this.accounts = accounts;
  }

  /** Writes the account's next event and returns its number. */
  append(account: Account, event: AccountEvent): number {
    const block = this.blockOf(account);
    encodeAccountEvent(block.writer, event);
    block.count += 1;
    return this.accounts.advance(account);
  }

  /** Notes what an event of this batch changes of a balance. */
  change(account: Account, asset: number, total: number, held: number): void {
    const { changes } = this.blockOf(account);
    const change = changes.get(asset);
    if (!change) {
      changes.set(asset, { total, held });
      return;
    }
    change.total += total;
    change.held += held;
  }

  /** The batch's rows, and the body of its event frame (null when nobody is told anything). */
  take(): { readonly rows: RowSet; readonly events: Uint8Array | null } {
    if (this.blocks.size === 0) return { rows: NO_ROWS, events: null };
    const body = new ByteWriter(this.blocks.size * BLOCK_CAPACITY_BYTES);
    const written = [...this.blocks.values()].map((block) => this.write(body, block));
    this.blocks.clear();
    const events = body.take();
    return { rows: { ...rowsOf(written), bytes: events }, events };
  }

  private write(body: ByteWriter, block: OpenBlock): WrittenBlock {
    const { account, first, count, writer } = block;
    assert(count > 0, `a balance of account ${account.id} changed without an event`);
    assert(first + count - 1 === account.sequence, `account ${account.id} has a journal gap`);
    const bytes = writer.take();
    encodeBlocks(body, [{ account: account.id, first, count, bytes }]);
    writer.reset();
    this.writers.push(writer);
    const assets = [...block.changes].filter(([, { total, held }]) => total !== 0 || held !== 0);
    return { block, assets, offset: body.length - bytes.length, length: bytes.length };
  }

  private blockOf(account: Account): OpenBlock {
    let block = this.blocks.get(account);
    if (!block) {
      const writer = this.writers.pop() ?? new ByteWriter(BLOCK_CAPACITY_BYTES);
      block = { account, first: account.sequence + 1, count: 0, writer, changes: new Map() };
      this.blocks.set(account, block);
    }
    return block;
  }
}

function rowsOf(written: readonly WrittenBlock[]): RowSet {
  return rowSetOf(written, {
    account: ({ block }) => block.account.id,
    first_sequence: ({ block }) => block.first,
    last_sequence: ({ block }) => block.first + block.count - 1,
    assets: ({ assets }) => arrayText(assets.map(([asset]) => asset)),
    total_changes: ({ assets }) => arrayText(assets.map(([, change]) => change.total)),
    held_changes: ({ assets }) => arrayText(assets.map(([, change]) => change.held)),
    offset: ({ offset }) => offset,
    length: ({ length }) => length,
  });
}

/** An array as PostgreSQL writes it. */
function arrayText(values: readonly number[]): string {
  return `{${values.join(",")}}`;
}
