/**
 * NATS in memory: streams that carry inboxes, and plain messages to whoever listens. It keeps the order of each
 * connection, and may lose everything it has stored.
 */
import { LogRefusedError } from "../../../services/ports/log.js";
import type { SimProcess } from "../world/process.js";
import { exponentialUs } from "../world/random.js";
import { noteKind } from "../world/trace.js";
import type { PublishSeen, StreamSeen } from "../world/witness.js";
import { EPOCH_US, type World } from "../world/world.js";
import { SimServer } from "./server.js";
import { Stream } from "./streams.js";
import { Subscribers, type Subscription } from "./subscribers.js";
import type { MessageFaults, NatsSnapshot, NatsSwitches } from "./switches.js";

const PUBLISHED = noteKind(
  "published",
  (anchor, sequence) => `anchor ${anchor} message ${sequence}`,
);
const REFUSED = noteKind("refused", (anchor) => `anchor ${anchor}`);
const MESSAGE = noteKind("message", (bytes) => `${bytes} bytes`);
const STREAM = noteKind("stream", (anchor, last) => `anchor ${anchor} last message ${last}`);

const STAMPS_PER_US = 1_000;
const DELAY_LEAST_US = 1_000;

/** Of a cluster whoever keeps the stream does not answer. */
export class OutOfReachError extends Error {}

interface State extends NatsSnapshot {
  readonly streams: readonly Stream[];
}

export class SimNats extends SimServer implements NatsSwitches {
  readonly messageFaults: MessageFaults = {
    lost: 0,
    duplicated: 0,
    delayed: 0,
    delayedMeanUs: 0,
  };
  /** How many deliveries of plain messages each fault has struck. */
  readonly struck = { lost: 0, duplicated: 0, delayed: 0, apart: 0 };
  /**
   * Processes and actors by name whose server, or whose inbox's, is cut off from the others of its cluster. It answers no question about streams;
   * an inbox that it has goes on for those on its side, and what is said on either is not heard on the other.
   */
  readonly apart = new Set<string>();
  /** The leader of all streams is on that side, and has not noticed yet that it is alone: it answers there, and nobody on the other. */
  answersApart = false;
  readonly subscribers = new Subscribers();
  private readonly byName = new Map<string, Stream>();
  private stamps = 0;

  constructor(world: World) {
    super(world, "nats");
  }

  override stop(): void {
    super.stop();
    this.subscribers.clear();
    for (const { consumers } of this.byName.values()) consumers.clear();
  }

  // Streams ------------------------------------------------------------------------------------------------------

  stream(actorName: string, anchor: number): Stream | undefined {
    return this.byName.get(`${actorName} ${anchor}`);
  }

  /** The same, for those who ask NATS: a stream whose server is gone gives an error, and so does a server that is apart. */
  reach(by: SimProcess, actorName: string, anchor: number): Stream | undefined {
    this.askStreams(by);
    const stream = this.stream(actorName, anchor);
    const isGone = stream?.isInReach === false || !this.isTogether(by, actorName);
    if (isGone) throw new OutOfReachError("10008: temporarily unavailable");
    return stream;
  }

  /** Are a process and an actor's inbox on one side? */
  isTogether({ name }: SimProcess, actorName: string): boolean {
    return this.apart.has(name) === this.apart.has(actorName);
  }

  /** Throws `OutOfReachError` where nobody answers questions about streams. */
  askStreams({ name }: SimProcess): void {
    if (this.apart.size === 0 || this.apart.has(name) === this.answersApart) return;
    this.struck.apart += 1;
    throw new OutOfReachError("10008: temporarily unavailable");
  }

  /** Gives the one that there is, as it is, if there is one. */
  create(by: SimProcess, actorName: string, anchor: number): Stream {
    const existing = this.reach(by, actorName, anchor);
    if (existing) return existing;
    const stream = new Stream(actorName, anchor, this.stamp());
    this.byName.set(`${actorName} ${anchor}`, stream);
    this.tell(stream, by, "created");
    return stream;
  }

  /** By nobody: it is lost, wherever it was. */
  remove(by: SimProcess | null, actorName: string, anchor: number): boolean {
    const stream = by ? this.reach(by, actorName, anchor) : this.stream(actorName, anchor);
    if (!stream) return false;
    this.byName.delete(`${actorName} ${anchor}`);
    stream.consumers.clear();
    this.tell(stream, by, "removed");
    return true;
  }

  trim(by: SimProcess, actorName: string, anchor: number, below: number): void {
    const stream = this.reach(by, actorName, anchor);
    if (!stream) throw new Error("10059: stream not found");
    stream.trim(below);
    this.tell(stream, by, "trimmed");
  }

  /** Throws `LogRefusedError` when it was not stored. */
  publish(by: SimProcess, actorName: string, anchor: number, frame: Uint8Array): void {
    const stream = this.isTogether(by, actorName) ? this.stream(actorName, anchor) : undefined;
    const { trace, scheduler, witness } = this.world;
    const seen = { atUs: scheduler.nowUs, by, actorName, anchor, frame };
    const outcome = outcomeFor(stream, frame);
    if (!stream || outcome !== "stored") {
      trace.note(seen.atUs, REFUSED, by.name, anchor, 0, actorName);
      witness.publish({ ...seen, outcome, sequence: 0, stored: "" });
      throw new LogRefusedError(outcome === "full" ? "full" : "no-stream", outcome);
    }
    const stored = this.stamp();
    const sequence = stream.lastSequence + 1;
    trace.note(seen.atUs, PUBLISHED, by.name, anchor, sequence, actorName);
    trace.bytes(frame);
    witness.publish({ ...seen, outcome, sequence, stored });
    stream.append(stored, frame);
  }

