/**
 * The actor of one symbol: it matches orders by price, then time, at the maker's price (R8). What it decides depends
 * on its state and the command alone (R6); trade ids, market sequence and priorities are counted, so a replay of the
 * same commands gives the same trades. A rule of the instrument changes only by a command of its inbox (R13).
 *
 * Every order command (enter, cancel, reduce) takes one number of the market's sequence, a refused one too.
 */
import { type Actor, type Effects, type Envelope } from "../kernel/actor.js";
import { assert, assertNever } from "../kernel/assert.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { StateHash } from "../kernel/hash.js";
import { isSlot, LEDGER_SHARDS_MAX, shardOfOrder } from "../kernel/ids.js";
import type { Instrument } from "../kernel/instrument.js";
import { Links } from "../kernel/links.js";
import { isOneOf, OrderRequest, Side, TimeInForce } from "../kernel/order.js";
import type { TradeReport } from "../ledger/messages.js";
import { type Book, FastBook } from "./book.js";
import { MarketBatch } from "./market-batch.js";
import { MarketState } from "./market-state.js";
import { decodeMarketCommand, type EnterOrder, type MarketCommand } from "./messages.js";
import { RestingOrder } from "./resting-order.js";

/** The reference price is told anew when the last trade is this part of it away: one in a hundred. */
const REFERENCE_STEP_DIVISOR = 100;

type ListCommand = Extract<MarketCommand, { kind: "list" }>;

export class Market implements Actor {
  readonly id: number;
  readonly links: Links;
  /** Trades and traded quantity since this object was made: for metrics, never stored. */
  tradesExecuted = 0;
  tradeVolume = 0;

  private readonly book: Book;
  private readonly state: MarketState;
  private readonly batch: MarketBatch;
  /** Prices and quantities, in turn, of the levels that the order under way has taken from. */
  private readonly takenFrom: number[] = [];

  private constructor(id: number, links: Links, state: MarketState, book: Book) {
    this.id = id;
    this.links = links;
    this.state = state;
    this.book = book;
    this.batch = new MarketBatch(links);
  }

  static create(id: number, book: Book = new FastBook()): Market {
    return new Market(id, new Links(), new MarketState(), book);
  }

  /** A market as it was stored; its book follows page by page, then `finishLoading`. Throws `MalformedError`. */
  static restore(
    record: { readonly id: number; readonly state: Uint8Array },
    links: Links,
    book: Book = new FastBook(),
  ): Market {
    return new Market(record.id, links, MarketState.decode(record.state), book);
  }

  /** Takes rows of the table `book`, each side from its worst price on, a price in the order of arrival. */
  loadPage(table: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
    assert(table === "book", `a market has no table ${table}`);
    for (const row of rows) this.restoreOrder(row as Readonly<Record<string, number>>);
  }

  finishLoading(): void {
    const bid = this.book.first(Side.Buy);
    const ask = this.book.first(Side.Sell);
    assert(!bid || !ask || bid.price < ask.price, "a crossed book was stored");
  }

  /** Resting orders on both sides. */
  depth(): { readonly bids: number; readonly asks: number } {
    return { bids: this.book.count(Side.Buy), asks: this.book.count(Side.Sell) };
  }

  apply(envelope: Envelope): void {
    if (isSlot(envelope.source)) {
      const list = readList(envelope.payload);
      if (list) this.list(list);
      return;
    }
    const command = decodeMarketCommand(envelope.payload);
    if (command.kind === "list") throw new MalformedError("an actor lists no instrument");
    assert(shardOfOrder(command.orderId) === envelope.source, "an order of another shard");
    this.state.sequence += 1;
    switch (command.kind) {
      case "enter":
        this.enter(command);
        break;
      case "cancel":
        this.cancel(command.orderId, OrderRequest.Cancel);
        break;
      case "reduce":
        this.reduce(command.orderId, command.leaves);
        break;
      default:
        assertNever(command);
    }
  }

  takeEffects(): Effects {
    return this.batch.take(this.state.encode());
  }

  stateHash(): number {
    const hash = new StateHash();
    this.state.addTo(hash);
    hash.add(this.book.stateHash());
    return hash.value();
  }

