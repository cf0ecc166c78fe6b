/**
 * Publishing to inboxes. A client drops what is written while its connection is away, without a word, and its caller
 * waits for an answer that cannot come. So what is under way when the connection breaks is given up at once, and what
 * comes while it is away waits for its return, in the order of the calls.
 *
 * What carries it is behind `PublishTransport`: NATS, or the simulator's.
 */
import type { Clock } from "../../ports/clock.js";
import { LogRefusedError } from "../../ports/log.js";

/** How long an answer, or the connection's return, is waited for. */
export const PUBLISH_MS_MAX = 2_000;

export interface PublishTransport {
  /** Resolves when the log has taken the frame; rejects with `LogRefusedError`, after `PUBLISH_MS_MAX` at the latest. */
  send(actorName: string, anchor: number, frame: Uint8Array): Promise<void>;
  /** Sends without an answer. */
  post(actorName: string, anchor: number, frame: Uint8Array): void;
  /** Calls back on each loss of the connection and on each return of it; at once when it is away already. */
  watch(handlers: { readonly lost: () => void; readonly back: () => void }): void;
}

interface Publication {
  readonly actorName: string;
  readonly anchor: number;
  readonly frame: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: LogRefusedError) => void;
}

export class Publisher {
  private readonly transport: PublishTransport;
  private readonly clock: Clock;
  private readonly underWay = new Set<Publication>();
  /** What waits for the connection's return, in order, each with what ends its wait. */
  private readonly waiting = new Map<Publication, () => void>();
  private away = false;

  constructor(transport: PublishTransport, clock: Clock) {
    this.transport = transport;
    this.clock = clock;
    transport.watch({ lost: () => this.lost(), back: () => this.back() });
  }

  publish(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const publication = { actorName, anchor, frame, resolve, reject };
      if (this.away) this.wait(publication);
      else this.send(publication);
    });
  }

  post(actorName: string, anchor: number, frame: Uint8Array): void {
    if (this.away) this.publish(actorName, anchor, frame).catch(() => undefined);
    else this.transport.post(actorName, anchor, frame);
  }

  private send(publication: Publication): void {
    const { actorName, anchor, frame, resolve, reject } = publication;
    this.underWay.add(publication);
    this.transport
      .send(actorName, anchor, frame)
      .then(resolve, reject)
      .finally(() => this.underWay.delete(publication));
  }

  private wait(publication: Publication): void {
    const cancel = this.clock.after(PUBLISH_MS_MAX, () => {
      this.waiting.delete(publication);
      publication.reject(new LogRefusedError("unavailable", "there is no connection to NATS"));
    });
    this.waiting.set(publication, cancel);
  }

  private lost(): void {
    this.away = true;
    for (const publication of this.underWay) {
      const message = "the connection to NATS broke before there was an answer";
      publication.reject(new LogRefusedError("unavailable", message));
    }
    this.underWay.clear();
  }

  private back(): void {
    this.away = false;
    for (const [publication, cancel] of this.waiting) {
      cancel();
      this.send(publication);
    }
    this.waiting.clear();
  }
}
