/**
 * Where every actor is: its name, the anchor of its inbox and its leader, as announced and as Postgres has it (see
 * `Roster`). Also hands the marks in announcements to the sources they are about (R4).
 */
import type { Logger } from "pino";
import { decodeAnnouncement, type Announcement } from "../../actors/kernel/event-frame.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Roster } from "../common/roster.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { ALL_ANNOUNCEMENTS } from "../ports/subjects.js";
import type { ActorSummary, Store } from "../ports/store.js";
import type { HostObserver } from "./observer.js";

/** An actor's activity is a mean of about so long. */
const ACTIVITY_OVER_MS = 1_000;

export interface Whereabouts {
  readonly name: string;
  readonly anchor: number;
  readonly token: number;
}

/** What a receiver has committed: up to `number`, the last of it under `token` of the source. */
export type MarkHandler = (receiver: number, token: number, number: number) => void;
export type AnchorHandler = (receiver: number) => void;

export interface DirectoryDependencies {
  readonly bus: Bus;
  readonly store: Pick<Store, "actors">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: Pick<HostObserver, "refused">;
}

export class Directory {
  private readonly roster: Roster;
  private readonly markHandlers = new Map<number, MarkHandler>();
  private readonly movedHandlers = new Set<AnchorHandler>();
  private readonly clock: Clock;
  private readonly observer: Pick<HostObserver, "refused">;
  private readonly heardAtMs = new Map<number, number>();
  private readonly busyness = new Map<number, Busyness>();
  private readonly unsubscribe: () => void;

  constructor({ bus, store, clock, logger, observer }: DirectoryDependencies) {
    this.clock = clock;
    this.observer = observer;
    this.roster = new Roster(clock, {
      read: async () => standings(await store.actors(0)),
      believed: (announcement) => this.take(announcement),
      moved: (actor) => {
        for (const handler of this.movedHandlers) handler(actor);
      },
      refused: ({ actor, name, node, token, anchor }, reason) => {
        observer.refused("announcement");
        const said = { id: actor, by: node, token, anchor };
        logger.warn({ actor: name, said, reason }, "nobody who leads has said this");
      },
    });
    this.unsubscribe = bus.subscribe(ALL_ANNOUNCEMENTS, (data) => this.receive(data));
  }

  find(actor: number): Whereabouts | undefined {
    return this.roster.find(actor);
  }

  /** Has the actor's leader, of the highest token there is, said within a time that it leads? */
  isHeard(actor: number, withinMs: number): boolean {
    return this.silenceMs(actor) < withinMs;
  }

  /** For how long the actor's leader has not been heard; infinite: never was. */
  silenceMs(actor: number): number {
    return this.clock.now() - (this.heardAtMs.get(actor) ?? -Infinity);
  }

  /** How much an actor has had to do of late, in batches a millisecond; only to be compared. */
  activity(actor: number): number {
    return this.busyness.get(actor)?.rate ?? 0;
  }

  /** Takes in what Postgres says. */
  learn(actors: readonly ActorSummary[]): void {
    this.roster.learn(standings(actors));
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
    this.roster.close();
  }

  private receive(data: Uint8Array): void {
    let announcement: Announcement;
    try {
      announcement = decodeAnnouncement(data);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.observer.refused("announcement");
      return;
    }
    this.roster.hear(announcement);
  }

  private take({ actor, batch, marks }: Announcement): void {
    const nowMs = this.clock.now();
    this.heardAtMs.set(actor, nowMs);
    this.busyness.set(actor, busier(this.busyness.get(actor), batch, nowMs));
    for (const { source, token, number } of marks) {
      this.markHandlers.get(source)?.(actor, token, number);
    }
  }
}

interface Busyness {
  readonly batch: number;
  readonly rate: number;
  readonly atMs: number;
}

/** Who is idle is heard less often, so each announcement weighs as much as the time since the one before. */
function busier(before: Busyness | undefined, batch: number, nowMs: number): Busyness {
  if (!before) return { batch, rate: 0, atMs: nowMs };
  const elapsedMs = nowMs - before.atMs;
  if (elapsedMs <= 0) return before;
  const weight = Math.min(1, elapsedMs / ACTIVITY_OVER_MS);
  // A database that was set back has lower batches.
  const done = Math.max(0, batch - before.batch);
  const rate = before.rate + (done / elapsedMs - before.rate) * weight;
  return { batch, rate, atMs: nowMs };
}

function standings(actors: readonly ActorSummary[]) {
  return actors.map(({ id, name, anchor, token }) => ({ actor: id, name, anchor, token }));
}
