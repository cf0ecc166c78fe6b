/**
 * Which actors this node should follow, claim, ask for and give away: rendezvous hashing over the nodes that may lead,
 * with hysteresis, and with what operators wish. It decides from a view alone; nothing rests on it but who does the work.
 */
import { preference, type WeighedNode } from "../../actors/placement/rendezvous.js";
import type { Wishes } from "../../actors/placement/wishes.js";
import type { Leadership } from "../ports/lease-store.js";
import { FLAPS_COUNTED_MAX, NEXT_CHOICE_AFTER_MS, REST_MS, RESTLESS_WITHIN_MS } from "./limits.js";
import type { Member } from "./membership.js";
import { ENDED } from "./neighbours.js";

export interface View {
  readonly nowMs: number;
  readonly members: ReadonlyMap<string, Member>;
  readonly leaders: ReadonlyMap<string, Leadership>;
  readonly wishes: Wishes;
  /** Does somebody say, on the bus, that he leads the actor, though etcd may have forgotten it? */
  readonly isHeard: (actorName: string) => boolean;
  /** Does a commit of the actor hang at a node, while this one's do not? */
  readonly isStuck: (node: string, actorName: string) => boolean;
  /** Are this node's own ways to the servers good? */
  readonly isWell: boolean;
}

/** An actor's last change of leaders, and until when it is not to change again for a mere suspicion. */
interface Rest {
  readonly node: string;
  readonly sinceMs: number;
  takeovers: number;
  untilMs: number;
}

export class Placement {
  private readonly node: string;
  private readonly leaderlessSinceMs = new Map<string, number>();
  private readonly rests = new Map<string, Rest>();
  /** Orders of preference, for as long as the same nodes may lead. */
  private readonly orders = new Map<string, readonly string[]>();
  private ordersOf = "";
  private viewed: View | null = null;
  private eligible: readonly WeighedNode[] = [];

  constructor(node: string) {
    this.node = node;
  }

  /**
   * Why this node should claim the actor now, in words that are always the same; null: it should not. To be asked at every
   * look, as it counts for how long nobody leads.
   */
  reasonToClaim(actorName: string, view: View): string | null {
    const rest = this.restOf(actorName, view);
    const reason = leaderlessness(actorName, view);
    // Who has just been taken over by a suspicion is not taken over by the next one at once.
    if (reason === null || (reason.isDoubtful && view.nowMs < rest.untilMs)) {
      this.leaderlessSinceMs.delete(actorName);
      return null;
    }
    const sinceMs = this.leaderlessSinceMs.get(actorName) ?? view.nowMs;
    this.leaderlessSinceMs.set(actorName, sinceMs);
    const patience = Math.floor((view.nowMs - sinceMs) / NEXT_CHOICE_AFTER_MS);
    const holder = view.leaders.get(actorName)?.node;
    const heirs = this.choices(actorName, view).filter((node) => node !== holder);
    return heirs.slice(0, 1 + patience).includes(this.node) ? reason.text : null;
  }

  /** Takes note of takeovers: each that follows another soon makes the actor rest twice as long. */
  private restOf(actorName: string, { leaders, nowMs }: View): Rest {
    const key = leaders.get(actorName);
    const before = this.rests.get(actorName);
    if (before && (!key || key.node === before.node)) return before;
    const rest: Rest = { node: key?.node ?? "", sinceMs: nowMs, takeovers: 0, untilMs: 0 };
    if (before && key && key.handedAt === null) {
      const isSoon = nowMs - before.sinceMs < RESTLESS_WITHIN_MS * 2 ** before.takeovers;
      rest.takeovers = isSoon ? Math.min(before.takeovers + 1, FLAPS_COUNTED_MAX) : 1;
      rest.untilMs = nowMs + REST_MS * 2 ** (rest.takeovers - 1);
    }
    this.rests.set(actorName, rest);
    return rest;
  }

