/** The ordered log that carries commands to actors. It may lose everything (R5); nothing rests on it. */

/** Which stream this is: a stream that was deleted and made again has another `created`. */
export interface StreamIdentity {
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export interface LogMessage {
  readonly sequence: number;
  /** When the log stored it, as the log says it; compared for equality only. */
  readonly stored: string;
  readonly data: Uint8Array;
}

export interface Consumption {
  /** Nothing is delivered after it. */
  stop(): void;
}

/** Why a frame was not taken by the log. It was not published; whoever sent it may say so. */
export class LogRefusedError extends Error {
  override readonly name = "LogRefusedError";
  readonly reason: "no-stream" | "full" | "unavailable";
  constructor(reason: "no-stream" | "full" | "unavailable", message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The stream is not the one that was read so far. */
export class StreamIdentityError extends Error {
  override readonly name = "StreamIdentityError";
}

export interface Log {
  /** Makes the stream of an actor's anchor, empty: what stood under that name is deleted. */
  create(actorName: string, anchor: number): Promise<StreamIdentity>;
  /** Null when there is no such stream. */
  identify(actorName: string, anchor: number): Promise<StreamIdentity | null>;
  /** The message at a sequence, or null when it is not there. */
  read(actorName: string, anchor: number, sequence: number): Promise<LogMessage | null>;
  /** Resolves when the log has taken the frame; rejects with `LogRefusedError`. */
  publish(actorName: string, anchor: number, frame: Uint8Array): Promise<void>;
  /** Publishes, in one order with `publish`, for somebody who would do nothing with the log's answer: there is none. */
  post(actorName: string, anchor: number, frame: Uint8Array): void;
  /**
   * Delivers every message from a sequence on, in order. `verify` runs before the first delivery and again after
   * every reconnect or re-creation of the consumer, before anything more is delivered; when it rejects with
   * `StreamIdentityError`, or a sequence is skipped, delivery has ended and `onLost` is called once with such an error. Any other rejection
   * of a later `verify` is tried again; of the first one, it rejects the call. `onLost` is called with a
   * `StreamIdentityError` too when the log answers but the stream has been out of reach for too long (its server is gone);
   * then the call itself rejects with it, too.
   */
  consume(
    actorName: string,
    anchor: number,
    fromSequence: number,
    options: {
      readonly deliver: (message: LogMessage) => void;
      readonly verify: () => Promise<void>;
      readonly onLost: (error: Error) => void;
    },
  ): Promise<Consumption>;
  /** Forgets messages below a sequence. */
  trim(actorName: string, anchor: number, belowSequence: number): Promise<void>;
  /**
   * Does anybody answer questions about streams? Of a cluster in two only one side does, and while it has no leader nobody; a leader that
   * was cut off does for some twenty seconds more.
   */
  answers(): Promise<boolean>;
  /** Deletes the stream of an anchor; nothing when there is none. */
  remove(actorName: string, anchor: number): Promise<void>;
}

/** Messages that may be lost: events, announcements, requests to send again. */
export interface Bus {
  publish(subject: string, data: Uint8Array): void;
  subscribe(subject: string, handler: (data: Uint8Array, subject: string) => void): () => void;
  /** Called after the connection was lost and is back; what was said between is gone. */
  onReconnect(handler: () => void): () => void;
  /** Resolves when the server has answered; rejects when it does not. */
  roundTrip(): Promise<void>;
}
