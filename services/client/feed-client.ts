/**
 * A client of the market data feed. It keeps each subscribed book from messages alone, checks that every diff continues
 * the message before it, asks for a new snapshot when one does not, and connects again by itself.
 */
import { EventEmitter } from "node:events";
import { WebSocket } from "ws";
import { Side } from "../../actors/kernel/order.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import { formatDecimal } from "../common/decimal.js";
import {
  channelName,
  type DepthMessage,
  type DepthMode,
  type ErrorCode,
  type FeedMessage,
  type LevelText,
  parseChannel,
  type TradeMessage,
} from "../feed/protocol.js";

const REQUEST_LIMIT_MS = 10_000;
const RECONNECT_AFTER_MS = 200;
/** A feed that does not answer the closing handshake is left after so long. */
const CLOSING_LIMIT_MS = 1_000;
/** The feed pings every 15 s; silence of so long means that the connection is dead. */
const SILENCE_LIMIT_MS = 40_000;

/** The feed refused a request, with its stable code, or did not answer (`UNAVAILABLE`). */
export class FeedError extends Error {
  override readonly name = "FeedError";
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export interface SubscribeOptions {
  /** Depth diffs per committed batch (default) or per command. */
  readonly depth?: DepthMode;
}

interface Waiting {
  readonly done: () => void;
  readonly fail: (error: FeedError) => void;
}

/** A market's book as the messages so far give it. */
export class FeedBook {
  readonly symbol: string;
  /** Of the last message. */
  token = 0;
  sequence = 0;
  timestamp = 0;
  /** False until the first snapshot, and between a gap and the next one. */
  isCurrent = false;
  private book = new DepthBook();
  private priceDecimals = 0;
  private quantityDecimals = 0;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /** Best first, as decimal text. */
  get bids(): LevelText[] {
    return this.levels(Side.Buy);
  }

  get asks(): LevelText[] {
    return this.levels(Side.Sell);
  }

  /** Takes a message; false when it does not continue the one before. */
  take(message: DepthMessage): boolean {
    if (message.snapshot) this.book = new DepthBook();
    else if (!this.isCurrent || message.previous !== this.sequence) return false;
    for (const [price, quantity] of message.bids) this.set(Side.Buy, price, quantity);
    for (const [price, quantity] of message.asks) this.set(Side.Sell, price, quantity);
    this.token = message.token;
    this.sequence = message.sequence;
    this.timestamp = message.timestamp;
    this.isCurrent = true;
    return true;
  }

  private set(side: Side, price: string, quantity: string): void {
    this.priceDecimals = decimalsOf(price);
    this.quantityDecimals = decimalsOf(quantity);
    this.book.set(side, unitsOf(price), unitsOf(quantity));
  }

  private levels(side: Side): LevelText[] {
    return this.book
      .levels(side)
      .map(([price, quantity]) => [
        formatDecimal(price, this.priceDecimals),
        formatDecimal(quantity, this.quantityDecimals),
      ]);
  }
}

export class FeedClient {
  /** Times that a diff did not continue the message before it, and times that the connection was made again. */
  gaps = 0;
  reconnects = 0;
  private readonly url: string;
  private readonly emitter = new EventEmitter();
  private readonly books = new Map<string, FeedBook>();
  /** What is subscribed, by channel name, and how. */
  private readonly wanted = new Map<string, DepthMode>();
  private readonly waiting = new Map<number, Waiting>();
  private socket: WebSocket | undefined;
  private lastId = 0;
  private closed = false;
  private retry: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;

  private constructor(url: string) {
    this.url = url;
    this.emitter.setMaxListeners(0);
  }

  /** Connects to `ws://HOST:PORT`; rejects when that fails. Later losses are repaired by itself. */
  static async connect(url: string): Promise<FeedClient> {
    const client = new FeedClient(url);
    await client.open();
    return client;
  }

  /** Resolves when the feed has said yes; rejects with `FeedError`. The books follow by `onDepth`. */
  async subscribe(channels: readonly string[], options: SubscribeOptions = {}): Promise<void> {
    const mode = options.depth ?? "batch";
    await this.request("subscribe", channels, mode);
    for (const channel of channels) this.wanted.set(channel, mode);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    for (const channel of channels) {
      this.wanted.delete(channel);
      const parsed = parseChannel(channel);
      if (parsed?.kind === "depth") this.books.delete(parsed.symbol);
    }
    await this.request("unsubscribe", channels, "batch");
  }

  onTrade(handler: (trade: TradeMessage) => void): () => void {
    return this.on("trade", handler);
  }

  /** Called after each depth message with the book that it led to. */
  onDepth(handler: (message: DepthMessage, book: FeedBook) => void): () => void {
    return this.on("depth", handler);
  }