  // Plain messages -----------------------------------------------------------------------------------------------

  say(by: SimProcess, subject: string, data: Uint8Array): void {
    const { trace, scheduler, witness } = this.world;
    trace.note(scheduler.nowUs, MESSAGE, by.name, data.length, 0, subject);
    trace.bytes(data);
    witness.message({ atUs: scheduler.nowUs, by, subject, data });
    const isApart = this.apart.has(by.name);
    for (const subscription of this.subscribers.of(subject)) {
      if (this.apart.has(subscription.by) === isApart) this.carry(subscription, subject, data);
      else this.struck.apart += 1;
    }
  }

  private carry(subscription: Subscription, subject: string, data: Uint8Array): void {
    const { messageFaults, random, struck } = this;
    const { lost, duplicated, delayed, delayedMeanUs } = messageFaults;
    if (lost > 0 && random.chance(lost)) {
      struck.lost += 1;
      return;
    }
    if (duplicated > 0 && random.chance(duplicated)) {
      struck.duplicated += 1;
      subscription.hear(data, subject, 0);
    }
    if (delayed > 0 && random.chance(delayed)) {
      struck.delayed += 1;
      subscription.hear(data, subject, DELAY_LEAST_US + exponentialUs(random, delayedMeanUs));
    } else {
      subscription.hear(data, subject, 0);
    }
  }

  // Faults -------------------------------------------------------------------------------------------------------

  streams(): { readonly actorName: string; readonly anchor: number }[] {
    return [...this.byName.values()].map(({ actorName, anchor }) => ({ actorName, anchor }));
  }

  snapshot(): NatsSnapshot {
    const streams = [...this.byName.values()].map((stream) => stream.copy());
    const state: State = { atUs: this.world.scheduler.nowUs, streams };
    return state;
  }

  rollBack(to: NatsSnapshot): void {
    this.startAnew(() => {
      const before = [...this.byName.values()];
      this.byName.clear();
      for (const stream of (to as State).streams) {
        this.byName.set(`${stream.actorName} ${stream.anchor}`, stream.copy());
      }
      for (const stream of before) {
        if (!this.stream(stream.actorName, stream.anchor)) this.tell(stream, null, "removed");
      }
      for (const stream of this.byName.values()) this.tell(stream, null, "rolled-back");
    });
  }

  wipe(): void {
    this.startAnew(() => {
      for (const { actorName, anchor } of this.streams()) this.remove(null, actorName, anchor);
    });
  }

  loseTails(messagesMax: number): number {
    let lost = 0;
    this.startAnew(() => {
      for (const stream of this.byName.values()) {
        const here = stream.loseTail(this.random.whole(0, messagesMax));
        if (here > 0) this.tell(stream, null, "lost-tail");
        lost += here;
      }
    });
    return lost;
  }

  removeStream(actorName: string, anchor: number): boolean {
    return this.remove(null, actorName, anchor);
  }

  setReach(actorName: string, anchor: number, isInReach: boolean): void {
    const stream = this.stream(actorName, anchor);
    if (!stream) return;
    stream.isInReach = isInReach;
    if (!isInReach) stream.consumers.clear();
  }

  inject(actorName: string, anchor: number, frame: Uint8Array): void {
    const stream = this.stream(actorName, anchor);
    if (!stream) return;
    const { trace, scheduler } = this.world;
    trace.note(scheduler.nowUs, PUBLISHED, "somebody", anchor, stream.lastSequence + 1, actorName);
    stream.append(this.stamp(), frame);
  }

  /** Changes what is stored, under a restart if the server runs. */
  private startAnew(change: () => void): void {
    const wasDown = this.isDown;
    this.stop();
    change();
    if (!wasDown) this.start();
  }

  /** In nanoseconds since 1970, as text; no two are the same. */
  private stamp(): string {
    this.stamps = (this.stamps + 1) % STAMPS_PER_US;
    return `${EPOCH_US + this.world.scheduler.nowUs}${String(this.stamps).padStart(3, "0")}`;
  }

  private tell(stream: Stream, by: SimProcess | null, change: StreamSeen["change"]): void {
    const { trace, scheduler, witness } = this.world;
    const { actorName, anchor, created, firstSequence, lastSequence } = stream;
    const atUs = scheduler.nowUs;
    trace.note(atUs, STREAM, by?.name ?? "", anchor, lastSequence, `${actorName} ${change}`);
    witness.stream({ atUs, by, actorName, anchor, change, created, firstSequence, lastSequence });
  }
}

function outcomeFor(stream: Stream | undefined, frame: Uint8Array): PublishSeen["outcome"] {
  if (!stream?.isInReach) return "no-stream";
  return stream.hasRoomFor(frame) ? "stored" : "full";
}
