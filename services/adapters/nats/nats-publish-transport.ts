/**
 * Publishing to JetStream, with an answer and without. The answers come to one subject of this client's, numbered; the
 * library's own way makes two promises, a timer and a stack trace for each.
 */
import { createInbox, type Msg, type NatsConnection } from "nats";
import { LogRefusedError } from "../../ports/log.js";
import { watchConnection } from "./connection.js";
import { subjectName } from "./names.js";
import { Outgoing } from "./outgoing.js";
import { PUBLISH_MS_MAX, type PublishTransport } from "./publisher.js";

/** What the server says of a stream, a machine or a store that is full. */
const FULL = [10_077, 10_047, 10_028, 10_023];
/** Nobody listens on the subject: there is no such stream, or no JetStream. */
const NO_RESPONDERS = 503;
/** How often is looked for what has waited too long. */
const CHECK_EVERY_MS = 100;

interface Publication {
  readonly sentAtMs: number;
  readonly resolve: () => void;
  readonly reject: (error: LogRefusedError) => void;
}

interface Answer {
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

export class NatsPublishTransport implements PublishTransport {
  private readonly connection: NatsConnection;
  private readonly outgoing: Outgoing;
  private readonly answersTo = createInbox();
  /** By number, and so in the order in which they were sent. */
  private readonly underWay = new Map<number, Publication>();
  private published = 0;
  private check: NodeJS.Timeout | null = null;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    this.outgoing = Outgoing.of(connection);
    connection.subscribe(`${this.answersTo}.*`, {
      callback: (error, message) => {
        if (!error) this.answered(message);
      },
    });
  }

  send(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.connection.isClosed()) {
        return reject(new LogRefusedError("unavailable", "the connection to NATS is closed"));
      }
      this.published += 1;
      const reply = `${this.answersTo}.${this.published}`;
      this.outgoing.publish(subjectName(actorName, anchor), frame, reply);
      this.underWay.set(this.published, { sentAtMs: performance.now(), resolve, reject });
      this.check ??= setTimeout(() => this.giveUp(), CHECK_EVERY_MS);
    });
  }

  post(actorName: string, anchor: number, frame: Uint8Array): void {
    this.outgoing.publish(subjectName(actorName, anchor), frame);
  }

  watch(handlers: Parameters<PublishTransport["watch"]>[0]): void {
    watchConnection(this.connection, handlers);
    void this.connection.closed().then(handlers.lost);
  }

  private answered(message: Msg): void {
    const number = Number(message.subject.slice(this.answersTo.length + 1));
    const publication = this.underWay.get(number);
    if (!publication) return;
    this.underWay.delete(number);
    const refused = refusal(message);
    if (refused) publication.reject(refused);
    else publication.resolve();
  }

  /** Ends the wait of those that were sent too long ago. */
  private giveUp(): void {
    const now = performance.now();
    for (const [number, { sentAtMs, reject }] of this.underWay) {
      if (now - sentAtMs < PUBLISH_MS_MAX - CHECK_EVERY_MS) break;
      this.underWay.delete(number);
      reject(new LogRefusedError("unavailable", "there was no answer in time"));
    }
    this.check = this.underWay.size > 0 ? setTimeout(() => this.giveUp(), CHECK_EVERY_MS) : null;
  }
}

/** What the server's answer refuses; nothing: the stream has the frame. */
function refusal(message: Msg): LogRefusedError | null {
  if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
    return new LogRefusedError("no-stream", "no stream takes what is published there");
  }
  let error: Answer["error"];
  try {
    ({ error } = message.json<Answer>());
  } catch {
    return new LogRefusedError("unavailable", "the answer cannot be read");
  }
  if (!error) return null;
  const reason = FULL.includes(error.err_code ?? 0) ? "full" : "unavailable";
  return new LogRefusedError(reason, `${error.err_code}: ${error.description}`);
}
