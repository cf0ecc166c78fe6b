/**
 * Watches one peer: a connection, made again whenever it breaks. Only a refusal says that the process has ended; silence,
 * and a network without a way, say nothing (R12 lets a wrong suspicion cost a takeover and nothing more).
 */
import { connect, type Socket } from "node:net";
import type { PeerHandlers } from "../../ports/peers.js";
import { FrameReader, FrameTooLongError } from "./frames.js";

const DIAL_MS_MAX = 500;
/** Heartbeats come many times as often. A connection whose other end has vanished without a word stays open for ever. */
const SILENT_MS_MAX = 2_000;
const RETRY_AFTER_MS = 100;
/** Whoever takes connections and closes them is not dialled faster than this. */
const DIAL_EVERY_MS = 20;

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export class PeerWatch {
  private readonly address: PeerAddress;
  private readonly handlers: PeerHandlers;
  private readonly ended: () => void;
  private socket: Socket | null = null;
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;

  /** `ended` is called when the watch is over, before `gone`. */
  constructor(address: PeerAddress, handlers: PeerHandlers, ended: () => void) {
    this.address = address;
    this.handlers = handlers;
    this.ended = ended;
    this.dial();
  }

  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket?.destroy();
    this.ended();
  }

  private dial(): void {
    const dialledMs = performance.now();
    const socket = connect({ ...this.address, noDelay: true });
    this.socket = socket;
    this.timer = setTimeout(() => socket.destroy(), DIAL_MS_MAX);
    let isConnected = false;
    let code: string | undefined;
    socket.once("connect", () => {
      isConnected = true;
      clearTimeout(this.timer);
      socket.setTimeout(SILENT_MS_MAX, () => socket.destroy());
    });
    socket.on("data", this.reader(socket));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    socket.once("close", () => {
      clearTimeout(this.timer);
      if (this.isOver) return;
      if (!isConnected && code === "ECONNREFUSED") return this.gone();
      const pauseMs = isConnected ? DIAL_EVERY_MS : RETRY_AFTER_MS;
      const waitMs = Math.max(0, dialledMs + pauseMs - performance.now());
      this.timer = setTimeout(() => this.dial(), waitMs);
    });
  }

  private gone(): void {
    this.stop();
    this.handlers.gone();
  }

  private reader(socket: Socket): (chunk: Buffer) => void {
    const frames = new FrameReader();
    return (chunk) => {
      try {
        for (const data of frames.push(chunk)) {
          if (this.isOver) return;
          this.handlers.heard(data);
        }
      } catch (error) {
        if (!(error instanceof FrameTooLongError)) throw error;
        // Not a peer of ours. It is dialled again, as after any break.
        socket.destroy();
      }
    };
  }
}
