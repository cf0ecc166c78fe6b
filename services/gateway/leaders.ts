/** Where every actor's inbox is and whether somebody was heard to lead it: from announcements, at first from Postgres. */
import { type Announcement, decodeAnnouncement } from "../../actors/kernel/event-frame.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import type { ActorHead } from "../ports/reads.js";
import { ALL_ANNOUNCEMENTS } from "../ports/subjects.js";
import { NO_LEADER_AFTER_MS } from "./limits.js";
import { malformedMessages } from "./metrics.js";

export interface Inbox {
  readonly name: string;
  readonly anchor: number;
  readonly token: number;
}

interface Known extends Inbox {
  /** On the monotonic clock, in milliseconds; −∞ when it was never heard. */
  readonly heardAtMs: number;
}

export class Leaders {
  private readonly clock: Clock;
  private readonly known = new Map<number, Known>();
  private readonly handlers: ((announcement: Announcement) => void)[] = [];
  private readonly movedHandlers: ((actor: number) => void)[] = [];
  private readonly unsubscribe: () => void;
  private readonly startedAtMs: number;

  constructor(bus: Bus, clock: Clock) {
    this.clock = clock;
    this.startedAtMs = clock.now();
    this.unsubscribe = bus.subscribe(ALL_ANNOUNCEMENTS, (data) => this.receive(data));
  }

  /** Takes in what Postgres says of actors that were not heard of. */
  learn(heads: readonly ActorHead[]): void {
    for (const { actor, name, anchor, token } of heads) {
      const before = this.known.get(actor);
      if (before && before.token >= token) continue;
      this.known.set(actor, { name, anchor, token, heardAtMs: before?.heardAtMs ?? -Infinity });
    }
  }

  /** Where to publish; undefined when the actor has no inbox yet. */
  inbox(actor: number): Inbox | undefined {
    const known = this.known.get(actor);
    return known && known.anchor > 0 ? known : undefined;
  }

  /** Has its leader been heard lately? */
  isLed(actor: number): boolean {
    const known = this.known.get(actor);
    return known !== undefined && this.clock.now() - known.heardAtMs <= NO_LEADER_AFTER_MS;
  }

  /** Was nothing heard of a leader for too long? Not yet, while this gateway has not listened for so long. */
  isSilent(actor: number): boolean {
    const heardAtMs = this.known.get(actor)?.heardAtMs ?? -Infinity;
    return this.clock.now() - Math.max(heardAtMs, this.startedAtMs) > NO_LEADER_AFTER_MS;
  }

  /** Hears every announcement of a leader that is not known to be deposed. */
  onAnnouncement(handler: (announcement: Announcement) => void): void {
    this.handlers.push(handler);
  }

  /** Called when an actor has a new leader or a new inbox. */
  onMoved(handler: (actor: number) => void): void {
    this.movedHandlers.push(handler);
  }

  close(): void {
    this.unsubscribe();
  }

  private receive(data: Uint8Array): void {
    const announcement = decodeOrNull(data);
    if (!announcement) return malformedMessages.inc();
    const { actor, name, anchor, token } = announcement;
    const before = this.known.get(actor);
    if (before && token < before.token) return;
    this.known.set(actor, { name, anchor, token, heardAtMs: this.clock.now() });
    const moved = before && (before.token !== token || before.anchor !== anchor);
    if (moved) for (const handler of this.movedHandlers) handler(actor);
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
