/**
 * How a process asks a PostgreSQL that lets nobody in whether it does again: one connection at a time, and few
 * where answers take long, and not each of those that wait for it. A server that replays its log after a crash forks a process for everybody whom it turns away, and needs
 * the processor itself. Nobody waits here for longer than he says.
 */
import { type Clock, sleep } from "../../ports/clock.js";
import { sqlState } from "./errors.js";

/** Somebody who was turned away is followed by the next after so long. */
export const KNOCK_EVERY_MS = 50;
/** One of those who wait for what others are told asks himself after so long: they may have no answer at all. */
export const FOLLOW_MS_MAX = 250;
/** "The database system is starting up", "… is shutting down", "… is not yet accepting connections". */
const CANNOT_CONNECT_NOW = "57P03";

/** Whoever asked was not answered, or turned away, for as long as somebody else would wait for it. */
export class DoorwayError extends Error {
  override readonly name = "DoorwayError";

  constructor(withinMs: number, refusal: unknown) {
    const why = refusal instanceof Error ? refusal.message : String(refusal);
    super(`PostgreSQL let nobody in for ${withinMs} ms; the last was told: ${why}`, {
      cause: refusal,
    });
  }
}

export class Doorway {
  private readonly clock: Clock;
  /** Why the last one was turned away; null: who came last was let in, or nobody has come. */
  private refusal: unknown = null;
  private refusedAtMs = -Infinity;
  /** Those who ask while the others wait for what they are told, and when the last of them began. */
  private asking = 0;
  private askedAtMs = -Infinity;
  private readonly waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * Connects when the server lets people in; rejects as `connect` does, with what another has just been told, or with `DoorwayError`
   * when it would have to wait for its turn for longer than `withinMs`. How long `connect` itself takes is its own matter.
   */
  async pass<T>(connect: () => Promise<T>, withinMs: number): Promise<T> {
    const untilMs = this.clock.now() + withinMs;
    while (this.refusal !== null) {
      const now = this.clock.now();
      if (now >= untilMs) throw new DoorwayError(withinMs, this.refusal);
      const leftMs = this.askedAtMs + FOLLOW_MS_MAX - now;
      if (this.asking === 0 || leftMs <= 0) {
        const atMs = Math.max(now, this.refusedAtMs + KNOCK_EVERY_MS);
        if (atMs >= untilMs) throw new DoorwayError(withinMs, this.refusal);
        return this.ask(connect, atMs);
      }
      const isTold = await this.isTold(Math.min(leftMs, untilMs - now));
      if (isTold && this.refusal !== null) throw this.refusal;
    }
    return this.enter(connect);
  }

  private async ask<T>(connect: () => Promise<T>, atMs: number): Promise<T> {
    const waitMs = atMs - this.clock.now();
    this.asking += 1;
    this.askedAtMs = atMs;
    try {
      if (waitMs > 0) await sleep(this.clock, waitMs);
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
      if (isRefused) this.refusedAtMs = this.clock.now();
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
      const cancel = this.clock.after(withinMs, () => {
        this.waiting.delete(hear);
        resolve(false);
      });
      const hear = (): void => {
        cancel();
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
