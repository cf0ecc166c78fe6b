/** Messages to subscribers, as text. */
import { Code, codeName } from "../../actors/kernel/codes.js";
import { Side } from "../../actors/kernel/order.js";
import { PHASE_NAMES } from "../../actors/market/phase.js";
import type { PriceLevel } from "../../actors/marketdata/depth-book.js";
import { formatDecimal } from "../common/decimal.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import type {
  DepthUpdate,
  FeedIndicative,
  FeedPhase,
  FeedTrade,
  MarketView,
} from "./market-view.js";
import type {
  DepthMessage,
  FeedMessage,
  IndicativeMessage,
  LevelText,
  PhaseMessage,
  TradeMessage,
} from "./protocol.js";

const MICROSECONDS_PER_MILLISECOND = 1_000;

function milliseconds(time: number): number {
  return Math.floor(time / MICROSECONDS_PER_MILLISECOND);
}

/** Encoded once for all its receivers. */
export function encodeMessage(message: FeedMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** How a market's numbers become text. */
export class MarketMessages {
  private readonly instrument: Instrument;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  trade(trade: FeedTrade): Buffer {
    const { symbol, priceDecimals, quantityDecimals } = this.instrument;
    const message: TradeMessage = {
      type: "trade",
      symbol,
      price: formatDecimal(trade.price, priceDecimals),
      quantity: formatDecimal(trade.quantity, quantityDecimals),
      side: trade.takerSide === Side.Buy ? "buy" : "sell",
      timestamp: milliseconds(trade.time),
      token: trade.token,
      sequence: trade.sequence,
      tradeId: trade.tradeId,
    };
    return encodeMessage(message);
  }

  phase({ phase, until, code, time, token, sequence }: FeedPhase): Buffer {
    const message: PhaseMessage = {
      type: "phase",
      symbol: this.instrument.symbol,
      phase: PHASE_NAMES[phase],
      until: until === 0 ? null : milliseconds(until),
      ...(code !== Code.OK && { reason: codeName(code) }),
      timestamp: milliseconds(time),
      token,
      sequence,
    };
    return encodeMessage(message);
  }

  indicative({ price, volume, surplus, time, token, sequence }: FeedIndicative): Buffer {
    const { symbol, priceDecimals, quantityDecimals } = this.instrument;
    const message: IndicativeMessage = {
      type: "indicative",
      symbol,
      price: formatDecimal(price, priceDecimals),
      quantity: formatDecimal(volume, quantityDecimals),
      surplus: formatDecimal(surplus, quantityDecimals),
      timestamp: milliseconds(time),
      token,
      sequence,
    };
    return encodeMessage(message);
  }

  diff(update: DepthUpdate): Buffer {
    const message: DepthMessage = {
      type: "depth",
      symbol: this.instrument.symbol,
      bids: this.levels(update.changes.bids),
      asks: this.levels(update.changes.asks),
      timestamp: milliseconds(update.time),
      token: update.token,
      sequence: update.sequence,
      previous: update.previous,
      snapshot: false,
    };
    return encodeMessage(message);
  }

  /** All levels of a view that has a book. */
  snapshot({ book, time, token, sequence }: MarketView): Buffer {
    const message: DepthMessage = {
      type: "depth",
      symbol: this.instrument.symbol,
      bids: this.levels(book!.levels(Side.Buy)),
      asks: this.levels(book!.levels(Side.Sell)),
      timestamp: milliseconds(time),
      token,
      sequence,
      previous: sequence,
      snapshot: true,
    };
    return encodeMessage(message);
  }

  private levels(levels: Iterable<PriceLevel>): LevelText[] {
    const { priceDecimals, quantityDecimals } = this.instrument;
    return Array.from(levels, ([price, quantity]) => [
      formatDecimal(price, priceDecimals),
      formatDecimal(quantity, quantityDecimals),
    ]);
  }
}
