/** A wire to a server that can be frozen, cut, or lose the server's next answer. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

type Mode = "pass" | "frozen" | "lose-answer";

export class TcpProxy {
  /** The server's address, by way of the wire. */
  readonly url: string;
  private readonly server: Server;
  private readonly pairs = new Set<readonly [client: Socket, server: Socket]>();
  private mode: Mode = "pass";

  private constructor(server: Server, target: URL) {
    const { port } = server.address() as AddressInfo;
    const url = new URL(target);
    url.port = String(port);
    this.url = url.href;
    this.server = server;
    server.on("connection", (client) => this.join(client, target));
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
    client.on("data", (data) => server.write(data));
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

  private answer(client: Socket, data: Buffer): void {
    if (this.mode === "lose-answer") {
      this.mode = "pass";
      client.destroy();
    } else {
      client.write(data);
    }
  }
}
