/**
 * One subscription to the events of accounts: every account is subscribed first and its journal read then, so that what is
 * committed meanwhile is in one of the two (R9).
 */
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { AccountPosition } from "../../proto/gen/exchange/v1/exchange.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { AccountHead, JournalRow, Reads } from "../ports/reads.js";
import { AccountFeed } from "./account-feed.js";
import type { Catalog } from "./catalog.js";
import { type EventCall, EventWriter, type UnreadEvents } from "./event-writer.js";
import { blockOf } from "./journal-block.js";
import {
  ACCOUNTS_PER_STREAM_MAX,
  CATCH_UPS_AT_ONCE,
  JOURNAL_ROWS_PER_PAGE,
  RETRY_READ_AFTER_MS,
} from "./limits.js";
import { invalid, notFound, Refusal } from "./refusal.js";
import type { Session } from "./session.js";
import type { Subscriptions } from "./subscriptions.js";

export interface AccountStreamDependencies {
  readonly reads: Pick<Reads, "accountHeads" | "journalFrom">;
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly subscriptions: Subscriptions;
  readonly logger: Logger;
  /** Of all such streams of a gateway. */
  readonly unread: UnreadEvents;
}

const NOTHING: AccountHead = { first: 1, last: 0 };

export class AccountStream {
  private readonly call: EventCall;
  private readonly deps: AccountStreamDependencies;
  private readonly onEnd: (stream: AccountStream) => void;
  private readonly writer: EventWriter;
  private feeds: AccountFeed[] = [];
  private readonly behind: AccountFeed[] = [];
  private readers = 0;
  private closed = false;

  constructor(
    call: EventCall,
    deps: AccountStreamDependencies,
    onEnd: (stream: AccountStream) => void,
  ) {
    this.call = call;
    this.deps = deps;
    this.onEnd = onEnd;
    this.writer = new EventWriter(call, deps, (refusal) => this.fail(refusal));
    call.on("cancelled", () => this.close());
    call.on("error", () => this.close());
    call.on("close", () => this.close());
  }

  async start(session: Session, positions: readonly AccountPosition[]): Promise<void> {
    try {
      const wanted = judgePositions(session, positions);
      this.feeds = [...wanted.keys()].map((account) => this.subscribe(account));
      const heads = await this.heads([...wanted.keys()]);
      for (const feed of this.feeds) {
        const { account } = feed;
        feed.begin(beginning(account, wanted.get(account)!, heads.get(account)));
      }
      for (const feed of this.feeds) {
        const isAtHead = feed.next > heads.get(feed.account)!.last;
        if (!isAtHead || !feed.join()) this.readOn(feed);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(error);
    }
  }

  get queuedEvents(): number {
    return this.writer.queuedEvents;
  }

  get bufferedBlocks(): number[] {
    return this.feeds.map((feed) => feed.bufferedBlocks);
  }

  /** Ends the stream with an error that says why. */
  fail(refusal: Refusal): void {
    if (this.closed) return;
    this.close();
    this.call.emit("error", refusal.toServiceError());
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const feed of this.feeds) this.deps.subscriptions.remove(feed);
    this.writer.close();
    this.onEnd(this);
  }

  private subscribe(account: number): AccountFeed {
    const feed = new AccountFeed(
      account,
      (event) => this.writer.push(event),
      (each) => this.readOn(each),
    );
    if (!this.closed) this.deps.subscriptions.add(feed);
    return feed;
  }

  private async heads(accounts: readonly number[]): Promise<ReadonlyMap<number, AccountHead>> {
    for (;;) {
      try {
        return await this.deps.reads.accountHeads(accounts);
      } catch (error) {
        await this.rest(error);
      }
      if (this.closed) return new Map(accounts.map((account) => [account, NOTHING]));
    }
  }

  private readOn(feed: AccountFeed): void {
    this.behind.push(feed);
    if (this.readers >= CATCH_UPS_AT_ONCE) return;
    this.readers += 1;
    void this.read().finally(() => {
      this.readers -= 1;
    });
  }

  private async read(): Promise<void> {
    for (let feed = this.behind.shift(); feed; feed = this.behind.shift()) {
      // A page of each in turn: one that is written faster than it is read holds up no other.
      if (!(await this.readPage(feed)) && !this.closed) this.behind.push(feed);
    }
  }

  /** True when the account has reached what is said now. */
  private async readPage(feed: AccountFeed): Promise<boolean> {
    await this.writer.room();
    if (this.closed) return true;
    let rows: JournalRow[];
    try {
      rows = await this.deps.reads.journalFrom(feed.account, feed.next, JOURNAL_ROWS_PER_PAGE);
    } catch (error) {
      await this.rest(error);
      return false;
    }
    try {
      this.deliver(feed, rows);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Whoever goes on behind what he is refused for must not miss what was before it.
      await this.writer.sent();
      this.fail(error);
      return true;
    }
    return rows.length < JOURNAL_ROWS_PER_PAGE && feed.join();
  }

  /** Throws a `Refusal` when one of them is not there any more, or cannot be read. */
  private deliver(feed: AccountFeed, rows: readonly JournalRow[]): void {
    for (const row of rows) {
      if (row.first > feed.next) throw notKept(feed.account, feed.next, row.first);
      feed.deliver(blockOf(row, this.deps.logger));
    }
  }

  private async rest(error: unknown): Promise<void> {
    this.deps.logger.warn({ error: String(error) }, "a journal could not be read; again soon");
    await sleep(this.deps.clock, RETRY_READ_AFTER_MS);
  }
}

/** First sequences by account. Throws a `Refusal`. */
function judgePositions(
  session: Session,
  positions: readonly AccountPosition[],
): Map<number, number> {
  if (positions.length === 0) throw invalid("ACCOUNT_MISSING", "no account was named");
  if (positions.length > ACCOUNTS_PER_STREAM_MAX) {
    throw invalid("TOO_MANY_ACCOUNTS", `a stream has at most ${ACCOUNTS_PER_STREAM_MAX} accounts`);
  }
  const wanted = new Map<number, number>();
  for (const position of positions) {
    const account = session.account(position.account);
    if (wanted.has(account)) {
      throw invalid("ACCOUNT_REPEATED", `account ${account} is named more than once`);
    }
    if (position.fromSequence < -1) {
      throw invalid("SEQUENCE_INVALID", "sequences are 1 and above, 0 for all, -1 for none");
    }
    wanted.set(account, position.fromSequence);
  }
  return wanted;
}

function beginning(account: number, fromSequence: number, head: AccountHead | undefined): number {
  if (head === undefined) throw notFound("UNKNOWN_ACCOUNT", `there is no account ${account}`);
  const { first, last } = head;
  if (fromSequence > last + 1) {
    const message = `account ${account} stands at ${last}, before ${fromSequence}`;
    throw invalid("SEQUENCE_AHEAD", message);
  }
  if (fromSequence < 0) return last + 1;
  if (fromSequence <= 1) return first;
  if (fromSequence < first) throw notKept(account, fromSequence, first);
  return fromSequence;
}

function notKept(account: number, wanted: number, kept: number): Refusal {
  const message = `events of account ${account} are kept from ${kept} on, not from ${wanted}`;
  return new Refusal(status.OUT_OF_RANGE, "SEQUENCE_NOT_KEPT", message);
}
