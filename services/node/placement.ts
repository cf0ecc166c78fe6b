/**
 * Which actors this node should follow, claim, ask for and give away: rendezvous hashing over the nodes that may lead,
 * with hysteresis, and with what operators wish. It decides from a view alone; nothing rests on it but who does the work.
 */
import { preference, type WeighedNode } from "../../actors/placement/rendezvous.js";
import type { Wishes } from "../../actors/placement/wishes.js";
import { CLAIM_REASONS } from "../host/reasons.js";
import type { Leadership } from "../ports/lease-store.js";
import { LeaderHistory } from "./leader-history.js";
import { DEFERENCE_MS, NEXT_CHOICE_AFTER_MS } from "./limits.js";
import type { Member } from "./membership.js";

export interface View {
  readonly nowMs: number;
  readonly members: ReadonlyMap<string, Member>;
  readonly leaders: ReadonlyMap<string, Leadership>;
  readonly wishes: Wishes;
  /** Does somebody say, on the bus, that he leads the actor, though etcd may have forgotten it? */
  readonly isHeard: (actorName: string) => boolean;
  /** Is the actor stuck at a node, while nothing is at this one? */
  readonly isStuck: (node: string, actorName: string) => boolean;
  /** Are this node's own ways to the servers good? */
  readonly isWell: boolean;
}

export class Placement {
  private readonly node: string;
  private readonly leaderlessSinceMs = new Map<string, number>();
  private readonly histories = new Map<string, LeaderHistory>();
  /** Orders of preference, for as long as the same nodes may lead. */
  private readonly orders = new Map<string, readonly string[]>();
  private ordersOf = "";
  private viewed: View | null = null;
  private eligible: readonly Eligible[] = [];

  constructor(node: string) {
    this.node = node;
  }

  /** Takes note of who leads the actor. To be told at every look, also while it is this node. */
  see(actorName: string, view: View): void {
    const key = view.leaders.get(actorName);
    let history = this.histories.get(actorName);
    if (!history) this.histories.set(actorName, (history = new LeaderHistory()));
    // Who has led is as patient as the others when it has dropped the actor: it counts from then, and not from its claim.
    if (key?.node === this.node) this.leaderlessSinceMs.delete(actorName);
    if (key) history.see(key, view.members, view.nowMs);
    else if (!view.isHeard(actorName)) history.seeNobody(view.members, view.nowMs);
  }

  /**
   * Why this node should claim the actor now, in words that are always the same; null: it should not. To be asked at every
   * look, as it counts for how long nobody leads.
   */
  reasonToClaim(actorName: string, view: View): string | null {
    const reason = this.leaderlessness(actorName, view);
    if (reason === null || view.nowMs < this.restsUntilMs(actorName, reason.kind)) {
      this.leaderlessSinceMs.delete(actorName);
      return null;
    }
    const sinceMs = this.leaderlessSinceMs.get(actorName) ?? view.nowMs;
    this.leaderlessSinceMs.set(actorName, sinceMs);
    const waitedMs = view.nowMs - sinceMs;
    const holder = view.leaders.get(actorName)?.node;
    const choices = this.choices(actorName, view).filter((node) => node !== holder);
    if (choices[0] === this.node && waitedMs >= DEFERENCE_MS) return reason.text;
    // Who stands by is warm, and has done nothing wrong where a process has ended.
    const isPlain = reason.kind === "ended" && !this.hasRisen(actorName, view);
    const heirs = isPlain ? choices : this.inOrderOfDrops(actorName, choices, view);
    const patience = Math.floor(waitedMs / NEXT_CHOICE_AFTER_MS);
    return heirs.slice(0, 1 + patience).includes(this.node) ? reason.text : null;
  }

  /** Why nobody leads the actor; null: somebody does. */
  private leaderlessness(actorName: string, view: View): Leaderlessness | null {
    const key = view.leaders.get(actorName);
    const suspicion = key ? (view.members.get(key.node)?.suspicion ?? null) : null;
    // A life ends once: who leads again after it was taken for ended is doubted, as one who is silent.
    const isDoubted = key && this.wasEnded(actorName, key.node, view);
    if (suspicion === CLAIM_REASONS.ended && !isDoubted)
      return { text: CLAIM_REASONS.ended, kind: "ended" };
    // Whose own ways are bad may not judge others, and could not lead.
    if (!view.isWell) return null;
    // A key of a node that is not there is nobody's: it may be under no lease, and stay for ever.
    if (!key || !view.members.has(key.node)) {
      return view.isHeard(actorName) ? null : { text: CLAIM_REASONS.free, kind: "free" };
    }
    if (suspicion !== null) return { text: suspicion, kind: "doubtful" };
    if (!view.isStuck(key.node, actorName)) return null;
    return { text: CLAIM_REASONS.stuck, kind: "doubtful" };
  }

  /** Was this node, in the life that it has, taken for ended when it led the actor before? */
  private wasEnded(actorName: string, node: string, { members }: View): boolean {
    const incarnation = members.get(node)?.info.incarnation ?? "";
    return this.histories.get(actorName)?.hasEnded(node, incarnation) ?? false;
  }

