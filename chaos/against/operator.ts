/** An operator who wishes things of the placement, and notes first how each is taken back. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { cordonKey, drainKey, moveKey, ON, type Wishes } from "../../actors/placement/wishes.js";
import { askNodes } from "../../services/cli/ask-nodes.js";
import { actorOf, type Cluster, type ClusterState, nodeOf } from "../../services/cli/cluster.js";
import { commandFor, type FoundPlaces } from "../../services/cli/whereabouts.js";
import { throwIfInterrupted } from "../interrupt.js";
import { isSoWithin } from "../stage/patience.js";
import type { Target } from "./target.js";
import type { Undo } from "./undo.js";

/** An actor that was wished to a node is led there within so long. */
const MOVE_MS_MAX = 10_000;

/** One key of the wishes, and how it is said. */
interface Wish {
  readonly key: string;
  readonly what: string;
  /** The words of the command that makes it what it was before. */
  readonly byHand: (before: string | null) => string;
  readonly valueIn: (wishes: Wishes) => string | null;
}

export class Operator {
  private readonly cluster: Cluster;
  private readonly places: FoundPlaces;
  private readonly undo: Undo;
  private readonly signal: AbortSignal;

  constructor(
    { cluster, places }: Pick<Target, "cluster" | "places">,
    undo: Undo,
    signal: AbortSignal,
  ) {
    this.cluster = cluster;
    this.places = places;
    this.undo = undo;
    this.signal = signal;
  }

  look(): Promise<ClusterState> {
    return this.cluster.look();
  }

  /** The actors that a node stands by for, as it says itself; null: it cannot be asked from here. */
  async standbysOf(node: string): Promise<readonly string[] | null> {
    const said = (await askNodes<object>(this.cluster.places, "/standbys")).get(node);
    return said === undefined ? null : Object.keys(said);
  }

  /** Resolves to whether the exchange came to be so in time; rejects as soon as the drill is ended. */
  async isSo(
    limitMs: number,
    accepts: (state: ClusterState) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    return isSoWithin(limitMs, async () => {
      throwIfInterrupted(this.signal);
      return accepts(await this.look());
    });
  }

  /** Wishes an actor to a node, and notes that it has to be led by its leader of now again. */
  async move(actor: string, to: string): Promise<boolean> {
    const { node: from } = actorOf(await this.look(), actor);
    await this.wish(moveOf(actor), to, () => this.noteLeader(actor, from!));
    return this.isSo(MOVE_MS_MAX, (state) => isLedBy(state, actor, to));
  }

  drain(node: string): Promise<void> {
    return this.wish(drainOf(node), ON);
  }

  cordon(node: string): Promise<void> {
    return this.wish(cordonOf(node), ON);
  }

  /** What was wished there stays there however it is drained. */
  unmove(actor: string): Promise<void> {
    return this.wish(moveOf(actor), null);
  }

  /** Notes that these actors are to be led by the same nodes again when what is noted after this is taken back. */
  noteLeaders(leaders: ReadonlyMap<string, string>): void {
    const names = [...leaders.keys()].map(decodeSymbol).join(", ");
    this.undo.note({
      what: `${names} led by others than before`,
      byHand: `nothing, they come back by themselves; they are shown by ${commandFor(this.places, "leaders")}`,
      undo: async () => undefined,
      isUndone: async () => {
        const state = await this.look();
        return [...leaders].every(([actor, node]) => isLedBy(state, actor, node));
      },
    });
  }

  /** Wished back first: without a wish the placement alone would decide where it goes. */
  private noteLeader(actor: string, from: string): void {
    const { cluster } = this;
    this.undo.note({
      what: `${decodeSymbol(actor)} led by another node than ${from}`,
      byHand: commandFor(this.places, `move ${decodeSymbol(actor)} ${from}`),
      undo: () => cluster.wish(moveKey(actor), from),
      isUndone: async () => isLedBy(await cluster.look(), actor, from),
    });
  }

  /** `alsoNote` notes what is to be taken back before the wish itself. */
  private async wish(wish: Wish, value: string | null, alsoNote = () => {}): Promise<void> {
    const { cluster } = this;
    const before = wish.valueIn((await this.look()).wishes);
    throwIfInterrupted(this.signal);
    this.undo.note({
      what: wish.what,
      byHand: commandFor(this.places, wish.byHand(before)),
      undo: () => cluster.wish(wish.key, before),
      isUndone: async () => wish.valueIn((await cluster.look()).wishes) === before,
    });
    alsoNote();
    await cluster.wish(wish.key, value);
  }
}

/** By etcd's word and by its token's. */
export function isLedBy(state: ClusterState, actor: string, node: string): boolean {
  const now = actorOf(state, actor);
  return now.node === node && now.holder === node;
}

/** Takes nothing away from anybody: alive, open, and not about to end. */
export function isOpen(state: ClusterState, name: string): boolean {
  const { isAlive, isLeaving, isDrained, isCordoned } = nodeOf(state, name);
  return isAlive && !isLeaving && !isDrained && !isCordoned;
}

function moveOf(actor: string): Wish {
  const name = decodeSymbol(actor);
  return {
    key: moveKey(actor),
    what: `another wish for ${name} than before`,
    byHand: (before) => (before === null ? `unmove ${name}` : `move ${name} ${before}`),
    valueIn: ({ moves }) => moves.get(actor) ?? null,
  };
}

function drainOf(node: string): Wish {
  return {
    key: drainKey(node),
    what: `${node} drained`,
    byHand: () => `undrain ${node}`,
    valueIn: ({ drained }) => (drained.has(node) ? ON : null),
  };
}

function cordonOf(node: string): Wish {
  return {
    key: cordonKey(node),
    what: `${node} cordoned`,
    byHand: () => `uncordon ${node}`,
    valueIn: ({ cordoned }) => (cordoned.has(node) ? ON : null),
  };
}
