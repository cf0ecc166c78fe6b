/**
 * What is said on the market data WebSocket, version 1: text messages, one JSON object each.
 *
 * A client says:
 *   {"action":"subscribe","channels":["trade.2330.TW","depth.2330.TW"],"depth":"batch","id":7}
 *   {"action":"unsubscribe","channels":["trade.2330.TW"]}
 * `depth` is optional: "batch" (the default) gives one diff for each committed batch of the market, "command" one for
 * each command that changed the book. `id` is optional, a number or a short string, and comes back in the answer.
 * Subscribing again to a depth channel gives a new snapshot.
 *
 * The feed answers each with one of:
 *   {"type":"subscribed","channels":[…],"id":7}   {"type":"unsubscribed","channels":[…]}
 *   {"type":"error","code":"UNKNOWN_SYMBOL","message":"…","id":7}      nothing was done; see `ErrorCode`
 * and then sends:
 *   {"type":"trade","symbol":"2330.TW","price":"580.00","quantity":"1000","side":"buy","timestamp":1766000000000,
 *    "token":3,"sequence":120,"tradeId":45}
 *   {"type":"depth","symbol":"2330.TW","bids":[["580.00","2000"]],"asks":[],"timestamp":1766000000000,
 *    "token":3,"sequence":120,"previous":117,"snapshot":false}
 *   {"type":"phase","symbol":"2330.TW","phase":"continuous","until":null,"reason":"PHASE_BY_SCHEDULE",
 *    "timestamp":1766000000000,"token":3,"sequence":121}
 *   {"type":"indicative","symbol":"2330.TW","price":"580.00","quantity":"3000","surplus":"-1000",
 *    "timestamp":1766000000000,"token":3,"sequence":119}
 *   {"type":"shutdown"}        and closes with code 1012: connect again, later or to another feed.
 *
 * - Prices and quantities are decimal text with exactly the instrument's decimals. `timestamp` is the batch's time in
 *   milliseconds since 1970. `side` is the taker's. `token` is the market's fencing token; it never falls.
 * - `sequence` is the market's: each command that a market applies has one number, so trades and changes of one command
 *   share it. Trade ids count 1, 2, 3, … for each market; none is left out and none comes twice on a connection.
 * - The first depth message is a snapshot: all levels, best first. Then come diffs, each with the levels that changed;
 *   quantity "0" (with the instrument's decimals) says that the level is gone. A diff continues the depth message whose
 *   `sequence` is its `previous`: if that is not the last one received, something is missing; subscribe again.
 * - Whoever is subscribed to either channel of a symbol is told its phase at first and at each change: `until` is when it
 *   ends by itself (milliseconds since 1970, or null), `reason` why it changed, where that is known. In an auction
 *   `indicative` says at what price how much would trade now, and what would be left of buyers (or, negative, of sellers);
 *   a quantity of 0: nothing would trade. Until it ends a book may be crossed.
 * - A client that reads too slowly gets diffs that are merged (correct, only fewer). One that still does not keep up is
 *   closed with code 1013 and the reason SLOW_CONSUMER.
 */

export type DepthMode = "batch" | "command";
export type ChannelKind = "trade" | "depth";

export interface Channel {
  readonly kind: ChannelKind;
  readonly symbol: string;
}

/** [price, quantity] as decimal text. */
export type LevelText = readonly [price: string, quantity: string];

export interface TradeMessage {
  readonly type: "trade";
  readonly symbol: string;
  readonly price: string;
  readonly quantity: string;
  readonly side: "buy" | "sell";
  readonly timestamp: number;
  readonly token: number;
  readonly sequence: number;
  readonly tradeId: number;
}

export interface DepthMessage {
  readonly type: "depth";
  readonly symbol: string;
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
  readonly timestamp: number;
  readonly token: number;
  readonly sequence: number;
  readonly previous: number;
  readonly snapshot: boolean;
}

export interface PhaseMessage {
  readonly type: "phase";
  readonly symbol: string;
  /** `pre-open`, `opening-auction`, `continuous`, …: the names of `actors/market/phase.ts`. */
  readonly phase: string;
  readonly until: number | null;
  readonly reason?: string;
  readonly timestamp: number;
  readonly token: number;
  readonly sequence: number;
}

export interface IndicativeMessage {
  readonly type: "indicative";
  readonly symbol: string;
  readonly price: string;
  readonly quantity: string;
  readonly surplus: string;
  readonly timestamp: number;
  readonly token: number;
  readonly sequence: number;
}

export type RequestId = number | string;

export type FeedMessage =
  | TradeMessage
  | DepthMessage
  | PhaseMessage
  | IndicativeMessage
  | {
      readonly type: "subscribed" | "unsubscribed";
      readonly channels: readonly string[];
      readonly id?: RequestId;
    }
  | {
      readonly type: "error";
      readonly code: ErrorCode;
      readonly message: string;
      readonly id?: RequestId;
    }
  | { readonly type: "shutdown" };

/** Stable: clients may rest on them. */
export type ErrorCode =
  | "MESSAGE_TOO_LARGE"
  | "TOO_MANY_MESSAGES"
  | "NOT_TEXT"
  | "NOT_JSON"
  | "NOT_AN_OBJECT"
  | "UNKNOWN_FIELD"
  | "INVALID_ID"
  | "UNKNOWN_ACTION"
  | "INVALID_CHANNELS"
  | "INVALID_DEPTH"
  | "UNKNOWN_CHANNEL"
  | "UNKNOWN_SYMBOL"
  | "TOO_MANY_CHANNELS"
  | "UNAVAILABLE";

/** WebSocket close codes that the feed uses. */
export const CloseCode = { ServiceRestart: 1012, TryAgainLater: 1013 } as const;

export function channelName({ kind, symbol }: Channel): string {
  return `${kind}.${symbol}`;
}

/** Undefined where the text names no channel that there could be. */
export function parseChannel(text: string): Channel | undefined {
  const match = /^(trade|depth)\.(.+)$/.exec(text);
  return match ? { kind: match[1] as ChannelKind, symbol: match[2]! } : undefined;
}
