/** The nodes of the running exchange as an operator sees them: who is alive, who leads what, what is wished. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { parseWishes, type Wishes } from "../../actors/placement/wishes.js";
import { EtcdLeaseStore, LEASE_NAMESPACE } from "../adapters/etcd/etcd-lease-store.js";
import { SystemClock } from "../common/clock.js";
import { closest } from "../common/closest.js";
import { parseNodeInfo } from "../node/info.js";
import type { Trial } from "../node/membership.js";
import { LeaderBoard } from "../supervisor/leaders.js";
import { askNodes } from "./ask-nodes.js";
import { CliError } from "./cli-error.js";
import { expectSameExchange, identityAt } from "./same-exchange.js";
import { serversAway } from "./servers-away.js";
import { type ClusterPlaces, placesOf, type Whereabouts } from "./whereabouts.js";

export interface NodeState {
  readonly node: string;
  readonly isAlive: boolean;
  /** Servers that give it no answer, by name. */
  readonly away: readonly string[];
  readonly weight: number;
  readonly isLeaving: boolean;
  readonly isCordoned: boolean;
  readonly isDrained: boolean;
  /** Why nothing is moved to it yet, where that is so: it was lost so often, and has to stay for so long. */
  readonly trial: Trial;
  /** The names of the actors whose keys it holds. */
  readonly leads: readonly string[];
}

export interface ActorState {
  readonly actor: string;
  /** The node that holds its key; null: nobody does. */
  readonly node: string | null;
  /** The node that has raised its token last, and the token. */
  readonly holder: string;
  readonly token: number;
}

export interface ClusterState {
  readonly nodes: readonly NodeState[];
  readonly actors: readonly ActorState[];
  readonly wishes: Wishes;
}

/** A person waits longer for etcd than a node does, on a machine that is busy above all. */
const ANSWER_MS_MAX = 5_000;
/** An answer that did not come says nothing of what was asked for. */
const WRITE_UNKNOWN =
  ". What was wished may have been taken: npx palisade cluster says whether, or wish it again";

export class Cluster {
  readonly places: ClusterPlaces;
  private readonly leases: EtcdLeaseStore;
  private readonly board: LeaderBoard;
  /** Which exchange the database is of, once it has said so. */
  private identity: string | undefined;

  constructor(places: ClusterPlaces) {
    this.places = places;
    this.board = new LeaderBoard(places.urls.postgres);
    this.leases = new EtcdLeaseStore(places.urls.etcd, {
      namespace: LEASE_NAMESPACE,
      // It never joins.
      ttlSeconds: 1,
      clock: new SystemClock(),
      callMsMax: ANSWER_MS_MAX,
    });
  }

  /** Reads everything there is now. */
  async look(): Promise<ClusterState> {
    const { leases, places } = this;
    await this.ask(leases.look());
    const wishes = parseWishes(leases.wishes());
    const leaders = [...leases.leaders().values()];
    const [said, away, board] = await Promise.all([
      askNodes<Record<string, Trial>>(places, "/trials"),
      serversAway(places),
      this.board.read(),
    ]);
    this.identity ??= await identityAt(places.urls.postgres);
    for (const [node, info] of leases.nodes()) {
      expectSameExchange(`${node} in etcd`, parseNodeInfo(info).exchange, this.identity);
    }
    const trials = [...said.values()];
    const configured = places.processes.filter(({ kind }) => kind === "node");
    const names = new Set([
      ...configured.map(({ name }) => name),
      ...leases.nodes().keys(),
      // Of one that is gone and that nothing else names, it is seen until another has taken over.
      ...[...board.values()].map(({ node }) => node).filter((node) => node !== ""),
      ...wishes.cordoned,
      ...wishes.drained,
    ]);
    const nodes = [...names].toSorted().map((node): NodeState => {
      const member = leases.nodes().get(node);
      const { weight, isLeaving } = parseNodeInfo(member ?? "");
      return {
        node,
        isAlive: member !== undefined,
        away: away.get(node) ?? [],
        weight,
        isLeaving,
        isCordoned: wishes.cordoned.has(node),
        isDrained: wishes.drained.has(node),
        trial: bestKnown(trials.flatMap((seen) => seen[node] ?? [])),
        leads: leaders.filter((each) => each.node === node).map(({ actorName }) => actorName),
      };
    });
    const actors = [...board].map(([actor, { node: holder, token }]) => ({
      actor,
      node: leases.leaders().get(actor)?.node ?? null,
      holder,
      token,
    }));
    return { nodes, actors, wishes };
  }

  async wish(key: string, value: string | null): Promise<void> {
    await this.ask(this.leases.wish(key, value), WRITE_UNKNOWN);
  }

  async close(): Promise<void> {
    await Promise.all([this.leases.close(), this.board.close()]);
  }

  private async ask<T>(work: Promise<T>, besides = ""): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw new CliError(
        "ETCD_UNAVAILABLE",
        `etcd does not answer at ${this.places.urls.etcd} (${(error as Error).message}). Whoever ` +
          `leads goes on; nothing can be moved until it is back${besides}`,
      );
    }
  }
}

/** What the node says that has watched for the longest: to one that has just begun all others are new. */
export function bestKnown(trials: readonly Trial[]): Trial {
  const [first] = trials.toSorted((a, b) => b.knownMs - a.knownMs);
  return first ?? { losses: 0, remainingMs: 0, knownMs: 0 };
}

export async function withCluster<T>(
  where: Whereabouts,
  work: (cluster: Cluster, state: ClusterState) => Promise<T>,
): Promise<T> {
  const cluster = new Cluster(placesOf(where));
  try {
    return await work(cluster, await cluster.look());
  } finally {
    await cluster.close();
  }
}

/** Throws `CliError` that lists the nodes that are alive. */
export function nodeOf({ nodes }: ClusterState, name: string): NodeState {
  const found = nodes.find(({ node }) => node === name);
  if (found) return found;
  throw new CliError("UNKNOWN_NODE", `there is no node "${name}"; ${aliveNodes(nodes)}`);
}

/** Which nodes are alive, in words. */
export function aliveNodes(nodes: readonly NodeState[]): string {
  const alive = nodes.filter(({ isAlive }) => isAlive).map(({ node }) => node);
  return alive.length === 0 ? "none is alive" : `alive are: ${alive.join(", ")}`;
}

/** An actor by what people call it. Throws `CliError` that says what may have been meant. */
export function actorOf({ actors }: ClusterState, word: string): ActorState {
  const names = actors.map(({ actor }) => actor);
  const name = actorNamed(names, word);
  if (name === null) throw unknownActor(names, word);
  return actors.find(({ actor }) => actor === name)!;
}

/** By `ledger.1`, `ledger-1`, `market.2330%2ETW`, `market.2330.TW`, or the symbol alone. */
export function actorNamed(actors: readonly string[], word: string): string | null {
  const words = [word, `market.${word}`, word.replace(/^ledger-/, "ledger.")];
  const found =
    actors.find((actor) => actor === word) ??
    actors.find((actor) => words.includes(decodeSymbol(actor)));
  return found ?? null;
}

/** `besides`: what else the word could have been. */
export function unknownActor(actors: readonly string[], word: string, besides = ""): CliError {
  const shown = actors.map(decodeSymbol);
  const symbols = shown.map((actor) => actor.replace(/^market\./, ""));
  const near = closest(word, [...new Set([...shown, ...symbols])]);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(" or ")}?`
      : `npx palisade leaders lists them${besides}`;
  return new CliError("UNKNOWN_ACTOR", `there is no actor ${word}; ${hint}`);
}