  /** Called when the connection was lost, or the feed says that it shuts down. */
  onDisconnect(handler: (reason: string) => void): () => void {
    return this.on("disconnect", handler);
  }

  /** Undefined until the first snapshot of a subscribed depth channel. */
  book(symbol: string): FeedBook | undefined {
    return this.books.get(symbol);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    const { socket } = this;
    socket?.close();
    setTimeout(() => socket?.terminate(), CLOSING_LIMIT_MS).unref();
    this.failWaiting("the client was closed");
  }

  private on<Args extends unknown[]>(event: string, handler: (...args: Args) => void): () => void {
    this.emitter.on(event, handler as (...args: unknown[]) => void);
    return () => this.emitter.off(event, handler as (...args: unknown[]) => void);
  }

  private open(): Promise<void> {
    return new Promise((done, fail) => {
      const socket = new WebSocket(this.url, { perMessageDeflate: false });
      this.socket = socket;
      let opened = false;
      socket.on("open", () => {
        opened = true;
        this.heard(socket);
        done();
      });
      socket.on("ping", () => this.heard(socket));
      socket.on("message", (data: Buffer) => {
        this.heard(socket);
        this.receive(JSON.parse(data.toString("utf8")) as FeedMessage);
      });
      socket.on("error", fail); // The `close` that follows deals with an open connection.
      socket.on("close", (code, reason) => {
        clearTimeout(this.silence);
        if (opened && !this.closed) this.lost(`closed with ${code} ${reason.toString("utf8")}`);
      });
    });
  }

  private heard(socket: WebSocket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => socket.terminate(), SILENCE_LIMIT_MS);
  }

  private lost(reason: string): void {
    this.failWaiting(reason);
    for (const book of this.books.values()) book.isCurrent = false;
    this.emitter.emit("disconnect", reason);
    this.reconnectSoon();
  }

  private reconnectSoon(): void {
    this.retry = setTimeout(() => {
      this.reconnect().catch(() => {
        if (!this.closed) this.reconnectSoon();
      });
    }, RECONNECT_AFTER_MS);
  }

  private async reconnect(): Promise<void> {
    await this.open();
    this.reconnects += 1;
    for (const mode of ["batch", "command"] as const) {
      const channels = [...this.wanted].filter(([, wanted]) => wanted === mode);
      const names = channels.map(([name]) => name);
      // A refusal comes with a close, or the symbol is gone; either way there is nothing to repair here.
      if (names.length > 0) this.request("subscribe", names, mode).catch(() => {});
    }
  }

  private request(
    action: "subscribe" | "unsubscribe",
    channels: readonly string[],
    depth: DepthMode,
  ): Promise<void> {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new FeedError("UNAVAILABLE", "the feed is not connected"));
    }
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new FeedError("UNAVAILABLE", `no answer within ${REQUEST_LIMIT_MS} ms`));
      }, REQUEST_LIMIT_MS);
      const settled = () => {
        clearTimeout(timer);
        this.waiting.delete(id);
      };
      this.waiting.set(id, {
        done: () => {
          settled();
          resolve();
        },
        fail: (error) => {
          settled();
          reject(error);
        },
      });
      const option = action === "subscribe" ? { depth } : {};
      socket.send(JSON.stringify({ action, channels, id, ...option }));
    });
  }

  private failWaiting(reason: string): void {
    for (const waiting of this.waiting.values()) waiting.fail(new FeedError("UNAVAILABLE", reason));
  }

  private receive(message: FeedMessage): void {
    switch (message.type) {
      case "trade":
        this.emitter.emit("trade", message);
        break;
      case "depth":
        this.receiveDepth(message);
        break;
      case "subscribed":
      case "unsubscribed":
        this.waiting.get(Number(message.id))?.done();
        break;
      case "error":
        this.waiting.get(Number(message.id))?.fail(new FeedError(message.code, message.message));
        break;
      case "shutdown":
        this.emitter.emit("disconnect", "the feed shuts down");
        break;
    }
  }

  private receiveDepth(message: DepthMessage): void {
    const { symbol } = message;
    let book = this.books.get(symbol);
    if (!book && message.snapshot) {
      book = new FeedBook(symbol);
      this.books.set(symbol, book);
    }
    if (!book) return;
    if (book.take(message)) {
      this.emitter.emit("depth", message, book);
      return;
    }
    if (!book.isCurrent) return; // The snapshot is on its way.
    this.gaps += 1;
    book.isCurrent = false;
    const channel = channelName({ kind: "depth", symbol });
    const mode = this.wanted.get(channel) ?? "batch";
    // Where this fails, the connection is gone, and the next one subscribes anew.
    this.request("subscribe", [channel], mode).catch(() => {});
  }
}

function decimalsOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

function unitsOf(text: string): number {
  return Number(text.replace(".", ""));
}
