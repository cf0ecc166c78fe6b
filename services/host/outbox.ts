/**
 * What an actor has said to others and they have not yet committed (R4). Frames come here after the commit that
 * stored them (R3), are published in order, and sent again, as they are, when a receiver asks, when it has moved, or
 * when nothing was heard for too long. What a receiver has committed is forgotten here and deleted by a later batch: now
 * and then, for a statement that also deletes costs a small batch a tenth more, and to send such a row again does no harm.
 */
import type { Lag } from "../../actors/kernel/event-frame.js";
import { stampToken } from "../../actors/kernel/frame.js";
import { QUEUES } from "../common/queues.js";
import type { Clock } from "../ports/clock.js";
import type { Log } from "../ports/log.js";
import type { ActorRecord, OutboxRow } from "../ports/store.js";
import type { Directory } from "./directory.js";
import type { Backlog } from "./observer.js";
import {
  DELETE_CONFIRMED_EVERY_MS,
  LAG_STUCK_MS,
  LAG_TOLD_COMMANDS_MIN,
  LAG_TOLD_MS_MIN,
  OUTBOX_COMMANDS_MAX,
  RESEND_AFTER_MS,
  RESEND_FRAMES_MAX,
} from "./limits.js";

/** A way is taken for behind from there on. */
const BEHIND_MS = QUEUES["gateway-ways"].limit;

interface Sent {
  readonly row: OutboxRow;
  /** When it was sent first, by this leader. */
  readonly atMs: number;
}

interface Pending {
  readonly frames: Sent[];
  /** How long the newest frame that is confirmed took to be. */
  lagMs: number;
  /** The highest number that was sent. */
  sent: number;
  confirmed: number;
  /** When something was last confirmed, or the first of what waits was sent. */
  movedAtMs: number;
  /** When something was last sent again. */
  resentAtMs: number;
  /** Up to where was sent again, when more is to follow, and up to where it is to be; else 0. What was sent since is on its way. */
  resentUpTo: number;
  resendTo: number;
}

