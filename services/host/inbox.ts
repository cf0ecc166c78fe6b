/**
 * An actor's inbox as its leader reads it (R2, R5): how far it is applied, whether the stream is still the one that was
 * read, and the next anchor's stream when it is not. The leader alone makes, trims and removes streams.
 */
import { type Consumption, type LogMessage } from "../ports/log.js";
import type { ActorRecord } from "../ports/store.js";
import { sleep } from "../ports/clock.js";
import type { HostDependencies } from "./dependencies.js";
import type { EarlyInbox } from "./early-inbox.js";
import { checkStream, type InboxPosition } from "./inbox-identity.js";
import { MAKE_STREAM_AGAIN_AFTER_MS } from "./limits.js";
import type { InboxStep } from "./open-batch.js";

export interface InboxHandlers {
  readonly arrived: (message: LogMessage) => void;
  /** The connection was lost and reading goes on; what was published meanwhile may be lost. */
  readonly resumed: () => void;
  readonly lost: (error: Error) => void;
}

export class Inbox {
  private readonly deps: HostDependencies;
  private readonly name: string;
  private readonly handlers: InboxHandlers;
  private consumption: Consumption | null = null;
  private verifications = 0;
  /** The last message that was delivered; it may not be applied yet. */
  private delivered: LogMessage | null = null;
  /** Counts the times that reading began or was stopped. */
  private readings = 0;
  private closed = false;
  /** 0: the leader before may have committed and not come to it. */
  private trimmedPosition = 0;
  /** Anchors of streams that are no longer read, and of each why it could not be removed so far. */
  private readonly leftovers = new Map<number, string>();

  /** Which stream is read: what the actor's row says, or what the batch under way will make it say. */
  anchor: number;
  created: string;
  /** The last message that was applied; its batch is perhaps not committed yet. */
  position: number;
  positionStored: string;

  /** Where it was read before it was led; null: it was not, or is read by now. */
  private early: EarlyInbox | null;

  constructor(
    deps: HostDependencies,
    record: ActorRecord,
    early: EarlyInbox | null,
    handlers: InboxHandlers,
  ) {
    this.early = early;
    this.deps = deps;
    this.name = record.name;
    this.handlers = handlers;
    this.anchor = record.anchor;
    this.created = record.streamCreated;
    this.position = record.position;
    this.positionStored = record.positionStored;
    // Its server may have been away when another leader was to remove it.
    if (record.anchor > 1) this.leftovers.set(record.anchor - 1, "");
  }

  /** Reads on behind the position. Rejects with `StreamIdentityError` when the stream is not the one that was read. */
  async read(): Promise<void> {
    this.verifications = 0;
    this.readings += 1;
    const { readings } = this;
    this.delivered = null;
    const { early, deps, name, anchor, position } = this;
    this.early = null;
    const reader = {
      deliver: (message: LogMessage) => {
        this.delivered = message;
        this.handlers.arrived(message);
      },
      verify: () => this.verify(),
      onLost: this.handlers.lost,
    };
    let consumption = (await early?.take(this.place, reader)) ?? null;
    // Else the stream was verified when it was begun to be read.
    if (consumption) this.verifications = 1;
    else consumption = await deps.log.consume(name, anchor, position + 1, reader);
    // It may have been paused or closed while this began.
    if (readings !== this.readings) consumption.stop();
    else this.consumption = consumption;
  }

  private get place(): InboxPosition {
    const { anchor, created, position, positionStored } = this;
    return { anchor, created, position, positionStored };
  }

  applied(message: LogMessage): void {
    this.position = message.sequence;
    this.positionStored = message.stored;
  }

  /** From what is committed to what was applied. */
  stepFrom(committed: { readonly anchor: number; readonly position: number }): InboxStep {
    const { anchor, created, position, positionStored } = this.place;
    const positionBefore = anchor === committed.anchor ? committed.position : 0;
    const after = { positionAfter: position, positionStored };
    return { anchor, streamCreated: created, positionBefore, ...after };
  }

  /** Has it read on in the stream of what is committed? What nobody may have is passed over, and makes no batch. */
  isBeyond({ anchor, position }: { readonly anchor: number; readonly position: number }): boolean {
    return this.anchor === anchor && this.position > position;
  }

  /** Stops reading; `read` may follow. */
  pause(): void {
    this.readings += 1;
    this.consumption?.stop();
    this.consumption = null;
  }

  close(): void {
    this.closed = true;
    this.early?.stop();
    this.pause();
  }

  /** Makes the stream of the next anchor, as soon as the log can; null when it was closed meanwhile. */
  async makeNext(): Promise<{ readonly anchor: number; readonly created: string } | null> {
    const anchor = this.anchor + 1;
    let said = "";
    while (!this.closed) {
      try {
        const { created } = await this.deps.log.create(this.name, anchor);
        return { anchor, created };
      } catch (error) {
        const { logger, clock } = this.deps;
        const reason = String(error);
        // Once: it may be so for long, and is tried again many times a second.
        if (reason !== said)
          logger.warn({ actor: this.name, anchor, error: reason }, "no stream could be made");
        said = reason;
        await sleep(clock, MAKE_STREAM_AGAIN_AFTER_MS);
      }
    }
    return null;
  }

  /** The next batch commits this stream as the inbox, with nothing read of it. */
  moveTo({ anchor, created }: { readonly anchor: number; readonly created: string }): void {
    this.anchor = anchor;
    this.created = created;
    this.position = 0;
    this.positionStored = "";
    this.trimmedPosition = 0;
  }

  /** Forgets what is committed, but for the last message: its identity is checked on every reconnect. */
  tidy(committedPosition: number): void {
    this.removeLeftovers();
    if (committedPosition <= this.trimmedPosition) return;
    this.trimmedPosition = committedPosition;
    this.deps.log.trim(this.name, this.anchor, committedPosition).catch((error: unknown) => {
      // A full inbox stays full until it is done: nothing new comes that would ask for it again.
      this.trimmedPosition = 0;
      this.complain(error);
    });
  }

  /** A stream that is no longer read. It may be gone already, or on a server that is: then it is tried again. */
  remove(anchor: number): void {
    if (anchor > 0) this.leftovers.set(anchor, "");
    this.removeLeftovers();
  }

  private removeLeftovers(): void {
    for (const [anchor, said] of this.leftovers) {
      this.deps.log.remove(this.name, anchor).then(
        () => this.leftovers.delete(anchor),
        (error: unknown) => {
          // Once: it may be so for long.
          if (said !== String(error)) this.complain(error);
          this.leftovers.set(anchor, String(error));
        },
      );
    }
  }

  private async verify(): Promise<void> {
    const { delivered, place } = this;
    const last = delivered && { position: delivered.sequence, positionStored: delivered.stored };
    await checkStream(this.deps.log, this.name, { ...place, ...last });
    this.verifications += 1;
    if (this.verifications > 1 && !this.closed) this.handlers.resumed();
  }

  private readonly complain = (error: unknown): void => {
    this.deps.logger.warn({ actor: this.name, error: String(error) }, "a stream was not tidied");
  };
}
