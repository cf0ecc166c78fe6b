/**
 * Leading: from a recovered actor to its end. Frames are applied to the open batch while the one before commits; a
 * batch is what arrived meanwhile, so it is small when it is quiet and large under load (R2, R3, R6).
 *
 * - At most one commit is under way. What a batch says leaves only after its commit: outbox, then events, then marks.
 * - What is due by a batch's time is done before its commands; when no other batch comes by, in one of its own.
 * - The position moves with the commit of what was read up to it. Reading again is harmless: marks drop what was seen.
 * - A leadership that is handed over ends with the commit that raises the token for the successor: nothing follows it.
 * - Whatever ends the leadership ends it once, with a reason; nothing is applied or sent after that.
 */
import { BATCH_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { every } from "../ports/clock.js";
import { type LogMessage, StreamIdentityError } from "../ports/log.js";
import type { Batch, Successor } from "../ports/store.js";
import { Announcer, type Standing } from "./announcer.js";
import { BatchClock } from "./batch-clock.js";
import type { HostDependencies } from "./dependencies.js";
import { Herald } from "./herald.js";
import { Inbox } from "./inbox.js";
import { endOfCommit, type LeaderEnd } from "./leader-end.js";
import * as limits from "./limits.js";
import type { Backlog } from "./observer.js";
import { OpenBatch } from "./open-batch.js";
import { Outbox } from "./outbox.js";
import { readFrame } from "./read-frame.js";
import type { Recovered } from "./recovery.js";
import { Resender } from "./resender.js";
import { Ticker } from "./ticker.js";

export class Leader {
  private readonly deps: HostDependencies;
  private readonly recovered: Recovered;
  private readonly onEnd: (end: LeaderEnd) => void;
  private readonly time: BatchClock;
  private readonly outbox: Outbox;
  private readonly resender: Resender;
  private readonly announcer: Announcer;
  private readonly herald: Herald;
  private readonly ticker: Ticker;
  private readonly inbox: Inbox;
  private readonly cleanups: (() => void)[] = [];

  private readonly queue: LogMessage[] = [];
  private open: OpenBatch | null = null;
  private commit: Promise<void> | null = null;
  private sealedAtMs = 0;
  private pumpScheduled = false;
  private accepting = true;
  /** For whom the next batch raises the token, as the last one. */
  private successor: Successor | null = null;
  private handed = false;
  private ended = false;

  /** Committed: what the actor's row says. */
  private batch: number;
  private eventBatch: number;
  private anchor: number;
  private committedPosition: number;

  constructor(deps: HostDependencies, recovered: Recovered, onEnd: (end: LeaderEnd) => void) {
    const { record } = recovered;
    this.deps = deps;
    this.recovered = recovered;
    this.onEnd = onEnd;
    this.time = new BatchClock(deps.clock, recovered.now, record.time);
    this.batch = record.batch;
    this.eventBatch = record.eventBatch;
    this.anchor = record.anchor;
    this.committedPosition = record.position;
    this.inbox = new Inbox(deps, record, recovered.early, {
      arrived: (message) => this.receive(message),
      resumed: () => this.resender.requestRest(recovered.actor.links),
      lost: (error) => this.lostInbox(error),
    });
    this.outbox = new Outbox(deps.log, deps.clock, deps.directory, record);
    this.resender = new Resender(deps.bus, deps.clock, record.id, deps.observer);
    this.herald = new Herald(deps, record);
    this.ticker = new Ticker(deps.clock, this.time, recovered.actor, () => {
      this.guard(() => this.tick());
    });
    this.announcer = new Announcer(deps.bus, deps.clock, () => this.standing());
  }

  /** Has the commit under way had no answer for too long? */
  get isHanging(): boolean {
    const ageMs = this.commit ? this.deps.clock.now() - this.sealedAtMs : 0;
    return ageMs > limits.COMMIT_HANGS_AFTER_MS;
  }

  get backlog(): Backlog {
    const inboxBytes = this.queue.reduce((sum, { data }) => sum + data.length, 0);
    const inbox = { inboxFrames: this.queue.length, inboxBytes };
    const batchCommands = this.open?.commands ?? 0;
    return { ...inbox, batchCommands, ...this.outbox.backlog() };
  }

  /** Nothing is said while a commit hangs: another may be better off. */
  private standing(): Standing | null {
    if (this.isHanging) return null;
    const { id, name, token } = this.recovered.record;
    const { batch, eventBatch, anchor } = this;
    const lags = this.outbox.lags();
    return { actor: id, name, node: this.deps.node, token, batch, eventBatch, anchor, lags };
  }

  /** Reads its inbox on from the position, then says that it leads. */
  async start(): Promise<void> {
    const { directory, clock } = this.deps;
    this.cleanups.push(
      directory.onMarks(this.recovered.record.id, (...mark) => this.confirm(...mark)),
      directory.onMoved((receiver) => this.outbox.resend(receiver, 0)),
      this.resender.onRequest((receiver, from) => this.outbox.resend(receiver, from)),
      every(clock, limits.RESEND_CHECK_EVERY_MS, () => this.outbox.resendOverdue()),
      every(clock, limits.TIDY_AFTER_MS, () => this.guard(() => this.tidy())),
      every(clock, limits.TRIM_EVERY_MS, () => this.trim()),
    );
    this.outbox.send(this.recovered.outbox);
    this.ticker.watch();
    await this.readInbox();
    if (this.ended) return;
    // Only now is it known that the inbox is the one that was read: publishers may come.
    this.announcer.start();
    this.resender.requestRest(this.recovered.actor.links);
  }

  /**
   * Goes on until the commit under way has ended. Then it takes no more, and commits what it has applied, with the token raised
   * for the successor; `committing`: that has begun. False: it has ended otherwise, as `onEnd` was told, or was closed meanwhile.
   */
  async handOver(successor: Successor, committing: () => void): Promise<boolean> {
    this.successor = successor;
    await this.commit;
    this.accepting = false;
    this.inbox.pause();
    const committed = this.commitEmpty();
    if (this.commit) committing();
    await committed;
    return this.handed;
  }

  /** Takes no more, commits what it has applied, and ends without a word to `onEnd`. */
  async drain(): Promise<void> {
    this.accepting = false;
    this.inbox.pause();
    await this.settle();
    this.close();
  }

  /** Stops at once; what is not committed is dropped. */
  close(): void {
    this.ended = true;
    this.accepting = false;
    this.announcer.stop();
    this.resender.stop();
    this.ticker.stop();
    for (const cleanup of this.cleanups.splice(0)) cleanup();
    this.inbox.close();
  }

  /** Until everything that was applied is committed, or the leadership has ended. */
  private async settle(): Promise<void> {
    while (!this.ended && (this.commit || this.open)) {
      if (!this.commit) this.guard(() => this.seal());
      await this.commit;
    }
  }

  /** Whatever throws ends this leadership, and nothing else. */
  private guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.end({ kind: "failed", reason: String(error), batch: this.batch });
    }
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
      this.guard(() => this.pump());
    });
  }

  private pump(): void {
    if (this.ended) return;
    let taken = 0;
    while (taken < this.queue.length && (this.open?.commands ?? 0) < BATCH_COMMANDS_MAX) {
      this.take(this.queue[taken]!);
      taken += 1;
    }
    this.queue.splice(0, taken);
    this.sealInTurn();
  }

  /** Judges one frame and applies what is new of it. */
  private take(message: LogMessage): void {
    const { actor, record } = this.recovered;
    const frame = readFrame(this.deps, record.name, message.data, (source) =>
      this.resender.request(source, 1),
    );
    this.inbox.applied(message);
    if (!frame) return;
    const { source, token, first, commands } = frame;
    const admission = actor.links.admit(source, token, first, commands.length);
    if (admission.kind === "drop") {
      // The source may not know that it was heard: say it again.
      if (admission.reason === "seen") this.markOf(source);
      return;
    }
    if (admission.kind === "gap") {
      this.resender.request(source, admission.from);
      return;
    }
    this.open ??= this.begin();
    const startedAtMs = this.deps.clock.now();
    this.open.apply(frame, admission.skip, message.data);
    const elapsedMs = this.deps.clock.now() - startedAtMs;
    this.deps.observer.applied(record.kind, commands.length - admission.skip, elapsedMs);
  }

  private confirm(receiver: number, token: number, number: number): void {
    if (this.outbox.confirm(receiver, token, number)) return;
    const { observer, logger } = this.deps;
    const { name } = this.recovered.record;
    observer.refused("mark");
    logger.warn({ actor: name, receiver, token, number }, "a mark of what was never sent");
  }

  /** Commits the open batch as soon as nothing of this actor is being committed and the node has a turn for it. */
  private sealInTurn(): void {
    const { id } = this.recovered.record;
    if (this.open && !this.commit && !this.successor) this.deps.turns.take(id, this.myTurn);
  }

  private readonly myTurn = (): Promise<void> | null => {
    if (!this.ended && !this.commit) this.guard(() => this.seal());
    return this.commit;
  };

  /** Closes the open batch and commits it. */
  private seal(): void {
    const { open, anchor, committedPosition: position, successor } = this;
    if (!open) return;
    this.open = null;
    const step = this.inbox.stepFrom({ anchor, position });
    const batch = open.seal(this.recovered.record, step, {
      number: this.batch + 1,
      confirmed: this.outbox.takeConfirmed(successor !== null),
      eventBatchBefore: this.eventBatch,
      successor,
    });
    this.sealedAtMs = this.deps.clock.now();
    this.commit = this.deps.store.commit(batch).then(
      ({ time }) => this.guard(() => this.committed(batch, open.commands, time)),
      (error: unknown) => this.commitFailed(error),
    );
  }

  private committed(batch: Batch, commands: number, time: number): void {
    this.commit = null;
    if (this.ended) return;
    const { actor, record } = this.recovered;
    const previousEventBatch = this.eventBatch;
    this.batch = batch.number;
    this.eventBatch = batch.eventBatch;
    this.anchor = batch.anchor;
    this.committedPosition = batch.positionAfter;
    this.time.observe(time);
    this.outbox.send(batch.outbox);
    this.herald.proclaim(batch, previousEventBatch);
    for (const link of batch.links) this.announcer.mark(link);
    const commitMs = this.deps.clock.now() - this.sealedAtMs;
    this.deps.observer.committed(record.name, actor, { commands, commitMs });
    if (batch.successor) {
      this.handed = true;
      return this.close();
    }
    this.sealInTurn();
    if (this.queue.length > 0) this.schedulePump();
    this.ticker.watch();
  }

  private commitFailed(error: unknown): void {
    this.commit = null;
    if (!this.ended) this.end(endOfCommit(error, this.batch));
  }

  /** Reads the inbox; where there is none, or not the one that was read, it is anchored anew (R5). */
  private async readInbox(): Promise<void> {
    while (!this.ended) {
      if (this.inbox.anchor === 0) await this.anchorAnew("the actor has no inbox yet");
      if (this.ended) return;
      try {
        await this.inbox.read();
        return;
      } catch (error) {
        if (!(error instanceof StreamIdentityError)) throw error;
        await this.anchorAnew(error.message);
      }
    }
  }

  /**
   * What was applied is committed where it was read; then an empty stream becomes the inbox, in a fenced commit. Nobody
   * publishes there before it is announced, and whatever the old one still held its sources send again.
   */
  private async anchorAnew(reason: string): Promise<void> {
    const { name } = this.recovered.record;
    const before = this.inbox.anchor;
    this.inbox.pause();
    this.queue.length = 0;
    // Making a stream deletes what stands there: not before it is sure that this node leads.
    await this.commitEmpty();
    const next = await this.inbox.makeNext();
    await this.settle();
    if (this.ended || !next) return;
    this.inbox.moveTo(next);
    await this.commitEmpty();
    if (this.ended) return;
    this.inbox.remove(before);
    this.deps.observer.anchored(name, next.anchor, reason);
    this.deps.logger.info({ actor: name, anchor: next.anchor, reason }, "a new inbox");
  }

  /** Commits what was applied, and a batch in any case. */
  private async commitEmpty(): Promise<void> {
    if (this.ended) return;
    this.guard(() => void (this.open ??= this.begin()));
    await this.settle();
  }

  private lostInbox(error: Error): void {
    const reason = `${error.name}: ${error.message}`;
    if (!(error instanceof StreamIdentityError)) return this.end({ kind: "lost", reason });
    this.readAnew(error.message).catch((failure: unknown) => {
      this.end({ kind: "lost", reason: String(failure) });
    });
  }

  private async readAnew(reason: string): Promise<void> {
    await this.anchorAnew(reason);
    await this.readInbox();
    if (this.ended) return;
    this.announcer.announce();
    this.resender.requestRest(this.recovered.actor.links);
  }

  private markOf(source: number): void {
    const { links } = this.recovered.actor;
    // Only what is committed may be confirmed: while a batch is under way the mark goes with the next one, and is said after it.
    if (this.open || this.commit) links.repeat(source);
    else this.announcer.mark(links.of(source));
  }

  private trim(): void {
    // While another inbox is being committed, the position is of the one before.
    if (this.inbox.anchor === this.anchor) this.inbox.tidy(this.committedPosition);
  }

  /** When no other batch comes by: deletes confirmed outbox rows, and has what was read and passed over forgotten. */
  private tidy(): void {
    const committed = { anchor: this.anchor, position: this.committedPosition };
    const isDue = this.outbox.hasDeletable || this.inbox.isBeyond(committed);
    if (this.commit || this.open || !isDue) return;
    this.open = this.begin();
    this.sealInTurn();
  }

  /** Does what is due when no other batch comes by to do it, again until nothing is. */
  private tick(): void {
    // The end of the commit under way looks again.
    if (this.commit || this.open || !this.accepting) return;
    const { actor } = this.recovered;
    const hash = actor.stateHash();
    const open = this.begin();
    if (actor.stateHash() === hash) return this.ticker.watch(limits.TICK_AGAIN_AFTER_MS);
    this.open = open;
    this.sealInTurn();
  }

  private begin(): OpenBatch {
    return new OpenBatch(this.recovered.actor, this.time.stamp());
  }
}
