/**
 * How a process asks a PostgreSQL that lets nobody in whether it does again: one connection at a time, and not each of those
 * that wait for it. A server that replays its log after a crash forks a process for everybody whom it turns away, and needs
 * the processor itself.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sqlState } from "./errors.js";

/** Somebody who was turned away is followed by the next after so long. */
export const KNOCK_EVERY_MS = 50;
/** Nobody waits longer for what another is told: that one may have no answer at all. */
export const FOLLOW_MS_MAX = 250;

/** "The database system is starting up", "… is shutting down", "… is not yet accepting connections". */
const CANNOT_CONNECT_NOW = "57P03";

export class Doorway {
  /** Why the last one was turned away; null: who came last was let in, or nobody has come. */
  private refusal: unknown = null;
  private refusedAtMs = -Infinity;
  /** Of whoever asks now, while the others wait: what the refusal is then. */
  private knock: Promise<unknown> | null = null;

  /** Connects when the server lets people in; rejects as `connect` does, or with what another has just been told. */
  async pass<T>(connect: () => Promise<T>): Promise<T> {
    if (this.refusal === null) return this.enter(connect);
    if (!this.knock) return this.first(connect);
    const refusal = await Promise.race([this.knock, sleep(FOLLOW_MS_MAX, null)]);
    if (refusal !== null) throw refusal;
    return this.enter(connect);
  }

  private first<T>(connect: () => Promise<T>): Promise<T> {
    const entered = this.later(connect);
    const told = (): unknown => {
      this.knock = null;
      return this.refusal;
    };
    this.knock = entered.then(told, told);
    return entered;
  }

  private async later<T>(connect: () => Promise<T>): Promise<T> {
    const waitMs = this.refusedAtMs + KNOCK_EVERY_MS - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    return this.enter(connect);
  }

  private async enter<T>(connect: () => Promise<T>): Promise<T> {
    try {
      const entered = await connect();
      this.refusal = null;
      return entered;
    } catch (error) {
      const isRefused = isRefusal(error);
      this.refusal = isRefused ? error : null;
      if (isRefused) this.refusedAtMs = performance.now();
      throw error;
    }
  }
}

/** Whoever else asks now would be told the same. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ECONNREFUSED" || sqlState(error) === CANNOT_CONNECT_NOW;
}