  /** Is anybody there who was taken for ended? Then an end proves less than it should. */
  private hasRisen(actorName: string, view: View): boolean {
    return [...view.members].some(
      ([node, { suspicion }]) =>
        suspicion !== CLAIM_REASONS.ended && this.wasEnded(actorName, node, view),
    );
  }

  /** Who has just been taken over, or has just dropped the actor, is not followed by the next one at once. */
  private restsUntilMs(actorName: string, kind: Leaderlessness["kind"]): number {
    const history = this.histories.get(actorName);
    if (!history || kind === "ended") return 0;
    return kind === "free" ? history.freeUntilMs : history.restsUntilMs;
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

  /** Is the actor to come here whatever became of this node before, as an operator wishes it, or as its leader is to be empty? */
  isUrgent(actorName: string, view: View): boolean {
    const leader = view.leaders.get(actorName)?.node;
    return leader !== undefined && mustMove(actorName, leader, this.node, view);
  }

  /** Should this node, which leads the actor, let the one that asks for it have it? */
  mayGive(actorName: string, to: string, view: View): boolean {
    return this.shouldMove(actorName, this.node, to, view);
  }

  /** And must it, as it is to be empty, or as an operator wishes it? */
  mustGive(actorName: string, to: string, view: View): boolean {
    return mustMove(actorName, this.node, to, view);
  }

  /** Is there anybody who could have what this node leads? */
  hasHeirs(view: View): boolean {
    return [...view.members.keys()].some((node) => node !== this.node && mayLead(node, view));
  }

  private shouldMove(actorName: string, from: string, to: string, view: View): boolean {
    const { wishes, members } = view;
    if (from === to || this.choices(actorName, view)[0] !== to) return false;
    if (mustMove(actorName, from, to, view)) return true;
    if (wishes.cordoned.has(from) || !members.get(to)!.isSteady) return false;
    return this.behindUntilMs(actorName, to, view) === 0;
  }

  /** Works out once for a view, and not for each actor, who may lead. */
  private look(view: View): void {
    this.viewed = view;
    this.eligible = eligibleNodes(view);
    const signature = this.eligible
      .map(({ node, weight, unable }) => `${node}*${weight}-${[...unable].join("-")}`)
      .join(" ");
    if (signature !== this.ordersOf) this.orders.clear();
    this.ordersOf = signature;
  }

  /** The nodes that may lead the actor, best first. */
  private choices(actorName: string, view: View): readonly string[] {
    if (view !== this.viewed) this.look(view);
    let order = this.orders.get(actorName);
    if (!order) {
      const able = this.eligible.filter(({ unable }) => !unable.has(actorName));
      order = preference(actorName, able.length > 0 ? able : this.eligible);
      this.orders.set(actorName, order);
    }
    const wished = view.wishes.moves.get(actorName);
    if (wished === undefined || !mayLead(wished, view)) return order;
    if (view.members.get(wished)!.info.unable.includes(actorName)) return order;
    return [wished, ...order.filter((node) => node !== wished)];
  }

  /**
   * Those that have dropped it of late last, and the one that did so most last of all. Nodes have not seen the same: what all
   * have to agree on, as who stands by, does not go by it.
   */
  private inOrderOfDrops(
    actorName: string,
    nodes: readonly string[],
    view: View,
  ): readonly string[] {
    if (this.histories.get(actorName)?.isClean ?? true) return nodes;
    const wished = view.wishes.moves.get(actorName);
    const behindUntilMs = (node: string) =>
      node === wished ? 0 : this.behindUntilMs(actorName, node, view);
    return nodes.toSorted((a, b) => behindUntilMs(a) - behindUntilMs(b));
  }

  /** Until when a node comes behind the others for having dropped the actor; 0: it does not. */
  private behindUntilMs(actorName: string, node: string, { members, nowMs }: View): number {
    const { incarnation } = members.get(node)!.info;
    return this.histories.get(actorName)?.behindUntilMs(node, incarnation, nowMs) ?? 0;
  }
}

/** Must the actor leave where it is, or come to a node, if that one is its first choice? */
function mustMove(actorName: string, from: string, to: string, { wishes, members }: View): boolean {
  if (members.get(from)?.info.isLeaving || wishes.drained.has(from)) return true;
  return wishes.moves.get(actorName) === to;
}

interface Leaderlessness {
  readonly text: string;
  /** Its leader's process has ended; nobody has the key; or somebody has, and may lead all the same. */
  readonly kind: "ended" | "free" | "doubtful";
}

function mayLead(node: string, { members }: View): boolean {
  const member = members.get(node);
  return member !== undefined && member.suspicion === null && !member.info.isLeaving;
}

interface Eligible extends WeighedNode {
  /** Actors that it cannot lead. */
  readonly unable: ReadonlySet<string>;
}

/** Those that operators have not closed; where there is none of these, the cordoned ones; and a drained one before nobody. */
function eligibleNodes(view: View): Eligible[] {
  const { drained, cordoned } = view.wishes;
  const able = [...view.members]
    .filter(([node]) => mayLead(node, view))
    .map(([node, { info }]) => ({ node, weight: info.weight, unable: new Set(info.unable) }));
  const kept = able.filter(({ node }) => !drained.has(node));
  const open = kept.filter(({ node }) => !cordoned.has(node));
  return [open, kept, able].find(({ length }) => length > 0) ?? [];
}
