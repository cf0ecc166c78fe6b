/**
 * Who leads which actor, and where its inbox is, as far as Postgres has said so. What a leader announces on the bus comes
 * sooner, but anybody can say anything there: a word that is ahead of what is known is held until Postgres has been
 * asked, once for all that are held. It was committed before it was said, so the answer proves it or disproves it.
 */
import type { Announcement } from "../../actors/kernel/event-frame.js";
import type { Clock } from "../ports/clock.js";

/** When Postgres was just asked, it is asked again after so long. */
const ASK_AGAIN_AFTER_MS = 5;

export interface Standing {
  readonly actor: number;
  readonly name: string;
  readonly anchor: number;
  readonly token: number;
}

export interface RosterHandlers {
  /** Reads every actor from Postgres. */
  readonly read: () => Promise<readonly Standing[]>;
  /** The leader has said this: it is the one that Postgres knows. */
  readonly believed: (announcement: Announcement) => void;
  /** The actor is new, has a new leader or a new inbox. */
  readonly moved: (actor: number) => void;
  /** Nobody who leads has said this. */
  readonly refused: (announcement: Announcement, reason: string) => void;
}

export class Roster {
  private readonly clock: Clock;
  private readonly handlers: RosterHandlers;
  private readonly known = new Map<number, Standing>();
  /** The last announcement of each actor that is ahead of what is known. */
  private held = new Map<number, Announcement>();
  private isAsking = false;
  private closed = false;

  constructor(clock: Clock, handlers: RosterHandlers) {
    this.clock = clock;
    this.handlers = handlers;
  }

  find(actor: number): Standing | undefined {
    return this.known.get(actor);
  }

  close(): void {
    this.closed = true;
  }

  /** Takes in what Postgres says. Tokens and anchors only grow there: a lower one was read before a higher one. */
  learn(standings: readonly Standing[]): void {
    for (const { actor, name, anchor, token } of standings) {
      const before = this.known.get(actor);
      if (before && (token < before.token || anchor < before.anchor)) continue;
      if (before && token === before.token && anchor === before.anchor) continue;
      this.known.set(actor, { actor, name, anchor, token });
      this.handlers.moved(actor);
    }
  }

  hear(announcement: Announcement): void {
    const known = this.known.get(announcement.actor);
    if (known && known.name !== announcement.name) {
      this.handlers.refused(announcement, `actor ${known.actor} is ${known.name}`);
    } else if (!known || isAhead(announcement, known)) {
      this.held.set(announcement.actor, announcement);
      this.ask();
    } else if (announcement.token === known.token && announcement.anchor === known.anchor) {
      this.handlers.believed(announcement);
    }
  }

  private ask(): void {
    if (this.isAsking || this.held.size === 0 || this.closed) return;
    this.isAsking = true;
    const { held } = this;
    this.held = new Map();
    this.handlers
      .read()
      .then(
        (standings) => {
          if (!this.closed) this.judge(held, standings);
        },
        // A leader says it again.
        () => undefined,
      )
      .finally(() => {
        this.clock.after(ASK_AGAIN_AFTER_MS, () => {
          this.isAsking = false;
          this.ask();
        });
      });
  }

  private judge(held: ReadonlyMap<number, Announcement>, standings: readonly Standing[]): void {
    this.learn(standings);
    for (const announcement of held.values()) {
      const known = this.known.get(announcement.actor);
      if (!known) this.handlers.refused(announcement, "there is no such actor");
      else if (known.name === announcement.name && isAhead(announcement, known)) {
        const { token, anchor } = known;
        this.handlers.refused(announcement, `its token is ${token} and its anchor ${anchor}`);
      } else this.hear(announcement);
    }
  }
}

function isAhead(announcement: Announcement, known: Standing): boolean {
  if (announcement.token !== known.token) return announcement.token > known.token;
  return announcement.anchor > known.anchor;
}
