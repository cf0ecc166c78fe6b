/** A wire to a server that can be frozen, cut, led to another server, or lose the server's next answer. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

type Mode = "pass" | "frozen" | "lose-answer";

export class TcpProxy {
  /** The server's address, by way of the wire. */
  readonly url: string;
  private readonly server: Server;
  private readonly pairs = new Set<readonly [client: Socket, server: Socket]>();
  private mode: Mode = "pass";
  private target: URL;
  /** Connections on which the next answer is lost. */
  private readonly doomed = new Set<Socket>();
  private lostRequest: string | null = null;
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

  /** Nothing passes any more, and nobody is told. */
  freeze(): void {
    this.mode = "frozen";
    for (const socket of [...this.pairs].flat()) socket.pause();
  }

  /** What was held up goes on. */
  thaw(): void {
    this.mode = "pass";
    for (const socket of [...this.pairs].flat()) socket.resume();
  }

  /** The server hears everything; when it answers, the answer is lost and the connection with it. Once. */
  loseAnswer(): void {
    this.mode = "lose-answer";
  }

  /**
   * The same for the answer to the next request that has this text in it, whichever connection it comes on. Resolves when
   * the answer has been lost.
   */
  loseAnswerTo(text: string): Promise<void> {
    this.lostRequest = text;
    return new Promise((resolve) => {
      this.whenLost = resolve;
    });
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
    for (const socket of [...this.pairs].flat()) socket.destroy();
  }

  private join(client: Socket, target: URL): void {
    const server = connect(Number(target.port), target.hostname);
    const pair = [client, server] as const;
    this.pairs.add(pair);
    if (this.mode === "frozen") for (const socket of pair) socket.pause();
    client.on("data", (data) => this.ask(client, server, data));
    server.on("data", (data) => this.answer(client, data));
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        for (const each of pair) each.destroy();
        this.pairs.delete(pair);
      });
    }
  }

  private ask(client: Socket, server: Socket, data: Buffer): void {
    if (this.lostRequest !== null && data.includes(this.lostRequest)) {
      this.lostRequest = null;
      this.doomed.add(client);
    }
    server.write(data);
  }

  private answer(client: Socket, data: Buffer): void {
    if (this.doomed.delete(client)) {
      client.destroy();
      this.whenLost();
    } else if (this.mode === "lose-answer") {
      this.mode = "pass";
      client.destroy();
    } else {
      client.write(data);
    }
  }
}
