/** Where every actor's inbox is and whether somebody was heard to lead it: as announced and as Postgres has it (see `Roster`). */
import type { Logger } from "pino";
import { type Announcement, decodeAnnouncement } from "../../actors/kernel/event-frame.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Roster } from "../common/roster.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import type { ActorHead, Reads } from "../ports/reads.js";
import { ALL_ANNOUNCEMENTS } from "../ports/subjects.js";
import { NO_LEADER_AFTER_MS } from "./limits.js";
import { announcementsRefused, malformedMessages } from "./metrics.js";

export interface Inbox {
  readonly name: string;
  readonly anchor: number;
  readonly token: number;
}

export interface LeadersDependencies {
  readonly bus: Bus;
  readonly reads: Pick<Reads, "actorHeads">;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Leaders {
  private readonly clock: Clock;
  private readonly roster: Roster;
  /** On the monotonic clock, in milliseconds. */
  private readonly heardAtMs = new Map<number, number>();
  private readonly handlers: ((announcement: Announcement) => void)[] = [];
  private readonly movedHandlers: ((actor: number) => void)[] = [];
  private readonly unsubscribe: () => void;
  private readonly startedAtMs: number;

  constructor({ bus, reads, clock, logger }: LeadersDependencies) {
    this.clock = clock;
    this.startedAtMs = clock.now();
    this.roster = new Roster(clock, {
      read: () => reads.actorHeads(),
      believed: (announcement) => this.take(announcement),
      moved: (actor) => {
        for (const handler of this.movedHandlers) handler(actor);
      },
      refused: ({ actor, name, node, token, anchor }, reason) => {
        announcementsRefused.inc();
        const said = { id: actor, by: node, token, anchor };
        logger.warn({ actor: name, said, reason }, "nobody who leads has said this");
      },
    });
    this.unsubscribe = bus.subscribe(ALL_ANNOUNCEMENTS, (data) => this.receive(data));
  }

  /** Takes in what Postgres says. */
  learn(heads: readonly ActorHead[]): void {
    this.roster.learn(heads);
  }

  /** Where to publish; undefined when the actor has no inbox yet. */
  inbox(actor: number): Inbox | undefined {
    const known = this.roster.find(actor);
    return known && known.anchor > 0 ? known : undefined;
  }

  /** The token of the actor's leader as far as it is known; 0 when nothing is. */
  token(actor: number): number {
    return this.roster.find(actor)?.token ?? 0;
  }

  /** Has its leader been heard lately? */
  isLed(actor: number): boolean {
    return this.clock.now() - (this.heardAtMs.get(actor) ?? -Infinity) <= NO_LEADER_AFTER_MS;
  }

  /** Was nothing heard of a leader for too long? Not yet, while this gateway has not listened for so long. */
  isSilent(actor: number): boolean {
    const heardAtMs = this.heardAtMs.get(actor) ?? -Infinity;
    return this.clock.now() - Math.max(heardAtMs, this.startedAtMs) > NO_LEADER_AFTER_MS;
  }

  /** Hears every announcement of whoever leads. */
  onAnnouncement(handler: (announcement: Announcement) => void): void {
    this.handlers.push(handler);
  }

  /** Called when an actor has a new leader or a new inbox. */
  onMoved(handler: (actor: number) => void): void {
    this.movedHandlers.push(handler);
  }

  close(): void {
    this.unsubscribe();
    this.roster.close();
  }

  private receive(data: Uint8Array): void {
    const announcement = decodeOrNull(data);
    if (announcement) this.roster.hear(announcement);
    else malformedMessages.inc();
  }

  private take(announcement: Announcement): void {
    this.heardAtMs.set(announcement.actor, this.clock.now());
    for (const handler of this.handlers) handler(announcement);
  }
}

function decodeOrNull(data: Uint8Array): Announcement | null {
  try {
    return decodeAnnouncement(data);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