  checkInvariants(): void {
    this.book.checkInvariants();
    for (const side of [Side.Buy, Side.Sell]) {
      for (const order of this.book.orders(side)) {
        assert(order.priority <= this.state.arrivals, "a priority that was never given");
      }
    }
  }

  /**
   * Adopts the instrument and tells every shard; said again it is only told again. What orders were held by (assets,
   * decimals, the number of shards) never changes, and a definition for another market is not for this one: ignored.
   */
  private list({ instrument, shards }: ListCommand): void {
    if (instrument.id !== this.id || shards < 1 || shards > LEDGER_SHARDS_MAX) return;
    const { state } = this;
    if (state.instrument && shards !== state.shards) return;
    if (state.instrument && !hasSameMoney(instrument, state.instrument)) return;
    state.instrument = instrument;
    state.shards = shards;
    if (state.lastPrice === 0) state.reference = instrument.referencePrice;
    this.batch.sendToAll(shards, { kind: "instrument", instrument });
    // A shard takes the definition's own reference with it, so the current one follows.
    if (state.reference !== instrument.referencePrice) this.broadcastReference();
  }

  private enter(command: EnterOrder): void {
    const { orderId, side, timeInForce, quantity } = command;
    assert(command.price >= 1 && quantity >= 1, `order ${orderId} without price or quantity`);
    if (!this.state.instrument) {
      this.end(orderId, quantity, Code.INSTRUMENT_UNKNOWN_TO_MARKET);
      return;
    }
    const leaves = this.match(command);
    let restingAt = 0;
    if (leaves > 0 && timeInForce === TimeInForce.ImmediateOrCancel) {
      this.end(orderId, leaves, Code.IMMEDIATE_REMAINDER);
    } else if (leaves > 0) {
      restingAt = this.rest(command, leaves);
    }
    this.reportTaken(side === Side.Buy ? Side.Sell : Side.Buy);
    if (restingAt > 0) this.reportDepth(side, command.price, restingAt);
    this.followReference();
  }

  /** Trades an order against the other side as far as its limit goes; returns what it leaves. */
  private match(taker: EnterOrder): number {
    const { side, price: limit } = taker;
    const other = side === Side.Buy ? Side.Sell : Side.Buy;
    let leaves = taker.quantity;
    this.takenFrom.length = 0;
    while (leaves > 0) {
      const maker = this.book.first(other);
      if (!maker || (side === Side.Buy ? maker.price > limit : maker.price < limit)) break;
      const quantity = Math.min(leaves, maker.leaves);
      leaves -= quantity;
      const restingAt = this.book.lower(maker, maker.leaves - quantity);
      this.noteTaken(maker.price, restingAt);
      this.batch.touch(maker);
      this.trade(taker, maker, quantity, leaves);
    }
    return leaves;
  }

  private trade(taker: EnterOrder, maker: RestingOrder, quantity: number, leaves: number): void {
    const { state } = this;
    state.tradeId += 1;
    state.lastPrice = maker.price;
    this.tradesExecuted += 1;
    this.tradeVolume += quantity;
    const report: TradeReport = {
      kind: "trade",
      instrument: this.id,
      tradeId: state.tradeId,
      price: maker.price,
      quantity,
      takerSide: taker.side,
      makerOrder: maker.orderId,
      takerOrder: taker.orderId,
      makerLeaves: maker.leaves,
      takerLeaves: leaves,
      sequence: state.sequence,
    };
    this.batch.trade(report, maker.account, taker.account);
  }

  /** Puts what an order leaves on the book. Returns what rests at its price then, or 0 when there is no room. */
  private rest(command: EnterOrder, leaves: number): number {
    const { orderId, account, side, price } = command;
    const priority = this.state.arrivals + 1;
    const order = new RestingOrder(orderId, account, side, price, leaves, priority);
    const restingAt = this.book.add(order);
    if (restingAt === 0) {
      this.end(orderId, leaves, Code.BOOK_FULL);
      return 0;
    }
    this.state.arrivals = priority;
    this.batch.touch(order);
    this.batch.answer({ kind: "rested", orderId, leaves, sequence: this.state.sequence });
    return restingAt;
  }