export class Outbox {
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly directory: Directory;
  private readonly token: number;
  /** What one shard does not take of a market comes of what the others send it; what a market does not take, of orders for it alone. */
  private readonly holdsUpAll: boolean;
  private readonly byDestination = new Map<number, Pending>();
  private readonly deletable = new Map<number, number>();
  private deletedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    log: Log,
    clock: Clock,
    directory: Directory,
    { token, kind }: Pick<ActorRecord, "token" | "kind">,
  ) {
    this.log = log;
    this.clock = clock;
    this.directory = directory;
    this.token = token;
    this.holdsUpAll = kind === "market";
  }

  /** Frames that are committed: kept until confirmed, and published. */
  send(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      const pending = this.pendingOf(row.destination);
      pending.frames.push({ row, atMs: this.clock.now() });
      pending.sent = row.last;
      this.publish(row);
    }
  }

  /**
   * The receiver has committed everything up to `number`, the last of it under `token`. False: that was never sent, so no
   * receiver has said it, and nothing is changed.
   */
  confirm(destination: number, token: number, number: number): boolean {
    // A successor has sent it: this leader was frozen and does not know yet that it is deposed.
    if (token > this.token) return true;
    const pending = this.byDestination.get(destination);
    if (!pending || number <= pending.confirmed) return true;
    if (number > pending.sent) return false;
    pending.confirmed = number;
    pending.movedAtMs = this.clock.now();
    let confirmed = 0;
    while (confirmed < pending.frames.length && pending.frames[confirmed]!.row.last <= number)
      confirmed++;
    if (confirmed === 0) return true;
    const newest = pending.frames[confirmed - 1]!;
    pending.lagMs = this.clock.now() - newest.atMs;
    pending.frames.splice(0, confirmed);
    this.deletable.set(destination, newest.row.last);
    if (pending.resentUpTo > 0 && number >= pending.resentUpTo) this.sendAgain(pending, 0);
    return true;
  }

  /** Sends again what the receiver asks for: so much at once, and the next when that is confirmed. */
  resend(destination: number, from: number): void {
    const pending = this.byDestination.get(destination);
    if (!pending) return;
    pending.resendTo = pending.sent;
    this.sendAgain(pending, from);
  }

  /** Sends again what has waited too long for its receiver. */
  resendOverdue(): void {
    const now = this.clock.now();
    for (const [destination, { frames, movedAtMs, resentAtMs }] of this.byDestination) {
      const quietMs = now - Math.max(movedAtMs, resentAtMs);
      if (frames.length > 0 && quietMs >= RESEND_AFTER_MS) this.resend(destination, 0);
    }
  }

  /** Rows that a batch is to delete, the last one in any case; they are handed out once. */
  takeConfirmed(isLast = false): { destination: number; upTo: number }[] {
    if (!isLast && !this.hasDeletable) return [];
    this.deletedAtMs = this.clock.now();
    const rows = [...this.deletable].map(([destination, upTo]) => ({ destination, upTo }));
    this.deletable.clear();
    return rows;
  }

  get hasDeletable(): boolean {
    const isDue = this.clock.now() - this.deletedAtMs >= DELETE_CONFIRMED_EVERY_MS;
    return isDue && this.deletable.size > 0;
  }

  /** Frames not confirmed, and for how long nothing has moved towards the slowest of their receivers. */
  backlog(): Pick<Backlog, "outboxFrames" | "outboxCommands" | "outboxAgeMs"> {
    const now = this.clock.now();
    let outboxFrames = 0;
    let outboxAgeMs = 0;
    for (const pending of this.byDestination.values()) {
      if (pending.frames.length === 0) continue;
      outboxFrames += pending.frames.length;
      outboxAgeMs = Math.max(outboxAgeMs, now - pending.movedAtMs);
    }
    return { outboxFrames, outboxCommands: this.longest, outboxAgeMs };
  }

  /** Commands that wait for the one of its receivers for which the most do. */
  private get longest(): number {
    let longest = 0;
    for (const pending of this.byDestination.values()) {
      longest = Math.max(longest, commandsOf(pending));
    }
    return longest;
  }

  /** Receivers that are late, and those for which more is kept than may be. */
  lags(): Lag[] {
    const now = this.clock.now();
    const lags: Lag[] = [];
    const areAllHeldUp = this.holdsUpAll && this.longest >= OUTBOX_COMMANDS_MAX;
    for (const [receiver, pending] of this.byDestination) {
      const commands = commandsOf(pending);
      const ms = lateMs(pending, now);
      if (areAllHeldUp || commands >= OUTBOX_COMMANDS_MAX) {
        lags.push({ receiver, ms: Math.max(ms, BEHIND_MS) });
      } else if (commands >= LAG_TOLD_COMMANDS_MIN && ms >= LAG_TOLD_MS_MIN) {
        lags.push({ receiver, ms });
      }
    }
    return lags;
  }

  private sendAgain(pending: Pending, from: number): void {
    const { frames, resendTo } = pending;
    const wanted = frames.filter(({ row }) => row.last >= from && row.last <= resendTo);
    if (wanted.length > 0) pending.resentAtMs = this.clock.now();
    const now = wanted.slice(0, RESEND_FRAMES_MAX);
    for (const { row } of now) this.publish(row);
    pending.resentUpTo = now.length < wanted.length ? now.at(-1)!.row.last : 0;
  }

  private publish(row: OutboxRow): void {
    const whereabouts = this.directory.find(row.destination);
    // A receiver that has no inbox yet, or whose log refuses the frame, gets it when it is overdue.
    if (!whereabouts || whereabouts.anchor === 0) return;
    stampToken(row.frame, this.token);
    this.log.post(whereabouts.name, whereabouts.anchor, row.frame);
  }

  private pendingOf(destination: number): Pending {
    let pending = this.byDestination.get(destination);
    if (!pending) {
      const movedAtMs = this.clock.now();
      const nothing = { lagMs: 0, sent: 0, confirmed: 0, resentUpTo: 0, resendTo: 0 };
      pending = { frames: [], movedAtMs, resentAtMs: -Infinity, ...nothing };
      this.byDestination.set(destination, pending);
    }
    if (pending.frames.length === 0) pending.movedAtMs = this.clock.now();
    return pending;
  }
}

function commandsOf({ frames, sent, confirmed }: Pending): number {
  return frames.length === 0 ? 0 : sent - Math.max(confirmed, frames[0]!.row.first - 1);
}

/**
 * By what it has confirmed last, for one that confirms nothing for a while may have another leader in a moment; after a longer
 * while by what it has not.
 */
function lateMs({ frames, lagMs }: Pending, now: number): number {
  if (frames.length === 0) return 0;
  const oldestMs = now - frames[0]!.atMs;
  return Math.round(oldestMs > LAG_STUCK_MS ? oldestMs : lagMs);
}
