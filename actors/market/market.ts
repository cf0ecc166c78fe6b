/**
 * The actor of one symbol: it takes the commands of its inbox, has a matching engine do what the rule book says (R8), and
 * tells what came of it. What it decides depends on its state, the command and the time of its batch alone (R6); all that
 * it numbers is counted, so a replay of the same batches gives the same trades. Its rules change only by a command (R13).
 */
import { type Actor, type Effects, type Envelope } from "../kernel/actor.js";
import { assert, assertNever } from "../kernel/assert.js";
import { MalformedError } from "../kernel/bytes.js";
import { StateHash } from "../kernel/hash.js";
import { isSlot, LEDGER_SHARDS_MAX, shardOfOrder } from "../kernel/ids.js";
import type { Instrument } from "../kernel/instrument.js";
import { Links } from "../kernel/links.js";
import { Side } from "../kernel/order.js";
import type { MatchingEngine, OpenOrder } from "./engine.js";
import { FastEngine } from "./fast/fast-engine.js";
import { MarketBatch } from "./market-batch.js";
import { hashOfVersionBefore, isOfVersionBefore } from "./market-hash-before.js";
import { type AmendedTerms, countAll, reportAll } from "./market-report.js";
import { MarketState } from "./market-state.js";
import {
  type AmendOrder,
  decodeMarketCommand,
  type OperatorCommand,
  readOperatorCommand,
  readOrderEntry,
} from "./messages.js";
import { OrderEntry } from "./order-entry.js";
import { phaseChangeProblem } from "./phase.js";
import { StoredOrders } from "./stored-orders.js";

/** The reference price is told anew when the last trade is this part of it away: one in a hundred. */
const REFERENCE_STEP_DIVISOR = 100;

type ListCommand = Extract<OperatorCommand, { readonly kind: "list" }>;

/** Which engine a market has. */
export type EngineMaker = (state: MarketState) => MatchingEngine;

const fastEngine: EngineMaker = (state) => new FastEngine(state);

export class Market implements Actor {
  readonly id: number;
  readonly links: Links;
  private readonly engine: MatchingEngine;
  private readonly batch: MarketBatch;
  private readonly stored: StoredOrders;
  private readonly entry = new OrderEntry();
  private hashBefore = false;

  private constructor(id: number, links: Links, engine: MatchingEngine) {
    this.id = id;
    this.links = links;
    this.engine = engine;
    this.batch = new MarketBatch(links);
    this.stored = new StoredOrders(engine);
  }

  static create(id: number, engineOf: EngineMaker = fastEngine): Market {
    return new Market(id, new Links(), engineOf(new MarketState()));
  }

  /** A market as it was stored; its orders follow page by page, then `finishLoading`. Throws `MalformedError`. */
  static restore(
    record: { readonly id: number; readonly state: Uint8Array },
    links: Links,
    engineOf: EngineMaker = fastEngine,
  ): Market {
    const market = new Market(record.id, links, engineOf(MarketState.decode(record.state)));
    market.hashBefore = isOfVersionBefore(record.state);
    return market;
  }

  /**
   * Takes rows of the table `order_terms`, then of `book`: those of a price by priority, else in any order. Those that wait come
   * among them.
   */
  loadPage(table: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
    this.stored.loadPage(table, rows);
  }

  finishLoading(): void {
    this.stored.finish();
  }

  /** Trades and traded quantity since this object was made: for metrics, never stored. */
  get tradesExecuted(): number {
    return this.batch.tradesExecuted;
  }

  get tradeVolume(): number {
    return this.batch.tradeVolume;
  }

  get state(): Readonly<MarketState> {
    return this.engine.state;
  }

  /** Orders on both sides of the book. */
  depth(): { readonly bids: number; readonly asks: number } {
    return { bids: this.engine.count(Side.Buy), asks: this.engine.count(Side.Sell) };
  }

  /** What stands on a side of the book, the order that trades first in front. */
  book(side: Side): OpenOrder[] {
    return this.engine.book(side);
  }

  /** What waits, in order of arrival. */
  waiting(): OpenOrder[] {
    return this.engine.waiting();
  }

  advance(time: number): void {
    this.engine.advance(time);
    this.tell(null);
  }

  due(): number {
    return this.engine.due();
  }

  apply({ source, payload }: Envelope): void {
    if (isSlot(source)) this.obey(payload);
    else this.take(source, payload);
  }

  takeEffects(): Effects {
    assert(!this.batch.isSilent, "a silent actor has no effects");
    return this.batch.take(this.engine);
  }

  dropEffects(): void {
    this.batch.drop(this.engine);
  }

  setSilent(isSilent: boolean): void {
    this.batch.isSilent = isSilent;
  }