  /** Should this node stand by for the actor: is it the first choice that does not lead? */
  shouldFollow(actorName: string, view: View): boolean {
    const leader = view.leaders.get(actorName)?.node;
    if (leader === undefined || leader === this.node) return false;
    if (view.wishes.withoutStandby.has(actorName)) return false;
    return this.choices(actorName, view).find((node) => node !== leader) === this.node;
  }

  /** Should this node ask the actor's leader, who is well, to hand it over? */
  shouldAsk(actorName: string, view: View): boolean {
    const leader = view.leaders.get(actorName)?.node;
    if (leader === undefined || leader === this.node) return false;
    if (view.members.get(leader)?.suspicion !== null) return false;
    return this.shouldMove(actorName, leader, this.node, view);
  }

  /** Should this node, which leads the actor, let the one that asks for it have it? */
  mayGive(actorName: string, to: string, view: View): boolean {
    return this.shouldMove(actorName, this.node, to, view);
  }

  /** Is there anybody who could have what this node leads? */
  hasHeirs(view: View): boolean {
    return [...view.members.keys()].some((node) => node !== this.node && mayLead(node, view));
  }

  private shouldMove(actorName: string, from: string, to: string, view: View): boolean {
    const { wishes, members } = view;
    if (from === to || this.choices(actorName, view)[0] !== to) return false;
    if (members.get(from)?.info.isLeaving || wishes.drained.has(from)) return true;
    if (wishes.moves.get(actorName) === to) return true;
    return !wishes.cordoned.has(from) && members.get(to)!.isSteady;
  }

  /** Works out once for a view, and not for each actor, who may lead. */
  private look(view: View): void {
    this.viewed = view;
    this.eligible = eligibleNodes(view);
    const signature = this.eligible.map(({ node, weight }) => `${node}*${weight}`).join(" ");
    if (signature !== this.ordersOf) this.orders.clear();
    this.ordersOf = signature;
  }

  /** The nodes that may lead the actor, best first. */
  private choices(actorName: string, view: View): readonly string[] {
    if (view !== this.viewed) this.look(view);
    let order = this.orders.get(actorName);
    if (!order) {
      order = preference(actorName, this.eligible);
      this.orders.set(actorName, order);
    }
    const wished = view.wishes.moves.get(actorName);
    if (wished === undefined || !mayLead(wished, view)) return order;
    return [wished, ...order.filter((node) => node !== wished)];
  }
}

interface Leaderlessness {
  readonly text: string;
  /** Somebody may lead it all the same. */
  readonly isDoubtful: boolean;
}

/** Why nobody leads the actor; null: somebody does. */
function leaderlessness(actorName: string, view: View): Leaderlessness | null {
  const key = view.leaders.get(actorName);
  const suspicion = key ? (view.members.get(key.node)?.suspicion ?? null) : null;
  if (suspicion === ENDED) return { text: ENDED, isDoubtful: false };
  // Whose own ways are bad may not judge others, and could not lead.
  if (!view.isWell) return null;
  if (!key) {
    return view.isHeard(actorName) ? null : { text: "it has no leader", isDoubtful: false };
  }
  if (suspicion !== null) return { text: suspicion, isDoubtful: true };
  if (!view.isStuck(key.node, actorName)) return null;
  return { text: "its leader's commit hangs", isDoubtful: true };
}

function mayLead(node: string, { members }: View): boolean {
  const member = members.get(node);
  return member !== undefined && member.suspicion === null && !member.info.isLeaving;
}

/** Those that operators have not closed; where these are all, that does not count. */
function eligibleNodes(view: View): WeighedNode[] {
  const { drained, cordoned } = view.wishes;
  const able = [...view.members]
    .filter(([node]) => mayLead(node, view))
    .map(([node, { info }]) => ({ node, weight: info.weight }));
  const open = able.filter(({ node }) => !drained.has(node) && !cordoned.has(node));
  return open.length > 0 ? open : able;
}
