/**
 * Publishing to inboxes. The client drops what is written while its connection is away, without a word, and its caller
 * waits for an answer that cannot come. So what is under way when the connection breaks is given up at once, and what
 * comes while it is away waits for its return, in the order of the calls.
 */
import { ErrorCode, type JetStreamClient, type NatsConnection, NatsError } from "nats";
import { LogRefusedError } from "../../ports/log.js";
import { watchConnection } from "./connection.js";

/** How long an answer, or the connection's return, is waited for. */
const PUBLISH_MS_MAX = 2_000;

/** What the server says of a stream, a machine or a store that is full. */
const FULL = [10_077, 10_047, 10_028, 10_023];
const NO_RESPONDERS: string = ErrorCode.NoResponders;

interface Publication {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: LogRefusedError) => void;
}

export class Publisher {
  private readonly client: JetStreamClient;
  private readonly underWay = new Set<Publication>();
  /** What waits for the connection's return, in order, each with the timer that ends its wait. */
  private readonly waiting = new Map<Publication, NodeJS.Timeout>();
  private away = false;

  constructor(connection: NatsConnection) {
    this.client = connection.jetstream({ timeout: PUBLISH_MS_MAX });
    watchConnection(connection, { lost: () => this.lost(), back: () => this.back() });
    void connection.closed().then(() => this.lost());
  }

  publish(subject: string, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const publication = { subject, data, resolve, reject };
      if (this.away) this.wait(publication);
      else this.send(publication);
    });
  }

  private send(publication: Publication): void {
    this.underWay.add(publication);
    this.client
      .publish(publication.subject, publication.data)
      .then(publication.resolve, (error: unknown) => publication.reject(refusal(error)))
      .finally(() => this.underWay.delete(publication));
  }

  private wait(publication: Publication): void {
    const timer = setTimeout(() => {
      this.waiting.delete(publication);
      publication.reject(new LogRefusedError("unavailable", "there is no connection to NATS"));
    }, PUBLISH_MS_MAX);
    this.waiting.set(publication, timer);
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
    for (const [publication, timer] of this.waiting) {
      clearTimeout(timer);
      this.send(publication);
    }
    this.waiting.clear();
  }
}

function refusal(error: unknown): LogRefusedError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
  if (code !== undefined) {
    return new LogRefusedError(FULL.includes(code) ? "full" : "unavailable", `${code}: ${message}`);
  }
  // Nobody listens on the subject: there is no such stream, or no JetStream.
  if (error instanceof NatsError && error.code === NO_RESPONDERS) {
    return new LogRefusedError("no-stream", message);
  }
  return new LogRefusedError("unavailable", message);
}
