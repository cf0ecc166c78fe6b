/** One direction of one connection through a wire: what comes in goes out in its order, now, later, or not yet. */
import type { Socket } from "node:net";

export class Lane {
  private readonly from: Socket;
  private readonly pass: (data: Buffer) => void;
  private delay: number;
  private held = false;
  /** What is on its way, and when each of it is due. */
  private readonly queue: { readonly data: Buffer; readonly dueMs: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, pass: (data: Buffer) => void, delayMs: number) {
    this.from = from;
    this.pass = pass;
    this.delay = delayMs;
    from.on("data", (data) => this.take(data));
    from.on("close", () => clearTimeout(this.timer));
  }

  /** In milliseconds, of what comes from now on. */
  slow(delayMs: number): void {
    this.delay = delayMs;
  }

  /** Is nothing to pass? Then nothing is read either, and the sender is told by nobody but its own full buffers. */
  hold(isHeld: boolean): void {
    this.held = isHeld;
    if (isHeld) this.from.pause();
    else this.from.resume();
    this.send();
  }

  private take(data: Buffer): void {
    if (this.delay === 0 && this.queue.length === 0 && !this.held) return this.pass(data);
    this.queue.push({ data, dueMs: performance.now() + this.delay });
    this.send();
  }

  private send(): void {
    clearTimeout(this.timer);
    while (!this.held && this.queue.length > 0) {
      const waitMs = this.queue[0]!.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.send(), waitMs);
        return;
      }
      this.pass(this.queue.shift()!.data);
    }
  }
}