  stateHash(): number {
    const hash = new StateHash();
    this.engine.state.addTo(hash);
    this.engine.addTo(hash);
    return hash.value();
  }

  /** The hash that what was just loaded must have been stored with. */
  loadedHash(): number {
    return this.hashBefore ? hashOfVersionBefore(this.engine) : this.stateHash();
  }

  checkInvariants(): void {
    this.engine.checkInvariants();
    const { arrivals } = this.engine.state;
    const orders = [...this.book(Side.Buy), ...this.book(Side.Sell), ...this.waiting()];
    assert(
      orders.every(({ priority }) => priority <= arrivals),
      "a priority that was never given",
    );
  }

  /** What a ledger shard asks for. */
  private take(source: number, payload: Uint8Array): void {
    const { engine, entry } = this;
    if (readOrderEntry(payload, entry)) {
      assertIssuer(entry.orderId, source);
      engine.enter(entry);
      this.tell(null);
      return;
    }
    const command = decodeMarketCommand(payload);
    switch (command.kind) {
      case "cancel":
        assertIssuer(command.orderId, source);
        engine.cancel(command.orderId);
        break;
      case "reduce":
        assertIssuer(command.orderId, source);
        engine.reduce(command.orderId, command.leaves);
        break;
      case "amend":
        assertIssuer(command.orderId, source);
        this.amend(command);
        return;
      default:
        throw new MalformedError(`an actor gives no command to ${command.kind}`);
    }
    this.tell(null);
  }

  private amend(command: AmendOrder): void {
    const order = this.engine.find(command.orderId);
    const stopPrice = command.stopPrice || (order?.stopPrice ?? 0);
    const display = command.display || (order?.display ?? 0);
    this.engine.amend(command);
    this.tell({ stopPrice, display });
  }

  /** What an operator orders. What cannot be read, or makes no sense, is ignored: a market has nobody to tell. */
  private obey(payload: Uint8Array): void {
    const { engine } = this;
    const command = readOperatorCommand(payload);
    if (!command) return;
    switch (command.kind) {
      case "list":
        this.list(command);
        return;
      case "phase": {
        const { phase, time } = engine.state;
        if (phaseChangeProblem(phase, command.phase, command.until, time)) return;
        engine.changePhase(command.phase, command.until);
        break;
      }
      case "rules":
        engine.setRules(command.rules);
        break;
      case "schedule":
        engine.setSchedule(command.schedule);
        break;
      case "mass-cancel":
        engine.massCancel(command.account, command.side);
        break;
      default:
        assertNever(command);
    }
    this.tell(null);
  }

  /**
   * Adopts the instrument and tells every shard; said again it is only told again. What orders were held by (assets,
   * decimals, the number of shards) never changes, and a definition for another market is not for this one: ignored.
   */
  private list({ instrument, shards }: ListCommand): void {
    if (instrument.id !== this.id || shards < 1 || shards > LEDGER_SHARDS_MAX) return;
    const { state } = this.engine;
    if (state.instrument && shards !== state.shards) return;
    if (state.instrument && !hasSameMoney(instrument, state.instrument)) return;
    state.instrument = instrument;
    state.shards = shards;
    if (state.lastPrice === 0) {
      state.reference = instrument.referencePrice;
      state.sessionReference = instrument.referencePrice;
    }
    this.batch.sendToAll(shards, { kind: "instrument", instrument });
    // A shard takes the definition's own reference with it, so the current one follows.
    if (state.reference !== instrument.referencePrice) this.broadcastReference();
  }

  /** Tells what the engine has just done. */
  private tell(amended: AmendedTerms | null): void {
    const { log } = this.engine;
    if (log.count === 0) return;
    if (this.batch.isSilent) countAll(log, this.batch);
    else reportAll(log, this.id, this.batch, amended);
    log.reset();
    this.followReference();
  }

  /** Tells the shards where trading is, once it has moved far enough from what they were told. */
  private followReference(): void {
    const { state } = this.engine;
    const { lastPrice, reference } = state;
    if (lastPrice === 0) return;
    const distance = Math.abs(lastPrice - reference);
    if (distance * REFERENCE_STEP_DIVISOR < reference) return;
    state.reference = lastPrice;
    this.broadcastReference();
  }

  private broadcastReference(): void {
    const { shards, reference } = this.engine.state;
    this.batch.sendToAll(shards, { kind: "reference", instrument: this.id, price: reference });
  }
}

/** A shard speaks for the orders that it has issued, and for no others. */
function assertIssuer(orderId: number, source: number): void {
  assert(shardOfOrder(orderId) === source, "an order of another shard");
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
