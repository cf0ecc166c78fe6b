/**
 * How a process asks a PostgreSQL that lets nobody in whether it does again: one connection at a time, and few
 * where answers take long, and not each of those that wait for it. A server that replays its log after a crash forks a process for everybody whom it turns away, and needs
 * the processor itself.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sqlState } from "./errors.js";

/** Somebody who was turned away is followed by the next after so long. */
export const KNOCK_EVERY_MS = 50;
/** One of those who wait for what others are told asks himself after so long: they may have no answer at all. */
export const FOLLOW_MS_MAX = 250;
/** "The database system is starting up", "… is shutting down", "… is not yet accepting connections". */
const CANNOT_CONNECT_NOW = "57P03";

export class Doorway {
  /** Why the last one was turned away; null: who came last was let in, or nobody has come. */
  private refusal: unknown = null;
  private refusedAtMs = -Infinity;
  /** Those who ask while the others wait for what they are told, and when the last of them began. */
  private asking = 0;
  private askedAtMs = -Infinity;
  private readonly waiting = new Set<() => void>();

  /** Connects when the server lets people in; rejects as `connect` does, or with what another has just been told. */
  async pass<T>(connect: () => Promise<T>): Promise<T> {
    while (this.refusal !== null) {
      const leftMs = this.askedAtMs + FOLLOW_MS_MAX - performance.now();
      if (this.asking === 0 || leftMs <= 0) return this.ask(connect);
      const isTold = await this.isTold(leftMs);
      if (isTold && this.refusal !== null) throw this.refusal;
    }
    return this.enter(connect);
  }

  private async ask<T>(connect: () => Promise<T>): Promise<T> {
    const now = performance.now();
    this.asking += 1;
    this.askedAtMs = Math.max(now, this.refusedAtMs + KNOCK_EVERY_MS);
    try {
      if (this.askedAtMs > now) await sleep(this.askedAtMs - now);
      return await this.enter(connect);
    } finally {
      this.asking -= 1;
      this.tell();
    }
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

  private tell(): void {
    for (const hear of this.waiting) hear();
    this.waiting.clear();
  }

  /** Resolves to whether anybody was told something in this time. */
  private isTold(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.delete(hear);
        resolve(false);
      }, withinMs);
      const hear = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.waiting.add(hear);
    });
  }
}

/** Whoever else asks now would be told the same. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ECONNREFUSED" || sqlState(error) === CANNOT_CONNECT_NOW;
}
