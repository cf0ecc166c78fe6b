/**
 * Which actors this node should claim, and which it should give to others: rendezvous hashing over the live nodes,
 * with hysteresis, so that a node that flaps moves nothing.
 */
import { preference } from "../../actors/placement/rendezvous.js";
import { MOVE_AFTER_MS, NEXT_CHOICE_AFTER_MS } from "./limits.js";

export interface View {
  readonly nowMs: number;
  /** Live nodes, with the moment each was first seen in this life of it. */
  readonly nodes: ReadonlyMap<string, number>;
  /** The node that holds an actor's key, if any. */
  readonly leaderOf: (actorName: string) => string | undefined;
}

export class Placement {
  private readonly node: string;
  private readonly leaderlessSinceMs = new Map<string, number>();

  constructor(node: string) {
    this.node = node;
  }

  /** Takes note of whether the actor has a leader; to be told at every look, whoever leads. */
  observe(actorName: string, view: View): void {
    if (view.leaderOf(actorName) !== undefined) this.leaderlessSinceMs.delete(actorName);
    else if (!this.leaderlessSinceMs.has(actorName)) {
      this.leaderlessSinceMs.set(actorName, view.nowMs);
    }
  }

  /** Should this node claim the actor now? */
  shouldClaim(actorName: string, view: View): boolean {
    const since = this.leaderlessSinceMs.get(actorName);
    if (since === undefined) return false;
    const choices = preference(actorName, view.nodes.keys());
    const patience = Math.floor((view.nowMs - since) / NEXT_CHOICE_AFTER_MS);
    return choices.slice(0, 1 + patience).includes(this.node);
  }

  /** Should this node, which leads the actor, let a better placed one have it? */
  shouldMove(actorName: string, view: View): boolean {
    const [best] = preference(actorName, view.nodes.keys());
    if (best === undefined || best === this.node) return false;
    return view.nowMs - view.nodes.get(best)! >= MOVE_AFTER_MS;
  }
}
