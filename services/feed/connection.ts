/**
 * One client: what it may say, and how much is kept for it (R11). What it has not read yet is measured in bytes. Above a
 * first limit its depth diffs are merged, which keeps at most one change for each level; above a second, or when it
 * stays behind for long, it is closed and told why. Other clients notice nothing.
 */
import type { WebSocket } from "ws";
import * as limits from "./limits.js";
import { encodeMessage } from "./messages.js";
import * as metrics from "./metrics.js";
import { CloseCode, type FeedMessage } from "./protocol.js";
import type { Refusal } from "./requests.js";

export interface ConnectionLimits {
  readonly conflateAboveBytes: number;
  readonly closeAboveBytes: number;
  readonly conflatedMsMax: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  conflateAboveBytes: limits.CONFLATE_ABOVE_BYTES,
  closeAboveBytes: limits.CLOSE_ABOVE_BYTES,
  conflatedMsMax: limits.CONFLATED_MS_MAX,
};

/** Something that waits until a slow client can take more. */
export interface Deferred {
  flush(): void;
}

const ONE_SECOND_MS = 1_000;

export class Connection {
  private readonly socket: WebSocket;
  private readonly limits: ConnectionLimits;
  private readonly deferred = new Set<Deferred>();
  private draining: NodeJS.Timeout | undefined;
  private terminating: NodeJS.Timeout | undefined;
  private behindSinceMs = 0;
  private closing = false;
  private answeredPing = true;
  private secondStartMs = Number.NEGATIVE_INFINITY;
  private messagesInSecond = 0;

  constructor(socket: WebSocket, limits: ConnectionLimits) {
    this.socket = socket;
    this.limits = limits;
    socket.on("pong", () => {
      this.answeredPing = true;
    });
    socket.on("close", () => {
      this.release();
      clearTimeout(this.terminating);
    });
  }

  /** Has the client more to read than is good? Then diffs wait and are merged. */
  get isSlow(): boolean {
    return this.socket.bufferedAmount > this.limits.conflateAboveBytes;
  }

  get unreadBytes(): number {
    return this.socket.bufferedAmount;
  }

  get isOpen(): boolean {
    return !this.closing && this.socket.readyState === this.socket.OPEN;
  }

  /** Counts a message from the client; false, and once told, when there are too many within a second. */
  admitMessage(): boolean {
    const now = performance.now();
    if (now - this.secondStartMs >= ONE_SECOND_MS) {
      this.secondStartMs = now;
      this.messagesInSecond = 0;
    }
    this.messagesInSecond += 1;
    const excess = this.messagesInSecond - limits.MESSAGES_PER_SECOND_MAX;
    if (excess === 1) {
      const message = `at most ${limits.MESSAGES_PER_SECOND_MAX} messages per second; the rest is ignored`;
      this.refuse({ code: "TOO_MANY_MESSAGES", message });
    }
    return excess <= 0;
  }

  send(type: FeedMessage["type"], text: Buffer): void {
    if (!this.isOpen) return;
    if (this.socket.bufferedAmount > this.limits.closeAboveBytes) {
      this.closeSlow(`more than ${this.limits.closeAboveBytes} bytes are unread`);
      return;
    }
    metrics.messagesSent.inc({ type });
    this.socket.send(text, { binary: false });
  }

  answer(message: FeedMessage): void {
    this.send(message.type, encodeMessage(message));
  }

  refuse({ code, message, id }: Refusal): void {
    metrics.requestsRefused.inc({ code });
    this.answer({ type: "error", code, message, ...(id !== undefined && { id }) });
  }

  /** `flush` will be called when the client can take more; once for each time that it is deferred. */
  defer(work: Deferred): void {
    if (!this.isOpen) return;
    if (this.deferred.size === 0) this.behindSinceMs = performance.now();
    this.deferred.add(work);
    this.draining ??= setInterval(() => this.drain(), limits.DRAIN_EVERY_MS);
  }

  forget(work: Deferred): void {
    this.deferred.delete(work);
  }

  /** Asks for a sign of life; drops a client that has not answered the last time. */
  ping(): void {
    if (!this.isOpen) return;
    if (!this.answeredPing) {
      metrics.connectionsClosed.inc({ reason: "dead" });
      this.socket.terminate();
      return;
    }
    this.answeredPing = false;
    this.socket.ping();
  }

  close(code: number, reason: string): void {
    if (this.closing) return;
    this.release();
    this.socket.close(code, reason);
    this.terminating = setTimeout(() => this.socket.terminate(), limits.CLOSING_MS_MAX);
  }

  private closeSlow(detail: string): void {
    if (this.closing) return;
    metrics.connectionsClosed.inc({ reason: "slow" });
    this.close(CloseCode.TryAgainLater, `SLOW_CONSUMER: ${detail}`);
  }

  private drain(): void {
    for (const work of this.deferred) {
      if (this.isSlow || !this.isOpen) break;
      this.deferred.delete(work);
      work.flush();
    }
    if (this.deferred.size === 0) {
      clearInterval(this.draining);
      this.draining = undefined;
    } else if (performance.now() - this.behindSinceMs > this.limits.conflatedMsMax) {
      this.closeSlow(`behind for more than ${this.limits.conflatedMsMax} ms`);
    }
  }

  /** Takes nothing more. */
  private release(): void {
    this.closing = true;
    clearInterval(this.draining);
    this.deferred.clear();
  }
}
