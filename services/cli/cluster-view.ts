/** `cluster`: the nodes, the actors with who leads them and who could, what is wished, and the last changes of leaders. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { type LastClaim, lastClaims } from "../explain/last-claims.js";
import { rowHolders } from "../explain/row-holders.js";
import type { RowHolder } from "../explain/sql.js";
import type { Backlog } from "../host/observer.js";
import type { StandbyProgress } from "../host/standby.js";
import { askNodes, silenceInWords } from "./ask-nodes.js";
import { type ActorState, type ClusterState, type NodeState, withCluster } from "./cluster.js";
import { holderInWords, sessionOf } from "./explain-actor.js";
import { printJson, printTable } from "./output.js";
import { awayInWords } from "./servers-away.js";
import { type Stop, stopInWords, stopsOf } from "./stops.js";
import type { ClusterPlaces } from "./whereabouts.js";
import { formatMicroseconds } from "./words.js";

/** Changes of leaders that are told, and that people are shown. */
const MOVES_TOLD_MAX = 100;
const MOVES_SHOWN_MAX = 10;
const MS_PER_SECOND = 1_000;
const NOT_ASKED =
  "this is what etcd and PostgreSQL say. The nodes run elsewhere and were not asked: what waits there, who stands by, what has stopped, " +
  "which servers give no answer, and who waits for its share is on each node's own pages; a node that is gone may be missing";

interface Options {
  readonly json?: boolean;
  readonly dataDir?: string;
}

/** An actor, and what the nodes say of it. */
interface ActorView extends ActorState {
  /** Messages that its leader was given and has not applied; null: it does not say. */
  readonly waiting: number | null;
  /** Who follows it, and how many batches behind; null: nobody who has answered does. */
  readonly standby: (StandbyProgress & { readonly node: string }) | null;
  /** Where it has stopped, and why. */
  readonly stopped: readonly Stop[];
  /** Sessions that have its row while others wait for it. */
  readonly heldBy: readonly RowHolder[];
}

/** All of it, and what of it is not known. */
interface View extends Omit<ClusterState, "actors"> {
  readonly actors: readonly ActorView[];
  readonly moves: readonly LastClaim[];
  /** Nodes that are alive and have not answered, or were not asked: what waits, stands by and has stopped there is not known. */
  readonly silent: readonly string[];
  /** Is it known where the nodes answer over HTTP? */
  readonly isAsked: boolean;
}

export function cluster({ json, ...where }: Options): Promise<void> {
  return withCluster(where, async ({ places }, state) => {
    const view = await viewOf(places, state);
    if (json) sayJson(view);
    else say(view);
  });
}

async function viewOf(places: ClusterPlaces, state: ClusterState): Promise<View> {
  const [backlogs, standbys, stops, held, moves] = await Promise.all([
    askNodes<Record<string, Backlog>>(places, "/backlogs"),
    askNodes<Record<string, StandbyProgress>>(places, "/standbys"),
    stopsOf(places),
    rowHolders(places.urls.postgres),
    lastClaims(places.urls.postgres, MOVES_TOLD_MAX),
  ]);
  const silent = state.nodes
    .filter(({ node, isAlive }) => isAlive && !(backlogs.has(node) && standbys.has(node)))
    .map(({ node }) => node);
  const isAsked = places.processes.length > 0;
  const actors = state.actors.map((each) => {
    const [standby = null] = [...standbys]
      .flatMap(([node, all]) => (all[each.actor] ? [{ ...all[each.actor]!, node }] : []))
      .toSorted((a, b) => b.batch - a.batch);
    const waiting = backlogs.get(each.holder)?.[each.actor]?.inboxFrames ?? null;
    const heldBy = held.filter(({ actor }) => actor === each.actor);
    return { ...each, waiting, standby, stopped: stops.get(each.actor) ?? [], heldBy };
  });
  return { ...state, actors, moves, silent, isAsked };
}

function sayJson({ nodes, wishes, actors, moves, silent }: View): void {
  printJson({
    nodes: nodes.map((each) => ({
      node: each.node,
      alive: each.isAlive,
      away: each.away,
      weight: each.weight,
      leaving: each.isLeaving,
      cordoned: each.isCordoned,
      drained: each.isDrained,
      losses: each.trial.losses,
      waitsMs: Math.ceil(each.trial.remainingMs),
      leads: each.leads,
    })),
    actors: actors.map(({ heldBy, ...each }) => ({ ...each, heldBy: heldBy.map(sessionOf) })),
    moves: Object.fromEntries(wishes.moves),
    withoutStandby: [...wishes.withoutStandby],
    silent,
    lastMoves: moves.map((each) => ({ ...each, time: formatMicroseconds(each.time) })),
  });
}

function say({ nodes, wishes, actors, moves, silent, isAsked }: View): void {
  const rows = nodes.map((each) => [
    each.node,
    each.isAlive ? "alive" : "gone",
    each.weight,
    placeOf(each),
    each.leads.length,
  ]);
  printTable([["node", "state", "weight", "takes", "leads"], ...rows]);
  process.stdout.write("\n");
  // Who gave no answer may stand by.
  const nobody = silent.length > 0 ? "?" : "none";
  printTable([
    ["actor", "leader", "token", "waiting", "standby", "behind"],
    ...actors.map(({ actor, node, token, waiting, standby, stopped }) => [
      decodeSymbol(actor),
      node ?? (stopped.length > 0 ? "nobody: stopped" : "nobody"),
      token,
      waiting ?? "?",
      standby ? `${standby.node}${standby.isWarm ? "" : " (not yet)"}` : nobody,
      standby ? standby.behind : "",
    ]),
  ]);
  process.stdout.write("\n");
  printTable([
    ["last moves", "actor", "token", "to", "why"],
    ...moves
      .slice(0, MOVES_SHOWN_MAX)
      .map(({ time, actor, token, node, reason }) => [
        formatMicroseconds(time),
        decodeSymbol(actor),
        token,
        node,
        reason,
      ]),
  ]);
  for (const line of isAsked ? silent.map(silenceInWords) : [NOT_ASKED]) {
    process.stdout.write(`${line}\n`);
  }
  for (const line of awayInWords(new Map(nodes.map(({ node, away }) => [node, away])))) {
    process.stdout.write(`${line}\n`);
  }
  for (const { actor, stopped, heldBy } of actors) {
    if (stopped.length > 0) process.stdout.write(`${stopInWords(actor, stopped)}\n`);
    for (const holder of heldBy) {
      process.stdout.write(`${decodeSymbol(actor)}: ${holderInWords(holder)}\n`);
    }
  }
  for (const [actor, node] of wishes.moves) {
    process.stdout.write(`${decodeSymbol(actor)} is wished to ${node}\n`);
  }
  for (const actor of wishes.withoutStandby) {
    process.stdout.write(`${decodeSymbol(actor)} has no standby, as is wished\n`);
  }
}

function placeOf({ isAlive, isCordoned, isDrained, isLeaving, trial }: NodeState): string {
  if (isLeaving) return "nothing: it is about to end";
  if (isDrained) return "nothing: drained";
  if (isCordoned) return "nothing more: cordoned";
  if (!isAlive || trial.remainingMs === 0) return "its share";
  const seconds = Math.ceil(trial.remainingMs / MS_PER_SECOND);
  const why =
    trial.losses === 0
      ? ""
      : `, as it was lost ${trial.losses === 1 ? "once" : `${trial.losses} times`} of late`;
  return `its share in ${seconds} s${why}`;
}
