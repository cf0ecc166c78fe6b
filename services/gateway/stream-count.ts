/**
 * How many streams of a kind clients have here, over however many connections. What a stream keeps for its client is bounded,
 * so their number has to be, or whoever opens many has many times as much of the gateway's memory.
 */
import { RETRY_WHEN_FULL_MS, type StreamLimits } from "./limits.js";
import * as metrics from "./metrics.js";
import { exhausted } from "./refusal.js";
import type { Session } from "./session.js";

export class StreamCount {
  private readonly kind: metrics.StreamKind;
  private readonly limits: StreamLimits;
  private readonly byClient = new Map<string, number>();
  private clients = 0;
  private operators = 0;

  constructor(kind: metrics.StreamKind, limits: StreamLimits) {
    this.kind = kind;
    this.limits = limits;
  }

  /** The most that one client has; those of all clients; those of sessions for all accounts. */
  get counts(): { ofClient: number; ofClients: number; ofOperators: number } {
    const ofClient = Math.max(0, ...this.byClient.values());
    return { ofClient, ofClients: this.clients, ofOperators: this.operators };
  }

  /** Counts one more; the result ends it, once. Throws a `Refusal` at a limit. */
  open(session: Session): () => void {
    const { kind, limits } = this;
    if (session.isForAll) {
      const whose = "sessions for all accounts have";
      if (this.operators >= limits.ofOperators) throw tooMany(kind, whose, limits.ofOperators);
      this.operators += 1;
      return once(() => (this.operators -= 1));
    }
    const { client } = session;
    const before = this.byClient.get(client) ?? 0;
    if (before >= limits.ofClient) throw tooMany(kind, "this client has", limits.ofClient);
    if (this.clients >= limits.ofClients) throw tooMany(kind, "clients have", limits.ofClients);
    this.clients += 1;
    this.byClient.set(client, before + 1);
    return once(() => this.leave(client));
  }

  private leave(client: string): void {
    this.clients -= 1;
    const left = this.byClient.get(client)! - 1;
    if (left === 0) this.byClient.delete(client);
    else this.byClient.set(client, left);
  }
}

function tooMany(kind: metrics.StreamKind, whose: string, limit: number) {
  metrics.streamsRefused.inc({ kind });
  const message = `${whose} ${limit} ${kind} streams at this gateway, and no more are allowed; use one of them, end one, or ask another gateway`;
  return exhausted("TOO_MANY_STREAMS", message, RETRY_WHEN_FULL_MS);
}

function once(end: () => void): () => void {
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    end();
  };
}
