/**
 * What this node has seen of an actor's leaders: how soon one followed the other, and who has dropped it of late. Who has
 * dropped it comes behind the others for a while, each time for twice as long: else its first choice, short of time or of
 * connections, would at once take again what it has just dropped, and so on. A takeover from a leader that is never heard again was right, and
 * nobody waits the longer for it: those who die one after the other are each followed at once.
 */
import { CLAIM_REASONS } from "../host/reasons.js";
import type { Leadership } from "../ports/lease-store.js";
import {
  FLAPS_COUNTED_MAX,
  FLAPS_FORGOTTEN_AFTER_MS,
  MOVE_AFTER_MS,
  REST_MS,
  REST_MS_MAX,
  RESTLESS_WITHIN_MS,
} from "./limits.js";
import type { Member } from "./membership.js";

/** What a life of a node has dropped. */
interface Drops {
  readonly incarnation: string;
  count: number;
  /** Was it taken for ended, one of these times? */
  hasEnded: boolean;
  /** Until when it comes behind the others. */
  untilMs: number;
}

/** A life of a node that has lost the actor. */
interface Deposed {
  readonly node: string;
  readonly incarnation: string;
  /** Has it been well since? Then it may have been so all the time. */
  isBack: boolean;
}

type Members = ReadonlyMap<string, Member>;

export class LeaderHistory {
  /** Who holds the key, or held it last; in which life, and since when. */
  private node = "";
  private incarnation = "";
  private sinceMs = 0;
  private isHeld = false;
  /** Is it taken for ended? */
  private isEnded = false;
  /** From whom it was taken, or who dropped it, each soon after the one before; the newest last. */
  private deposed: Deposed[] = [];
  private readonly drops = new Map<string, Drops>();

  /** Takes note of who holds the key now. */
  see(key: Leadership, members: Members, nowMs: number): void {
    const leader = members.get(key.node);
    if (!this.isHeld || key.node !== this.node) this.change(key, nowMs);
    this.lookForDeposed(members);
    // Whose lease runs out is gone together with its keys: it is remembered in which life it led.
    this.incarnation = leader?.info.incarnation ?? this.incarnation;
    this.isEnded = leader?.suspicion === CLAIM_REASONS.ended;
    // Whoever leads is alive, also where nobody hears it.
    for (const life of this.deposed) {
      if (life.node === this.node && life.incarnation === this.incarnation) life.isBack = true;
    }
  }

  /** Takes note that nobody leads. Where somebody does, though there is no key, it is etcd that has forgotten it. */
  seeNobody(members: Members, nowMs: number): void {
    this.lookForDeposed(members);
    if (this.isHeld) this.drop(nowMs);
    this.isHeld = false;
  }

  /** Until when the actor is not taken from its leader for a mere suspicion. */
  get restsUntilMs(): number {
    const { doubts } = this;
    return doubts === 0 ? 0 : this.sinceMs + Math.min(REST_MS * 2 ** (doubts - 1), REST_MS_MAX);
  }

  /**
   * Until when it is not claimed though nobody leads it. The first takeovers of some are not waited for; then each claim has twice
   * the time of the one before: who recovers slowly, and loses its lease over it, is to come to an end.
   */
  get freeUntilMs(): number {
    const { doubts } = this;
    return doubts < 2 ? 0 : this.sinceMs + REST_MS * 2 ** (doubts - 2);
  }

  /** Until when a node comes behind the others; 0: it does not. Another life of it has dropped nothing. */
  behindUntilMs(node: string, incarnation: string, nowMs: number): number {
    const drops = this.drops.get(node);
    return drops?.incarnation === incarnation && drops.untilMs > nowMs ? drops.untilMs : 0;
  }

  /** Was this life of a node taken for ended when it dropped the actor? If it is there, it had not. */
  hasEnded(node: string, incarnation: string): boolean {
    const drops = this.drops.get(node);
    return drops?.incarnation === incarnation && drops.hasEnded;
  }

  /** Has nobody dropped it yet? */
  get isClean(): boolean {
    return this.drops.size === 0;
  }

  /** How many of those who have lost it one after the other may have been well. */
  private get doubts(): number {
    return this.deposed.filter(({ isBack }) => isBack).length;
  }

  private lookForDeposed(members: Members): void {
    for (const life of this.deposed) {
      const member = members.get(life.node);
      if (member?.info.incarnation !== life.incarnation) continue;
      life.isBack ||= member.suspicion === null;
    }
  }

  private change({ node, handedAt }: Leadership, nowMs: number): void {
    const isFirst = this.node === "";
    if (handedAt !== null || isFirst) this.deposed = [];
    else {
      if (this.isHeld) this.drop(nowMs);
      const isSoon = nowMs - this.sinceMs < RESTLESS_WITHIN_MS * 2 ** this.deposed.length;
      const before = isSoon ? this.deposed.slice(1 - FLAPS_COUNTED_MAX) : [];
      const { node: of, incarnation } = this;
      this.deposed = [...before, { node: of, incarnation, isBack: false }];
    }
    if (node !== this.node) this.incarnation = "";
    this.node = node;
    this.sinceMs = nowMs;
    this.isHeld = true;
  }

  private drop(nowMs: number): void {
    const { node, incarnation, sinceMs } = this;
    const before = this.drops.get(node);
    const hasEnded = this.isEnded || this.hasEnded(node, incarnation);
    const isForgotten =
      before?.incarnation !== incarnation || nowMs - sinceMs >= FLAPS_FORGOTTEN_AFTER_MS;
    const count = isForgotten ? 1 : Math.min(before.count + 1, FLAPS_COUNTED_MAX);
    this.drops.set(node, {
      incarnation,
      count,
      hasEnded,
      untilMs: nowMs + MOVE_AFTER_MS * 2 ** count,
    });
  }
}
