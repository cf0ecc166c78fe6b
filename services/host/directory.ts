/**
 * Where every actor is: its name, the anchor of its inbox and its leader, from announcements, and from Postgres for
 * those not heard of. Also hands the marks in announcements to the sources they are about (R4).
 */
import { decodeAnnouncement, type Announcement } from "../../actors/kernel/event-frame.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { ALL_ANNOUNCEMENTS } from "../ports/subjects.js";
import type { ActorSummary } from "../ports/store.js";

/** The weight of the newest announcement in an actor's activity. */
const ACTIVITY_GAIN = 0.1;

export interface Whereabouts {
  readonly name: string;
  readonly anchor: number;
  readonly token: number;
}

export type MarkHandler = (receiver: number, number: number) => void;
export type AnchorHandler = (receiver: number) => void;

export class Directory {
  private readonly known = new Map<number, Whereabouts>();
  private readonly markHandlers = new Map<number, MarkHandler>();
  private readonly movedHandlers = new Set<AnchorHandler>();
  private readonly clock: Clock;
  private readonly heardAtMs = new Map<number, number>();
  private readonly busyness = new Map<number, { batch: number; rate: number }>();
  private readonly unsubscribe: () => void;

  constructor(bus: Bus, clock: Clock) {
    this.clock = clock;
    this.unsubscribe = bus.subscribe(ALL_ANNOUNCEMENTS, (data) => this.receive(data));
  }

  find(actor: number): Whereabouts | undefined {
    return this.known.get(actor);
  }

  /** Has the actor's leader, of the highest token there is, said within a time that it leads? */
  isHeard(actor: number, withinMs: number): boolean {
    return this.clock.now() - (this.heardAtMs.get(actor) ?? -Infinity) < withinMs;
  }

  /** How much an actor has had to do of late, in batches between two announcements; only to be compared. */
  activity(actor: number): number {
    return this.busyness.get(actor)?.rate ?? 0;
  }

  /** Takes in what Postgres says; announcements that were heard are newer. */
  learn(records: readonly ActorSummary[]): void {
    for (const { id, name, anchor, token } of records) this.update(id, { name, anchor, token });
  }

  /** One handler per source: it hears how far each receiver has committed the source's commands. */
  onMarks(source: number, handler: MarkHandler): () => void {
    this.markHandlers.set(source, handler);
    return () => {
      if (this.markHandlers.get(source) === handler) this.markHandlers.delete(source);
    };
  }

  /** Called when an actor has a new leader or a new inbox: what it may lack is sent again. */
  onMoved(handler: AnchorHandler): () => void {
    this.movedHandlers.add(handler);
    return () => this.movedHandlers.delete(handler);
  }

  close(): void {
    this.unsubscribe();
  }

  private receive(data: Uint8Array): void {
    let announcement: Announcement;
    try {
      announcement = decodeAnnouncement(data);
    } catch (error) {
      if (error instanceof MalformedError) return;
      throw error;
    }
    const { actor, name, anchor, token } = announcement;
    if (token < (this.known.get(actor)?.token ?? 0)) return;
    this.update(actor, { name, anchor, token });
    this.heardAtMs.set(actor, this.clock.now());
    const busy = this.busyness.get(actor) ?? { batch: announcement.batch, rate: 0 };
    const rate = busy.rate + (announcement.batch - busy.batch - busy.rate) * ACTIVITY_GAIN;
    this.busyness.set(actor, { batch: announcement.batch, rate });
    for (const mark of announcement.marks) {
      this.markHandlers.get(mark.source)?.(actor, mark.number);
    }
  }

  private update(actor: number, next: Whereabouts): void {
    const before = this.known.get(actor);
    if (before && (next.token < before.token || next.anchor < before.anchor)) return;
    this.known.set(actor, next);
    const moved = before && (before.token !== next.token || before.anchor !== next.anchor);
    if (moved) for (const handler of this.movedHandlers) handler(actor);
  }
}
