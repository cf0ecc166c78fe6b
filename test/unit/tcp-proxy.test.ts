import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";

const SLOW_MS = 60;
const LONG_MS = 100;

/** Answers each message with `re:` and the message. */
class Echo {
  readonly heard: string[] = [];
  readonly server: Server;
  readonly sockets = new Set<Socket>();

  private constructor() {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("data", (data) => {
        this.heard.push(data.toString());
        socket.write(`re:${data.toString()}`);
      });
    });
  }

  static async start(): Promise<Echo> {
    const echo = new Echo();
    echo.server.listen(0, "127.0.0.1");
    await once(echo.server, "listening");
    return echo;
  }

  get url(): string {
    return `tcp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

describe("a wire", () => {
  let echo: Echo;
  let wire: TcpProxy;
  let client: Socket;
  let told = "";

  beforeEach(async () => {
    echo = await Echo.start();
    wire = await TcpProxy.start(echo.url);
    client = await dial();
    told = "";
    client.on("data", (data) => (told += data.toString()));
    client.write("one");
    await until(() => told === "re:one");
  });

  afterEach(async () => {
    client.destroy();
    await wire.stop();
    echo.stop();
  });

  async function dial(): Promise<Socket> {
    const socket = connect(Number(new URL(wire.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await sleep(1);
  }

  it("that is frozen passes nothing and tells nobody, and then passes all of it", async () => {
    wire.freeze();
    client.write("two");
    await sleep(LONG_MS);
    expect(echo.heard).toEqual(["one"]);
    expect(client.closed).toBe(false);
    wire.thaw();
    await until(() => told === "re:onere:two");
  });

  it("may be frozen one way", async () => {
    wire.freeze("answers");
    client.write("two");
    await until(() => echo.heard.length === 2);
    await sleep(LONG_MS);
    expect(told).toBe("re:one");
    wire.freeze("requests");
    client.write("three");
    await until(() => told === "re:onere:two");
    await sleep(LONG_MS);
    expect(echo.heard).toEqual(["one", "two"]);
    wire.thaw();
    await until(() => told === "re:onere:twore:three");
  });

  it("that is slow keeps the order, also when it becomes fast again", async () => {
    const sentMs = performance.now();
    wire.slow(SLOW_MS);
    client.write("two");
    await sleep(SLOW_MS / 2);
    wire.slow(0);
    client.write("three");
    await until(() => echo.heard.join("") === "onetwothree");
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(SLOW_MS - 1);
  });

  it("that is half open swallows what the client says, and takes new connections", async () => {
    wire.halfOpen();
    client.write("two");
    await sleep(LONG_MS);
    expect(client.closed).toBe(false);
    expect(echo.heard).toEqual(["one"]);
    const other = await dial();
    other.write("three");
    await until(() => echo.heard.includes("three"));
    other.destroy();
  });

  it("that is half open and frozen never brings the old connection back, and new ones when it thaws", async () => {
    wire.halfOpen();
    wire.freeze();
    client.write("two");
    const other = await dial();
    let toldOther = "";
    other.on("data", (data) => (toldOther += data.toString()));
    other.write("three");
    await sleep(LONG_MS);
    expect([client.closed, other.closed, echo.heard]).toEqual([false, false, ["one"]]);
    wire.thaw();
    await until(() => toldOther === "re:three");
    client.write("four");
    await sleep(LONG_MS);
    expect([client.closed, told, echo.heard]).toEqual([false, "re:one", ["one", "three"]]);
    other.destroy();
  });

  it("cuts a request in half", async () => {
    const cut = wire.cutRequest("commit");
    client.write("two");
    await until(() => told === "re:onere:two");
    client.write("commit all");
    await cut;
    await until(() => client.closed && echo.heard.length === 3);
    expect(echo.heard).toEqual(["one", "two", "commi"]);
  });

  it("loses an answer, with the connection, and no request", async () => {
    const lost = wire.loseAnswerTo("commit");
    client.write("commit all");
    await lost;
    await until(() => client.closed);
    expect(echo.heard).toEqual(["one", "commit all"]);
    expect(told).toBe("re:one");
  });

  it("spares what was to be cut, when it is told so", async () => {
    const cut = wire.cutRequest("commit");
    wire.spare();
    await cut;
    client.write("commit all");
    await until(() => told === "re:onere:commit all");
    expect(client.closed).toBe(false);
  });
});