  private cancel(orderId: number, request: OrderRequest): void {
    const order = this.book.find(orderId);
    if (!order) {
      this.refuse(orderId, request, Code.TOO_LATE);
      return;
    }
    this.end(orderId, order.leaves, Code.CANCELLED_BY_CLIENT);
    this.lower(order, 0);
  }

  /** Reducing to nothing is a cancel. */
  private reduce(orderId: number, leaves: number): void {
    if (leaves === 0) {
      this.cancel(orderId, OrderRequest.Reduce);
      return;
    }
    const order = this.book.find(orderId);
    if (!order) {
      this.refuse(orderId, OrderRequest.Reduce, Code.TOO_LATE);
    } else if (leaves >= order.leaves) {
      this.refuse(orderId, OrderRequest.Reduce, Code.REDUCE_NOT_BELOW_LEAVES);
    } else {
      this.batch.answer({ kind: "reduced", orderId, leaves, sequence: this.state.sequence });
      this.lower(order, leaves);
    }
  }

  private lower(order: RestingOrder, leaves: number): void {
    const restingAt = this.book.lower(order, leaves);
    this.batch.touch(order);
    this.reportDepth(order.side, order.price, restingAt);
  }

  /** Tells the shards where trading is, once it has moved far enough from what they were told. */
  private followReference(): void {
    const { lastPrice, reference } = this.state;
    if (lastPrice === 0) return;
    const distance = Math.abs(lastPrice - reference);
    if (distance * REFERENCE_STEP_DIVISOR < reference) return;
    this.state.reference = lastPrice;
    this.broadcastReference();
  }

  private broadcastReference(): void {
    const { shards, reference } = this.state;
    this.batch.sendToAll(shards, { kind: "reference", instrument: this.id, price: reference });
  }

  private end(orderId: number, leaves: number, code: Code): void {
    const { sequence } = this.state;
    this.batch.answer({ kind: "ended", orderId, leaves, code, sequence });
  }

  private refuse(orderId: number, request: OrderRequest, code: Code): void {
    const { sequence } = this.state;
    this.batch.answer({ kind: "refused", orderId, request, code, sequence });
  }

  /** Remembers what is left at a price that the order under way takes from. */
  private noteTaken(price: number, restingAt: number): void {
    const { takenFrom } = this;
    const last = takenFrom.length - 2;
    if (last >= 0 && takenFrom[last] === price) takenFrom[last + 1] = restingAt;
    else takenFrom.push(price, restingAt);
  }

  private reportTaken(side: Side): void {
    for (let at = 0; at < this.takenFrom.length; at += 2) {
      this.reportDepth(side, this.takenFrom[at]!, this.takenFrom[at + 1]!);
    }
  }

  private reportDepth(side: Side, price: number, quantity: number): void {
    const { sequence } = this.state;
    this.batch.report({ kind: "depth", sequence, side, price, quantity });
  }

  private restoreOrder(row: Readonly<Record<string, number>>): void {
    const { order_id, account, side, price, leaves, priority } = row;
    assert(isOneOf(Side, side!), `side ${side} in a stored order`);
    const order = new RestingOrder(order_id!, account!, side, price!, leaves!, priority!);
    order.storedLeaves = order.leaves;
    assert(this.book.add(order) > 0, "more orders were stored than a book takes");
  }
}

/** An operator's command; nothing when it cannot be read or is another: a market has nobody to tell. */
function readList(payload: Uint8Array): ListCommand | undefined {
  try {
    const command = decodeMarketCommand(payload);
    return command.kind === "list" ? command : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** Do amounts that were held under one definition mean the same under the other? */
function hasSameMoney(one: Instrument, other: Instrument): boolean {
  return (
    one.symbol === other.symbol &&
    one.baseAsset === other.baseAsset &&
    one.quoteAsset === other.quoteAsset &&
    one.priceDecimals === other.priceDecimals &&
    one.quantityDecimals === other.quantityDecimals &&
    one.notionalFactor === other.notionalFactor
  );
}
