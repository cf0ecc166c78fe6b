/**
 * Leading: from a recovered actor to its end. Frames are applied to the open batch while the one before commits; a
 * batch is what arrived meanwhile, so it is small when it is quiet and large under load (R2, R3, R6).
 *
 * - At most one commit is under way. What a batch says leaves only after its commit, in the order: outbox, events,
 *   announcement.
 * - The position moves with the commit of what was read up to it. Reading again is harmless: marks drop what was seen.
 * - Whatever ends the leadership ends it once, with a reason; nothing is applied or sent after that.
 */
import { MalformedError } from "../../actors/kernel/bytes.js";
import { encodeEventFrame } from "../../actors/kernel/event-frame.js";
import { decodeFrame, type Frame } from "../../actors/kernel/frame.js";
import { BATCH_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { type Consumption, type LogMessage, StreamIdentityError } from "../ports/log.js";
import {
  type Batch,
  ClientOrderIdConflict,
  CommitUnknownError,
  FencedError,
  type OutboxRow,
} from "../ports/store.js";
import { eventsSubject } from "../ports/subjects.js";
import { Announcer } from "./announcer.js";
import { BatchClock } from "./batch-clock.js";
import type { HostDependencies } from "./dependencies.js";
import { checkStream } from "./inbox-identity.js";
import { RESEND_CHECK_EVERY_MS, TIDY_AFTER_MS, TRIM_EVERY_MS } from "./limits.js";
import { OpenBatch, outboxRows } from "./open-batch.js";
import { Outbox } from "./outbox.js";
import type { Recovered } from "./recovery.js";
import { Resender } from "./resender.js";

export type LeaderEnd =
  | { readonly kind: "fenced" | "lost" | "failed"; readonly reason: string }
  | { readonly kind: "conflict"; readonly reason: string; readonly orderIds: readonly number[] };

export class Leader {
  private readonly deps: HostDependencies;
  private readonly recovered: Recovered;
  private readonly onEnd: (end: LeaderEnd) => void;
  private readonly time: BatchClock;
  private readonly outbox: Outbox;
  private readonly resender: Resender;
  private readonly announcer: Announcer;
  private readonly cleanups: (() => void)[] = [];

  private readonly queue: LogMessage[] = [];
  private open: OpenBatch | null = null;
  private commit: Promise<void> | null = null;
  private consumption: Consumption | null = null;
  private pumpScheduled = false;
  private accepting = true;
  private ended = false;

  /** Committed: what the actor's row says. */
  private batch: number;
  private eventBatch: number;
  private anchor: number;
  private streamCreated: string;
  private committedPosition: number;
  private trimmedPosition: number;
  /** Applied, perhaps not yet committed. */
  private position: number;
  private positionStored: string;

  constructor(deps: HostDependencies, recovered: Recovered, onEnd: (end: LeaderEnd) => void) {
    const { record } = recovered;
    this.deps = deps;
    this.recovered = recovered;
    this.onEnd = onEnd;
    this.time = new BatchClock(deps.clock, recovered.now, record.time);
    this.batch = record.batch;
    this.eventBatch = record.eventBatch;
    this.anchor = record.anchor;
    this.streamCreated = record.streamCreated;
    this.position = record.position;
    this.committedPosition = record.position;
    this.trimmedPosition = record.position;
    this.positionStored = record.positionStored;
    this.outbox = new Outbox(deps.log, deps.clock, deps.directory, record.token);
    this.resender = new Resender(deps.bus, deps.clock, record.id);
    this.announcer = new Announcer(deps.bus, deps.clock, () => ({
      actor: record.id,
      name: record.name,
      node: deps.node,
      token: record.token,
      batch: this.batch,
      eventBatch: this.eventBatch,
      anchor: this.anchor,
    }));
  }

  /** Makes the inbox if there is none yet, says that it leads, and reads on from the position. */
  async start(): Promise<void> {
    const { log, directory } = this.deps;
    const { record, actor } = this.recovered;
    if (this.anchor === 0) await this.makeInbox();
    if (this.ended) return;
    this.cleanups.push(
      directory.onMarks(record.id, (receiver, number) => this.outbox.confirm(receiver, number)),
      directory.onMoved((receiver) => this.outbox.resend(receiver, 0)),
      this.resender.onRequest((receiver, from) => this.outbox.resend(receiver, from)),
    );
    this.outbox.send(this.recovered.outbox);
    this.every(RESEND_CHECK_EVERY_MS, () => this.outbox.resendOverdue());
    this.every(TIDY_AFTER_MS, () => this.tidy());
    this.every(TRIM_EVERY_MS, () => this.trim());
    this.consumption = await log.consume(record.name, this.anchor, this.position + 1, {
      deliver: (message) => this.receive(message),
      verify: () => this.verify(),
      onLost: (error) => this.lostInbox(error),
    });
    if (this.ended) {
      this.consumption.stop();
      return;
    }
    // Only now is it known that the inbox is the one that was read: publishers may come.
    this.announcer.start();
    for (const link of actor.links.all()) {
      if (link.received > 0) this.resender.request(link.peer, link.received + 1);
    }
  }

  /** Takes no more, commits what it has applied, and ends without a word to `onEnd`. */
  async drain(): Promise<void> {
    this.accepting = false;
    this.consumption?.stop();
    while (!this.ended && (this.commit || this.open)) {
      if (!this.commit) this.seal();
      await this.commit;
    }
    this.close();
  }

  /** Stops at once; what is not committed is dropped. */
  close(): void {
    this.ended = true;
    this.accepting = false;
    this.announcer.stop();
    this.resender.stop();
    for (const cleanup of this.cleanups) cleanup();
    this.cleanups.length = 0;
    this.consumption?.stop();
  }

  private end(end: LeaderEnd): void {
    if (this.ended) return;
    this.close();
    this.onEnd(end);
  }

  private receive(message: LogMessage): void {
    if (!this.accepting) return;
    this.queue.push(message);
    this.schedulePump();
  }

  /** One pass per turn of the event loop: whatever one socket read has brought goes into one batch. */
  private schedulePump(): void {
    if (this.pumpScheduled) return;
    this.pumpScheduled = true;
    this.deps.clock.soon(() => {
      this.pumpScheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    if (this.ended) return;
    try {
      let taken = 0;
      while (taken < this.queue.length && (this.open?.commands ?? 0) < BATCH_COMMANDS_MAX) {
        this.take(this.queue[taken]!);
        taken += 1;
      }
      this.queue.splice(0, taken);
      if (this.open && !this.commit) this.seal();
    } catch (error) {
      this.end({ kind: "failed", reason: String(error) });
    }
  }

  /** Judges one frame and applies what is new of it. */
  private take(message: LogMessage): void {
    const frame = this.decode(message.data);
    this.position = message.sequence;
    this.positionStored = message.stored;
    if (!frame) return;
    const { actor, record } = this.recovered;
    const admission = actor.links.admit(
      frame.source,
      frame.token,
      frame.first,
      frame.commands.length,
    );
    if (admission.kind === "drop") {
      // The source may not know that it was heard: say it again.
      if (admission.reason === "seen") this.markOf(frame.source);
      return;
    }
    if (admission.kind === "gap") {
      this.resender.request(frame.source, admission.from);
      return;
    }
    this.open ??= new OpenBatch(this.time.stamp(), this.deps.clock.now());
    const startedAtMs = this.deps.clock.now();
    this.open.apply(actor, frame, admission.skip);
    const elapsedMs = this.deps.clock.now() - startedAtMs;
    this.deps.observer.applied(record.kind, frame.commands.length - admission.skip, elapsedMs);
  }

  /** Bytes that are no frame come from outside: they are passed over, counted, and say so in the log. */
  private decode(data: Uint8Array): Frame | null {
    try {
      return decodeFrame(data);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      const { name } = this.recovered.record;
      this.deps.observer.malformedFrame(name);
      this.deps.logger.warn(
        { actor: name, bytes: data.length, error: error.message },
        "not a frame",
      );
      return null;
    }
  }

  /** Closes the open batch and commits it. */
  private seal(): void {
    const open = this.open;
    if (!open) return;
    this.open = null;
    const { actor, record } = this.recovered;
    const effects = actor.takeEffects();
    const outbox = outboxRows(actor, effects.sends);
    const spoke = effects.events !== null || effects.replies !== null;
    const batch: Batch = {
      actor: record,
      number: this.batch + 1,
      token: record.token,
      anchor: this.anchor,
      streamCreated: this.streamCreated,
      positionBefore: this.committedPosition,
      positionAfter: this.position,
      positionStored: this.positionStored,
      time: open.time,
      hash: actor.stateHash(),
      commands: open.takeLog(),
      eventBatch: spoke ? this.batch + 1 : this.eventBatch,
      effects,
      links: actor.links.takeTouched(),
      outbox,
      confirmed: this.outbox.takeConfirmed(),
    };
    const sealedAtMs = this.deps.clock.now();
    this.commit = this.deps.store.commit(batch).then(
      ({ time }) => this.committed(batch, open.commands, time, sealedAtMs),
      (error: unknown) => this.commitFailed(error),
    );
  }

  private committed(batch: Batch, commands: number, time: number, sealedAtMs: number): void {
    this.commit = null;
    if (this.ended) return;
    const { actor, record } = this.recovered;
    const previousEventBatch = this.eventBatch;
    this.batch = batch.number;
    this.eventBatch = batch.eventBatch;
    this.committedPosition = batch.positionAfter;
    this.time.observe(time);
    this.say(batch, previousEventBatch, batch.outbox);
    const backlog = this.outbox.backlog();
    this.deps.observer.committed(record.name, actor, {
      commands,
      commitMs: this.deps.clock.now() - sealedAtMs,
      inboxLag: this.queue.length,
      outboxFrames: backlog.frames,
      outboxAgeMs: backlog.ageMs,
    });
    if (this.open) this.seal();
    if (this.queue.length > 0) this.schedulePump();
  }

  /** After the commit, and only then (R3). */
  private say(batch: Batch, previousEventBatch: number, outbox: readonly OutboxRow[]): void {
    const { record } = this.recovered;
    this.outbox.send(outbox);
    const { events, replies } = batch.effects;
    if (events || replies) {
      const frame = encodeEventFrame({
        actor: record.id,
        token: record.token,
        batch: batch.number,
        previousBatch: previousEventBatch,
        time: batch.time,
        events,
        replies,
      });
      this.deps.bus.publish(eventsSubject(record.name), frame);
    }
    for (const link of batch.links) {
      if (link.received > 0) this.announcer.mark(link.peer, link.token, link.received);
    }
  }

  private commitFailed(error: unknown): void {
    this.commit = null;
    if (this.ended) return;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (error instanceof FencedError) this.end({ kind: "fenced", reason });
    else if (error instanceof CommitUnknownError) this.end({ kind: "lost", reason });
    else if (error instanceof ClientOrderIdConflict) {
      this.end({ kind: "conflict", reason, orderIds: error.orderIds });
    } else this.end({ kind: "failed", reason });
  }

  /** The first inbox of an actor: nobody has published to it, as nobody has heard of its anchor. */
  private async makeInbox(): Promise<void> {
    const identity = await this.deps.log.create(this.recovered.record.name, 1);
    this.anchor = 1;
    this.streamCreated = identity.created;
    this.open = new OpenBatch(this.time.stamp(), this.deps.clock.now());
    this.seal();
    await this.commit;
  }

  private verify(): Promise<void> {
    return checkStream(this.deps.log, this.recovered.record.name, {
      anchor: this.anchor,
      created: this.streamCreated,
      position: this.position,
      positionStored: this.positionStored,
    });
  }

  private lostInbox(error: Error): void {
    const kind = error instanceof StreamIdentityError ? "failed" : "lost";
    this.end({ kind, reason: `${error.name}: ${error.message}` });
  }

  private markOf(source: number): void {
    const link = this.recovered.actor.links.of(source);
    // Only what is committed may be confirmed; with a batch under way the mark follows its commit.
    if (!this.open && !this.commit) this.announcer.mark(source, link.token, link.received);
  }

  /** Deletes confirmed outbox rows when no other batch comes by to do it. */
  private tidy(): void {
    if (this.commit || this.open || !this.outbox.hasConfirmed) return;
    this.open = new OpenBatch(this.time.stamp(), this.deps.clock.now());
    this.seal();
  }

  private trim(): void {
    const upTo = this.committedPosition;
    if (upTo <= this.trimmedPosition) return;
    this.trimmedPosition = upTo;
    // The last applied message stays: its identity is checked on every reconnect.
    this.deps.log
      .trim(this.recovered.record.name, this.anchor, upTo)
      .catch((error: unknown) => this.deps.logger.warn({ error: String(error) }, "trim failed"));
  }

  private every(intervalMs: number, task: () => void): void {
    let cancel = (): void => undefined;
    const again = (): void => {
      cancel = this.deps.clock.after(intervalMs, () => {
        if (this.ended) return;
        task();
        again();
      });
    };
    again();
    this.cleanups.push(() => cancel());
  }
}
