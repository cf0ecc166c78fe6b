/** Clients of a feed as tests need them: one that keeps all it is sent, and a plain socket for bad manners. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { FeedClient } from "../../services/client/feed-client.js";
import type { FeedMessage, TradeMessage, DepthMessage } from "../../services/feed/protocol.js";

const UNTIL_MS_MAX = 20_000;
const ANSWERS: readonly FeedMessage["type"][] = ["subscribed", "unsubscribed", "error"];

/** Resolves when it is so; fails, naming what was waited for, when it does not become so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + UNTIL_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`it never was so: ${what}`);
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

/** A client with everything it was told. */
export class Listener {
  readonly client: FeedClient;
  readonly trades: TradeMessage[] = [];
  readonly depth: DepthMessage[] = [];

  private constructor(client: FeedClient) {
    this.client = client;
    client.onTrade((trade) => this.trades.push(trade));
    client.onDepth((message) => this.depth.push(message));
  }

  static async subscribe(
    url: string,
    symbol: string,
    depth: "batch" | "command" = "batch",
  ): Promise<Listener> {
    const listener = new Listener(await FeedClient.connect(url));
    await listener.client.subscribe([`trade.${symbol}`, `depth.${symbol}`], { depth });
    await until("a snapshot", () => listener.client.book(symbol) !== undefined);
    return listener;
  }

  get tradeIds(): number[] {
    return this.trades.map(({ tradeId }) => tradeId);
  }

  levels(symbol: string): unknown {
    const book = this.client.book(symbol);
    return book && { bids: book.bids, asks: book.asks };
  }
}

/** A plain connection: sends any bytes, keeps the messages, knows how it was closed. */
export class RawClient {
  readonly socket: WebSocket;
  readonly messages: FeedMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString("utf8")) as FeedMessage);
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString("utf8") };
    });
    socket.on("error", () => {}); // The close says it.
  }

  static async connect(url: string, options: { autoPong?: boolean } = {}): Promise<RawClient> {
    const raw = new RawClient(new WebSocket(url, { perMessageDeflate: false, ...options }));
    await once(raw.socket, "open");
    return raw;
  }

  send(value: unknown): void {
    this.socket.send(typeof value === "string" ? value : JSON.stringify(value));
  }

  /** Sends and gives the next answer after that, whatever markets say meanwhile. */
  async ask(value: unknown): Promise<FeedMessage> {
    const before = this.messages.length;
    this.send(value);
    const answer = () => this.messages.slice(before).find(({ type }) => ANSWERS.includes(type));
    await until("an answer", () => answer() !== undefined);
    return answer()!;
  }
}
