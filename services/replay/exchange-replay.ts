/**
 * One file through one market of a running exchange. Commands go through the order-entry stream, many ahead of their
 * answers; fills come from the account events, the book from the feed's messages. What the file expects is only compared.
 */
import { Side as CoreSide, TimeInForce as CoreTimeInForce } from "../../actors/kernel/order.js";
import {
  type CommandResult,
  type OrderCommand,
  OrderRequest,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { EntryStream, ExchangeClient } from "../client/exchange-client.js";
import type { FeedClient } from "../client/feed-client.js";
import { PLAIN_TERMS } from "../client/new-order.js";
import { BookChecks } from "./book-checks.js";
import { CommandTracker, type TrackedCommand } from "./command-tracker.js";
import type { ReplayResult } from "./engine.js";
import { type ExpectedFill, type FlowLine, readFlow } from "./file.js";
import { ReplayError } from "./replay-error.js";

export interface Accounts {
  readonly maker: number;
  readonly taker: number;
}

export interface ExchangeReplayResult extends ReplayResult {
  readonly symbol: string;
  /** Commands that the market had not dealt with when nothing more came. They count as mismatches. */
  readonly unanswered: number;
}

/** Commands on their way at once, and how many of them go in one message. */
const COMMANDS_AHEAD_MAX = 2_000;
const COMMANDS_PER_MESSAGE_MAX = 200;
/** When nothing has happened for so long, what is missing will not come. */
const STALLED_AFTER_MS = 30_000;
const SNAPSHOT_MS_MAX = 30_000;
const POLL_EVERY_MS = 5;
const MILLISECONDS_PER_SECOND = 1_000;

type Command = Exclude<FlowLine, { readonly kind: "book" }>;

interface Sent {
  readonly tracked: TrackedCommand;
  readonly expected: readonly ExpectedFill[];
}

/** A part of a command as results name it. */
interface Part {
  readonly tracked: TrackedCommand;
  readonly clientOrderId: string;
  /** Null: it enters an order. */
  readonly request: OrderRequest | null;
}

/** The latest order under an id of the file. */
interface FileOrder {
  readonly clientOrderId: string;
  readonly account: number;
  readonly side: Side;
}

export class ExchangeReplay {
  private readonly client: ExchangeClient;
  private readonly feed: FeedClient;
  private readonly symbol: string;
  private readonly accounts: Accounts;
  private readonly checks = new BookChecks();
  private readonly tracker = new CommandTracker(() => this.moveFrontier());
  private readonly sent: Sent[] = [];
  /** All commands before this one have been dealt with. */
  private frontier = 0;
  private readonly parts = new Map<number, Part>();
  private readonly orders = new Map<number, FileOrder>();
  private lastRequestId = 0;
  private outgoing: OrderCommand[] = [];
  private failure: ReplayError | null = null;
  private activeAtMs = 0;

  constructor(client: ExchangeClient, feed: FeedClient, symbol: string, accounts: Accounts) {
    this.client = client;
    this.feed = feed;
    this.symbol = symbol;
    this.accounts = accounts;
  }

  async run(path: string, onProgress?: (commands: number) => void): Promise<ExchangeReplayResult> {
    await this.listen();
    const stream = this.client.orderEntry({
      onResults: (results) => results.forEach((result) => this.takeResult(result)),
      onClosed: (error) => {
        if (error) this.fail("STREAM_LOST", error.message);
      },
    });
    const startedMs = performance.now();
    for await (const line of readFlow(path)) {
      if (line.kind === "book") {
        this.checks.add({ commands: this.sent.length, bids: line.bids, asks: line.asks });
        continue;
      }
      this.write(line);
      if (this.outgoing.length < COMMANDS_PER_MESSAGE_MAX) continue;
      await this.flush(stream);
      onProgress?.(this.frontier);
      const hasRoom = () => this.sent.length - this.tracker.settled < COMMANDS_AHEAD_MAX;
      if (await this.until(hasRoom)) continue;
      throw new ReplayError("EXCHANGE_SILENT", `nothing was heard for ${STALLED_AFTER_MS} ms`);
    }
    await this.flush(stream);
    const commands = this.sent.length;
    await this.until(() => this.frontier === commands && this.hasAllMakers());
    const seconds = (performance.now() - startedMs) / MILLISECONDS_PER_SECOND;
    await this.endBook(stream);
    await stream.close();
    return this.result(commands, seconds);
  }

  /** Events of both accounts from their first on, and the feed from its snapshot on. */
  private async listen(): Promise<void> {
    this.active();
    const { maker, taker } = this.accounts;
    this.client.subscribeAccounts(
      [maker, taker].map((account) => ({ account, fromSequence: 1 })),
      {
        onEvents: (events) => {
          this.active();
          for (const event of events) this.tracker.take(event);
        },
        onFailed: (error) => this.fail("STREAM_LOST", error.message),
      },
    );
    let hasSnapshot = false;
    this.feed.onDepth((message) => {
      this.active();
      hasSnapshot = true;
      this.checks.take(message);
    });
    await this.feed.subscribe([`depth.${this.symbol}`], { depth: "command" });
    const deadlineMs = performance.now() + SNAPSHOT_MS_MAX;
    await this.until(() => hasSnapshot || performance.now() > deadlineMs);
    if (!hasSnapshot) throw new ReplayError("NO_BOOK", "the feed sent no snapshot");
  }

  /** Puts a command among those to be sent. */
  private write(line: Command): void {
    const tracked = this.tracker.begin(line.kind === "replace" ? 2 : 1);
    this.sent.push({ tracked, expected: "fills" in line ? line.fills : [] });
    if (line.kind === "new") {
      const isImmediate = line.timeInForce === CoreTimeInForce.ImmediateOrCancel;
      const account = isImmediate ? this.accounts.taker : this.accounts.maker;
      const side = line.side === CoreSide.Buy ? Side.SIDE_BUY : Side.SIDE_SELL;
      this.enter(tracked, line.id, { ...line, account, side, isImmediate });
      return;
    }
    const order = this.orders.get(line.id);
    // An id that was never entered is asked for all the same; the exchange says that there is no such order.
    const account = order?.account ?? this.accounts.maker;
    const clientOrderId = order?.clientOrderId ?? `unknown-${line.id}`;
    const name = { account, orderId: 0, clientOrderId };
    if (line.kind === "reduce") {
      const request = OrderRequest.ORDER_REQUEST_REDUCE;
      const reduce = { ...name, leaves: line.quantity };
      this.push({ tracked, clientOrderId, request }, { $case: "reduce", value: reduce });
      return;
    }
    const request = OrderRequest.ORDER_REQUEST_CANCEL;
    this.push({ tracked, clientOrderId, request }, { $case: "cancel", value: name });
    if (line.kind === "cancel") return;
    const side = order?.side ?? Side.SIDE_BUY;
    this.enter(tracked, line.id, { account, side, isImmediate: false, ...line });
  }

  private enter(
    tracked: TrackedCommand,
    fileId: number,
    terms: {
      readonly account: number;
      readonly side: Side;
      readonly isImmediate: boolean;
      readonly price: number;
      readonly quantity: number;
    },
  ): void {
    const { account, side, price, quantity } = terms;
    const clientOrderId = `${this.sent.length}-${fileId}`;
    this.orders.set(fileId, { clientOrderId, account, side });
    const timeInForce = terms.isImmediate
      ? TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL
      : TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL;
    const type = OrderType.ORDER_TYPE_LIMIT;
    const place = { account, clientOrderId, symbol: this.symbol, side, type, timeInForce };
    this.tracker.enter(tracked, clientOrderId, fileId);
    this.push(
      { tracked, clientOrderId, request: null },
      { $case: "place", value: { ...place, price, quantity, ...PLAIN_TERMS } },
    );
  }

  private push(part: Part, command: OrderCommand["command"]): void {
    const { tracked, clientOrderId, request } = part;
    if (request !== null) this.tracker.ask(tracked, clientOrderId, request);
    this.lastRequestId += 1;
    this.parts.set(this.lastRequestId, part);
    this.outgoing.push({ requestId: this.lastRequestId, command });
  }

  private async flush(stream: EntryStream): Promise<void> {
    const commands = this.outgoing;
    this.outgoing = [];
    if (commands.length > 0) stream.send(commands);
    await stream.drained();
    if (this.failure) throw this.failure;
  }

  private takeResult({ requestId, code, message, retryMs }: CommandResult): void {
    this.active();
    const part = this.parts.get(requestId);
    this.parts.delete(requestId);
    if (!part || code === "OK") return;
    if (retryMs > 0) this.fail("COMMAND_NOT_TAKEN", `${code}: ${message}`);
    this.tracker.refused(part.tracked, part.clientOrderId, part.request);
  }

  /** Sends an order of our own after the file's: what the feed says of it shows that the file's part is complete. */
  private async endBook(stream: EntryStream): Promise<void> {
    if (this.checks.waiting === 0) return;
    const tracked = this.tracker.begin(1);
    this.sent.push({ tracked, expected: [] });
    const { maker: account } = this.accounts;
    const side = Side.SIDE_BUY;
    const terms = { account, side, isImmediate: false, price: 1, quantity: 1 };
    this.enter(tracked, Number.MAX_SAFE_INTEGER, terms);
    await this.flush(stream);
    await this.until(() => this.checks.waiting === 0);
    this.checks.giveUp();
  }

  private result(commands: number, seconds: number): ExchangeReplayResult {
    const ofFile = this.sent.slice(0, commands);
    const asExpected = ofFile.filter((each) =>
      this.tracker.isAsExpected(each.tracked, each.expected),
    );
    return {
      commands,
      fills: ofFile.reduce((sum, { tracked }) => sum + tracked.fills.length, 0),
      bookChecks: this.checks.checked,
      fillMismatches: commands - asExpected.length,
      bookMismatches: this.checks.mismatches,
      seconds,
      symbol: this.symbol,
      unanswered: ofFile.filter(({ tracked }) => tracked.openParts > 0).length,
    };
  }

  private moveFrontier(): void {
    for (;;) {
      const next = this.sent[this.frontier];
      if (!next || next.tracked.openParts > 0) return;
      this.frontier += 1;
      this.checks.settle(next.tracked.sequence);
    }
  }

  private hasAllMakers(): boolean {
    return this.sent.every(({ tracked }) => this.tracker.hasMakersOf(tracked));
  }

  /** Resolves to whether it became so before nothing had happened for long. Throws what makes the replay meaningless. */
  private async until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      if (this.failure) throw this.failure;
      if (performance.now() - this.activeAtMs > STALLED_AFTER_MS) return false;
      await new Promise((wake) => setTimeout(wake, POLL_EVERY_MS));
    }
    return true;
  }

  private active(): void {
    this.activeAtMs = performance.now();
  }

  private fail(code: ReplayError["code"], message: string): void {
    this.failure ??= new ReplayError(code, message);
  }
}
