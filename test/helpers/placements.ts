/** Nodes that place one actor, and all see the same. */
import { preference } from "../../actors/placement/rendezvous.js";
import { moveKey, parseWishes } from "../../actors/placement/wishes.js";
import { Placement, type View } from "../../services/node/placement.js";
import type { Member } from "../../services/node/membership.js";

export const ACTOR = "market.X";

export interface Scene {
  readonly names: readonly string[];
  leader: string | null;
  handedAt: number | null;
  nowMs: number;
  readonly incarnations: Map<string, string>;
  readonly suspects: Map<string, string>;
  stuck: string | null;
  isHeard: boolean;
  wished: string | null;
}

function sceneOf(count: number): Scene {
  const names = preference(
    ACTOR,
    Array.from({ length: count }, (_, at) => ({ node: `node-${at + 1}`, weight: 1 })),
  );
  return {
    names,
    leader: null,
    handedAt: null,
    nowMs: 0,
    incarnations: new Map(names.map((name) => [name, `${name}#1`])),
    suspects: new Map(),
    stuck: null,
    isHeard: false,
    wished: null,
  };
}

export function view(scene: Scene): View {
  const { leader, handedAt, nowMs, stuck, isHeard, wished } = scene;
  const members = scene.names.map((node): [string, Member] => {
    const incarnation = scene.incarnations.get(node)!;
    const suspicion = scene.suspects.get(node) ?? null;
    const info = {
      address: "",
      weight: 1,
      incarnation,
      exchange: "",
      unable: [],
      isLeaving: false,
    };
    return [node, { info, suspicion, isSteady: suspicion === null }];
  });
  const key = { actorName: ACTOR, node: leader ?? "", revision: 1, handedAt };
  return {
    nowMs,
    members: new Map(members),
    leaders: new Map(leader === null ? [] : [[ACTOR, key]]),
    wishes: parseWishes(new Map(wished === null ? [] : [[moveKey(ACTOR), wished]])),
    isWell: true,
    isHeard: () => isHeard,
    isStuck: (node) => node === stuck,
  };
}

/** All nodes' placements, which see the same. */
export class Nodes {
  readonly scene: Scene;
  readonly placements: ReadonlyMap<string, Placement>;
  now: View;

  constructor(count: number) {
    this.scene = sceneOf(count);
    this.placements = new Map(this.scene.names.map((name) => [name, new Placement(name)]));
    this.now = view(this.scene);
  }

  see(change: Partial<Scene>): void {
    Object.assign(this.scene, change);
    this.now = view(this.scene);
    for (const placement of this.placements.values()) placement.see(ACTOR, this.now);
  }

  private those(will: (placement: Placement, now: View, node: string) => boolean): string[] {
    const all = [...this.placements].filter(([node, placement]) => will(placement, this.now, node));
    return all.map(([node]) => node);
  }

  get claimers(): string[] {
    return this.those(
      (placement, now, node) =>
        node !== this.scene.leader && placement.reasonToClaim(ACTOR, now) !== null,
    );
  }

  get followers(): string[] {
    return this.those((placement, now) => placement.shouldFollow(ACTOR, now));
  }

  /** Who asks the leader for it, and would be given it. */
  get movers(): string[] {
    const { leader } = this.scene;
    return this.those(
      (placement, now, node) =>
        placement.shouldAsk(ACTOR, now) && this.placements.get(leader!)!.mayGive(ACTOR, node, now),
    );
  }
}
