import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FRAME_BYTES_MAX, frameOf, FrameReader } from "../../services/adapters/peers/frames.js";
import { QUEUES } from "../../services/common/queues.js";
import { TcpPeers, type TcpPeersOptions } from "../../services/adapters/peers/tcp-peers.js";
import type { PeersBench } from "./peers-bench.js";
import { describePeers, sayUntilHeard, watching } from "./peers-contract.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";

const PATIENCE = { timeout: 10_000, interval: 5 };
const QUIET_MS = 1_200;

/** A process that says each line of its standard input to whoever is connected. */
const SPEAKER = `
  const sockets = new Set();
  const server = require("node:net").createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const frame = Buffer.alloc(4 + line.length, line);
    frame.writeUInt32BE(line.length);
    frame.write(line, 4);
    for (const socket of sockets) socket.write(frame);
  });
`;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function openBench(): Promise<PeersBench> {
  const closing: (() => Promise<void>)[] = [];
  return {
    open: async () => {
      const peers = new TcpPeers();
      closing.push(() => peers.close());
      // What the system does for a process that ends; a real one is killed below.
      return { peers, end: () => peers.close() };
    },
    wire: async (address) => {
      const proxy = await TcpProxy.start(`tcp://${address}`);
      closing.push(() => proxy.stop());
      return {
        address: new URL(proxy.url).host,
        freeze: () => proxy.freeze(),
        thaw: () => proxy.thaw(),
        cut: () => proxy.cut(),
      };
    },
    close: async () => {
      for (const close of closing) await close();
    },
  };
}

describePeers("TCP", openBench);

function openPeers(options?: TcpPeersOptions): TcpPeers {
  const peers = new TcpPeers(options);
  closers.push(() => peers.close());
  return peers;
}

async function startSpeaker(): Promise<{
  readonly child: ChildProcess;
  readonly address: string;
  readonly say: (text: string) => void;
}> {
  const child = spawn(process.execPath, ["-e", SPEAKER], { stdio: ["pipe", "pipe", "inherit"] });
  closers.push(() => child.kill("SIGKILL"));
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return {
    child,
    address: `127.0.0.1:${port.toString().trim()}`,
    say: (text) => child.stdin.write(`${text}\n`),
  };
}

