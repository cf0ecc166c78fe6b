/** A wire to a server that can be frozen, cut, slowed, led to another server, or lose the server's next answer. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Lane } from "./lane.js";

/** What passes no more: what the client says, what the server says, or both. */
export type Way = "requests" | "answers" | "both";

interface Marked {
  readonly text: string;
  /** The request itself is cut in half, or its answer is lost. */
  readonly spoils: "request" | "answer";
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly requests: Lane;
  readonly answers: Lane;
  /** Has the server ended the connection, and nobody told the client? */
  isHalfOpen: boolean;
}

export class TcpProxy {
  /** The server's address, by way of the wire. */
  readonly url: string;
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private target: URL;
  private frozen: Way | null = null;
  private delayMs = 0;
  private losesAnswer = false;
  /** Connections on which the next answer is lost. */
  private readonly doomed = new Set<Socket>();
  /** A text, and what is to happen to the next request that has it in it. */
  private marked: Marked | null = null;
  private whenLost: () => void = () => undefined;

  private constructor(server: Server, target: URL) {
    const { port } = server.address() as AddressInfo;
    const url = new URL(target);
    url.port = String(port);
    this.url = url.href;
    this.server = server;
    this.target = target;
    server.on("connection", (client) => this.join(client, this.target));
  }

  static async start(targetUrl: string): Promise<TcpProxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpProxy(server, new URL(targetUrl));
  }

  /** Nothing passes that way any more, also not on new connections, and nobody is told. */
  freeze(way: Way = "both"): void {
    this.frozen = way;
    for (const pair of this.pairs) this.hold(pair);
  }

  /** What was held up goes on. */
  thaw(): void {
    this.frozen = null;
    for (const pair of this.pairs) this.hold(pair);
  }

  /** Everything comes so much later, in its order, from now on; 0: at once. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
    for (const { requests, answers } of this.pairs) {
      requests.slow(delayMs);
      answers.slow(delayMs);
    }
  }

  /** The server's ends of all connections are gone, and no client is told; new connections pass. */
  halfOpen(): void {
    for (const pair of this.pairs) {
      pair.isHalfOpen = true;
      pair.server.destroy();
    }
  }

  /** The server hears everything; when it answers, the answer is lost and the connection with it. Once. */
  loseAnswer(): void {
    this.losesAnswer = true;
  }

  /**
   * The same for the answer to the next request that has this text in it, whichever connection it comes on. Resolves when
   * the answer has been lost, or is to be spared.
   */
  loseAnswerTo(text: string): Promise<void> {
    return this.mark({ text, spoils: "answer" });
  }

  /** Only the first half of the next request that has this text in it reaches the server, then the connection is cut. */
  cutRequest(text: string): Promise<void> {
    return this.mark({ text, spoils: "request" });
  }

  /** No request and no answer is spoiled any more that was to be. */
  spare(): void {
    this.marked = null;
    this.losesAnswer = false;
    this.doomed.clear();
    this.whenLost();
  }

  /** Everybody is cut off; who connects again reaches this server. */
  switchTo(targetUrl: string): void {
    this.target = new URL(targetUrl);
    this.cut();
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }

  /** Ends every connection; new ones pass. */
  cut(): void {
    for (const pair of this.pairs) this.end(pair);
  }

  private join(client: Socket, target: URL): void {
    const server = connect(Number(target.port), target.hostname);
    const requests = new Lane(client, (data) => this.ask(pair, data), this.delayMs);
    const answers = new Lane(server, (data) => this.answer(pair, data), this.delayMs);
    const pair: Pair = { client, server, requests, answers, isHalfOpen: false };
    this.pairs.add(pair);
    this.hold(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
    }
    client.on("close", () => this.end(pair));
    server.on("close", () => {
      if (!pair.isHalfOpen) this.end(pair);
    });
  }

  private end(pair: Pair): void {
    pair.client.destroy();
    pair.server.destroy();
    this.doomed.delete(pair.client);
    this.pairs.delete(pair);
  }

  private hold({ requests, answers }: Pair): void {
    requests.hold(this.frozen === "both" || this.frozen === "requests");
    answers.hold(this.frozen === "both" || this.frozen === "answers");
  }

  private mark(marked: Marked): Promise<void> {
    this.marked = marked;
    return new Promise((resolve) => {
      this.whenLost = resolve;
    });
  }

  private ask(pair: Pair, data: Buffer): void {
    const { client, server } = pair;
    const spoils = this.marked && data.includes(this.marked.text) ? this.marked.spoils : null;
    if (spoils !== null) this.marked = null;
    if (spoils === "answer") this.doomed.add(client);
    if (spoils === "request") {
      server.end(data.subarray(0, data.length >> 1));
      client.destroy();
      this.whenLost();
    } else if (!server.destroyed) server.write(data);
  }

  private answer(pair: Pair, data: Buffer): void {
    if (this.doomed.delete(pair.client)) {
      this.end(pair);
      this.whenLost();
    } else if (this.losesAnswer) {
      this.losesAnswer = false;
      this.end(pair);
    } else if (!pair.client.destroyed) {
      pair.client.write(data);
    }
  }
}
