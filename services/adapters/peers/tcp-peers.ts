/** Peers that watch each other over TCP connections of their own. */
import { createServer, createConnection, type Server, type Socket } from "node:net";
import type { PeerHandlers, Peers } from "../../ports/peers.js";

const HEAD_BYTES = 4;
const FRAME_BYTES_MAX = 65_536;
const DIAL_MS_MAX = 500;
const DIAL_AGAIN_AFTER_MS = 100;
/** A peer that reads so much more slowly than it is told is dropped. */
const UNREAD_BYTES_MAX = 1_048_576;

export class TcpPeers implements Peers {
  private readonly host: string;
  private readonly watchers = new Set<Socket>();
  private readonly watches = new Set<() => void>();
  private server: Server | null = null;

  constructor(host = "127.0.0.1") {
    this.host = host;
  }

  listen(): Promise<string> {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      this.watchers.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.watchers.delete(socket));
      socket.resume();
    });
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, this.host, () => {
        const address = server.address();
        resolve(`${this.host}:${typeof address === "object" && address ? address.port : 0}`);
      });
    });
  }

  say(data: Uint8Array): void {
    const frame = Buffer.alloc(HEAD_BYTES + data.length);
    frame.writeUInt32BE(data.length);
    frame.set(data, HEAD_BYTES);
    for (const socket of this.watchers) {
      if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
      else socket.write(frame);
    }
  }

  watch(address: string, handlers: PeerHandlers): () => void {
    const colon = address.lastIndexOf(":");
    const at = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    let socket: Socket | undefined;
    let again: NodeJS.Timeout | undefined;
    let ended = false;
    const end = (): void => {
      ended = true;
      clearTimeout(again);
      socket?.destroy();
      this.watches.delete(end);
    };
    const dial = (): void => {
      let isOpen = false;
      let refused = false;
      const dialled = createConnection(at);
      socket = dialled;
      const slow = setTimeout(() => dialled.destroy(), DIAL_MS_MAX);
      dialled.setNoDelay(true);
      dialled.on("connect", () => {
        isOpen = true;
        clearTimeout(slow);
      });
      readFrames(dialled, handlers.heard);
      dialled.on("error", (error: NodeJS.ErrnoException) => {
        refused = error.code === "ECONNREFUSED";
      });
      dialled.on("close", () => {
        clearTimeout(slow);
        if (ended) return;
        if (refused) {
          end();
          handlers.gone();
        } else if (isOpen) dial();
        else again = setTimeout(dial, DIAL_AGAIN_AFTER_MS);
      });
    };
    this.watches.add(end);
    dial();
    return end;
  }

  async close(): Promise<void> {
    for (const end of this.watches) end();
    for (const socket of this.watchers) socket.destroy();
    const { server } = this;
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }
}

function readFrames(socket: Socket, heard: (data: Uint8Array) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD_BYTES) {
      const length = rest.readUInt32BE();
      if (length > FRAME_BYTES_MAX) return void socket.destroy();
      if (rest.length < HEAD_BYTES + length) return;
      heard(rest.subarray(HEAD_BYTES, HEAD_BYTES + length));
      rest = rest.subarray(HEAD_BYTES + length);
    }
  });
}