/** A server of the test's own, whatever it does with who connects. */
async function serve(
  onSocket: (socket: Socket) => void,
): Promise<{ server: Server; address: string }> {
  const server = createServer((socket) => {
    closers.push(() => socket.destroy());
    socket.on("error", () => undefined);
    onSocket(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("TCP peers", () => {
  it("notice that a process was killed", async () => {
    const speaker = await startSpeaker();
    const watch = watching(openPeers(), speaker.address);
    await sayUntilHeard(speaker.say, "alive", [watch]);
    speaker.child.kill("SIGKILL");
    await vi.waitFor(() => expect(watch.gone()).toBe(1), PATIENCE);
    await sleep(QUIET_MS);
    expect(watch.gone()).toBe(1);
  });

  it("take a frozen process for no dead one, also when they begin to watch only then", async () => {
    const speaker = await startSpeaker();
    const peers = openPeers();
    const watch = watching(peers, speaker.address);
    await sayUntilHeard(speaker.say, "alive", [watch]);
    speaker.child.kill("SIGSTOP");
    const late = watching(peers, speaker.address);
    speaker.say("held up");
    await sleep(QUIET_MS);
    expect(watch.heard).not.toContain("held up");
    expect([watch.gone(), late.gone()]).toEqual([0, 0]);
    speaker.child.kill("SIGCONT");
    await sayUntilHeard(speaker.say, "awake", [watch, late]);
    expect(watch.heard).toContain("held up");
    speaker.child.kill("SIGSTOP");
    speaker.child.kill("SIGKILL");
    await vi.waitFor(() => expect([watch.gone(), late.gone()]).toEqual([1, 1]), PATIENCE);
  });

  it("dial again when one that is no peer talks, or closes at once, and not without a pause", async () => {
    let dials = 0;
    const { server, address } = await serve((socket) => {
      dials += 1;
      if (dials % 2 === 0) socket.end();
      else socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    const watch = watching(openPeers(), address);
    await vi.waitFor(() => expect(dials).toBeGreaterThan(5), PATIENCE);
    await sleep(QUIET_MS);
    expect(dials).toBeLessThan(200);
    expect(watch.heard).toEqual([]);
    expect(watch.gone()).toBe(0);
    server.close();
    await vi.waitFor(() => expect(watch.gone()).toBe(1), PATIENCE);
  });

  it("drop a watcher that does not read, and nobody else", async () => {
    const one = openPeers();
    const address = await one.listen();
    const watch = watching(openPeers(), address);
    const deaf = connect(Number(address.split(":")[1]), "127.0.0.1");
    closers.push(() => deaf.destroy());
    await once(deaf, "connect");
    deaf.pause();
    let isDropped = false;
    const dropped = (): void => {
      isDropped = true;
    };
    deaf.on("error", dropped).on("close", dropped);
    await sayUntilHeard((text) => one.say(Buffer.from(text)), "begin", [watch]);
    const big = Buffer.alloc(FRAME_BYTES_MAX, "x");
    let said = 0;
    let unread = 0;
    await vi.waitFor(() => {
      one.say(big);
      said += 1;
      unread = Math.max(unread, ...one.unreadBytes());
      // It finds out when it reads again.
      expect(watch.heard.filter((text) => text.length === big.length).length).toBe(said - 1);
      expect(said).toBeGreaterThan(400);
    }, PATIENCE);
    expect(unread).toBeGreaterThan(QUEUES["node-peers"].limit / 2);
    expect(unread).toBeLessThanOrEqual(QUEUES["node-peers"].limit);
    deaf.resume();
    await vi.waitFor(() => expect(isDropped).toBe(true), PATIENCE);
    expect(watch.gone()).toBe(0);
    expect(one.unreadBytes()).toHaveLength(1);
  });

  it("listen where they are told to, and say by which name they are found", async () => {
    const host = "localhost";
    const one = openPeers({ listen: "0.0.0.0", port: 0, host });
    const address = await one.listen();
    expect(address).toMatch(/^localhost:[1-9]\d*$/);
    const [, port] = address.split(":") as [string, string];
    const watches = [address, `127.0.0.2:${port}`].map((each) => watching(openPeers(), each));
    await sayUntilHeard((text) => one.say(Buffer.from(text)), "hello", watches);
    await one.close();
    const again = openPeers({ listen: "127.0.0.1", port: Number(port), host });
    expect(await again.listen()).toBe(address);
    // On another address of this machine nobody listens now: so it is where a name means another machine than it should.
    const lost = watching(openPeers(), `127.0.0.2:${port}`);
    await vi.waitFor(() => expect(lost.gone()).toBe(1), PATIENCE);
  });

  it("refuse what is no address, and to say more than a frame holds", async () => {
    const peers = openPeers();
    const handlers = { heard: () => undefined, gone: () => undefined };
    for (const address of ["", "127.0.0.1", "127.0.0.1:", ":1", "h:0", "h:65536", "h:1e3"]) {
      expect(() => peers.watch(address, handlers)).toThrow("is not an address");
    }
    expect(() => peers.say(Buffer.alloc(FRAME_BYTES_MAX + 1))).toThrow("65536 are allowed");
  });

  it("put frames together however they are cut", () => {
    const texts = ["", "a", "bc", "x".repeat(300)];
    const wire = Buffer.concat(texts.map((text) => frameOf(Buffer.from(text))));
    for (const size of [1, 2, 3, 5, 7, 100, wire.length]) {
      const reader = new FrameReader();
      const heard: string[] = [];
      for (let at = 0; at < wire.length; at += size) {
        for (const data of reader.push(wire.subarray(at, at + size))) {
          heard.push(Buffer.from(data).toString());
        }
      }
      expect(heard).toEqual(texts);
    }
  });
});
