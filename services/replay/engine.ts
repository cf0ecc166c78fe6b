/**
 * Drives the bare market actor with an order-flow file and compares what it says with what the file expects. Fills
 * come from the messages that the actor sends to its ledger shard, the book from its depth events; what the file
 * expects is only ever compared.
 */
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import { decodeMarketEvents } from "../../actors/market/market-events.js";
import {
  encodeMarketCommand,
  type MarketCommand,
  plainOrder,
} from "../../actors/market/messages.js";
import { Market } from "../../actors/market/market.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { FIRST_MARKET_ID, orderIdOf, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { type Side, TimeInForce } from "../../actors/kernel/order.js";
import { decodeLedgerCommand, type MarketAnswer } from "../../actors/ledger/messages.js";
import { type ExpectedFill, type FlowLine, readFlow } from "./file.js";

export interface ReplayResult {
  readonly commands: number;
  readonly fills: number;
  readonly bookChecks: number;
  /** Commands whose fills were others than expected, or that came to nothing although they must succeed. */
  readonly fillMismatches: number;
  readonly bookMismatches: number;
  readonly seconds: number;
}

const SHARD = 1;
const ACCOUNT = 1;
const TOKEN = 1;
const OPERATOR = sourceOfSlot(1);
const MICROSECONDS_PER_SECOND = 1_000_000;

/** Prices and quantities of a file are taken as the units of this instrument, whatever they are. */
const INSTRUMENT: Instrument = {
  id: FIRST_MARKET_ID,
  symbol: "REPLAY",
  baseAsset: 1,
  quoteAsset: 2,
  priceDecimals: 0,
  quantityDecimals: 0,
  tick: 1,
  lot: 1,
  notionalFactor: 1,
  referencePrice: 1,
  makerFee: 0,
  takerFee: 0,
  feeTiers: [],
};

/** A file's prices are what they are, and nobody has said what they are to be compared with. */
const NO_BANDS = { ...DEFAULT_RULES, staticBandBps: 0 };

/** Runs a whole file. Throws `FlowFileError` for what is not of the format. */
export async function replayOnEngine(path: string): Promise<ReplayResult> {
  const engine = new EngineReplay();
  const started = process.hrtime.bigint();
  for await (const line of readFlow(path)) engine.take(line);
  const microseconds = Number((process.hrtime.bigint() - started) / 1_000n);
  return engine.result(microseconds / MICROSECONDS_PER_SECOND);
}

type Command = Exclude<FlowLine, { readonly kind: "book" }>;

class EngineReplay {
  private readonly market = Market.create(FIRST_MARKET_ID);
  private readonly depth = new DepthBook();
  /** The latest order under each id of the file, and the file's id of each order. */
  private readonly orders = new Map<number, { readonly orderId: number; readonly side: Side }>();
  private readonly fileIds = new Map<number, number>();
  private orderCount = 0;
  private commandsGiven = 0;
  private commands = 0;
  private fills = 0;
  private bookChecks = 0;
  private fillMismatches = 0;
  private bookMismatches = 0;

  constructor() {
    this.apply(OPERATOR, { kind: "list", instrument: INSTRUMENT, shards: SHARD });
    this.apply(OPERATOR, { kind: "rules", rules: NO_BANDS });
  }

  take(line: FlowLine): void {
    if (line.kind === "book") {
      this.bookChecks += 1;
      if (!this.depth.isTopped(line.bids, line.asks)) this.bookMismatches += 1;
      return;
    }
    this.commands += 1;
    const answers = this.run(line);
    const fills = this.fillsOf(answers);
    this.fills += fills.length;
    const expected = "fills" in line ? line.fills : [];
    const isRefused = answers.some((answer) => answer.kind === "refused");
    if (isRefused || !areSame(fills, expected)) this.fillMismatches += 1;
  }

  result(seconds: number): ReplayResult {
    this.market.checkInvariants();
    const { commands, fills, bookChecks, fillMismatches, bookMismatches } = this;
    return { commands, fills, bookChecks, fillMismatches, bookMismatches, seconds };
  }

  private run(line: Command): MarketAnswer[] {
    if (line.kind === "new") {
      return this.enter(line.id, line.side, line.timeInForce, line.price, line.quantity);
    }
    const order = this.orders.get(line.id);
    // An id that was never entered is sent as an order that there is not, and refused like one.
    const orderId = order?.orderId ?? orderIdOf(0, SHARD);
    if (line.kind === "cancel") return this.apply(SHARD, { kind: "cancel", orderId });
    if (line.kind === "reduce") {
      return this.apply(SHARD, { kind: "reduce", orderId, leaves: line.quantity });
    }
    const cancelled = this.apply(SHARD, { kind: "cancel", orderId });
    if (!order || cancelled.some(({ kind }) => kind === "refused")) return cancelled;
    const gtc = TimeInForce.GoodTillCancel;
    return [...cancelled, ...this.enter(line.id, order.side, gtc, line.price, line.quantity)];
  }

  private enter(
    fileId: number,
    side: Side,
    timeInForce: TimeInForce,
    price: number,
    quantity: number,
  ): MarketAnswer[] {
    this.orderCount += 1;
    const orderId = orderIdOf(this.orderCount, SHARD);
    this.orders.set(fileId, { orderId, side });
    this.fileIds.set(orderId, fileId);
    const terms = { orderId, account: ACCOUNT, side, timeInForce, price, quantity };
    return this.apply(SHARD, plainOrder(terms));
  }

  /** Gives the actor one command and returns what it says to the ledger shard; follows its depth. */
  private apply(source: number, command: MarketCommand): MarketAnswer[] {
    this.commandsGiven += 1;
    const payload = encodeMarketCommand(command);
    this.market.advance(this.commandsGiven);
    this.market.apply({ source, token: TOKEN, number: this.commandsGiven, payload });
    const { sends, events } = this.market.takeEffects();
    for (const event of events ? decodeMarketEvents(events) : []) {
      if (event.kind === "depth") this.depth.set(event.side, event.price, event.quantity);
    }
    const messages = sends.get(SHARD) ?? [];
    return messages.map((message) => decodeLedgerCommand(message) as MarketAnswer);
  }

  private fillsOf(answers: readonly MarketAnswer[]): ExpectedFill[] {
    const fills: ExpectedFill[] = [];
    for (const answer of answers) {
      if (answer.kind !== "trade") continue;
      const { makerOrder, price, quantity } = answer;
      fills.push({ makerId: this.fileIds.get(makerOrder)!, price, quantity });
    }
    return fills;
  }
}

function areSame(fills: readonly ExpectedFill[], expected: readonly ExpectedFill[]): boolean {
  return (
    fills.length === expected.length &&
    fills.every((fill, at) => {
      const { makerId, price, quantity } = expected[at]!;
      return fill.makerId === makerId && fill.price === price && fill.quantity === quantity;
    })
  );
}
