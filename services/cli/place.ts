/** Where actors are led: nodes closed to them or emptied, actors moved, standbys switched off. */
import { setTimeout as sleep } from "node:timers/promises";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import {
  cordonKey,
  drainKey,
  moveKey,
  OFF,
  ON,
  standbyKey,
} from "../../actors/placement/wishes.js";
import { CliError } from "./cli-error.js";
import {
  actorOf,
  aliveNodes,
  type Cluster,
  type ClusterState,
  nodeOf,
  type NodeState,
  withCluster,
} from "./cluster.js";
import { printJson, progress } from "./output.js";

interface Common {
  readonly json?: boolean;
  readonly dataDir?: string;
}

const LOOK_EVERY_MS = 50;
const MOVE_MS_MAX = 10_000;
/** Longer than a node waits for its standby before it takes an actor without one. */
const DRAIN_WITHOUT_PROGRESS_MS_MAX = 60_000;
/** Whoever waits is told what for, at least so often. */
const DRAIN_TOLD_EVERY_MS = 5_000;
const DRAIN_NAMED_MAX = 5;

/** The node takes no actor more, by itself; it keeps those that it leads. */
export function cordon(name: string, wanted: boolean, options: Common): Promise<void> {
  return withCluster(options, async (cluster, state) => {
    const { node, isCordoned, isAlive } = nodeOf(state, name);
    await cluster.wish(cordonKey(node), wanted ? ON : null);
    const now = wanted
      ? "cordoned: it keeps what it leads, and gets nothing more but by a move"
      : "open again";
    const text =
      isCordoned === wanted ? `is as it was: ${wanted ? "" : "not "}cordoned` : `is ${now}`;
    say({ node, cordoned: wanted }, `${node} ${text}${isAlive ? "" : " (not alive now)"}`, options);
  });
}

/** The node gives away everything that it leads; resolves when it leads nothing. */
export function drain(name: string, options: Common): Promise<void> {
  return withCluster(options, async (cluster, state) => {
    const { node, leads } = nodeOf(state, name);
    const open = (each: NodeState): boolean =>
      each.isAlive && !each.isDrained && !each.isCordoned && !each.isLeaving;
    if (!state.nodes.some((each) => each.node !== node && open(each))) {
      throw new CliError(
        "NO_NODE_LEFT",
        `no other node may take what ${node} leads: each is gone, cordoned or drained; ` +
          "see npx palisade cluster",
      );
    }
    for (const [actor, to] of state.wishes.moves) {
      if (to !== node) continue;
      progress(`${decodeSymbol(actor)} is no longer wished to ${node}`);
      await cluster.wish(moveKey(actor), null);
    }
    await cluster.wish(drainKey(node), ON);
    await untilEmpty(cluster, node);
    const text = `${node} is drained: it leads nothing, and takes nothing until undrain, as long as another node is alive`;
    say({ node, drained: true, gaveAway: leads.length }, text, options);
  });
}

async function untilEmpty(cluster: Cluster, node: string): Promise<void> {
  let lastCount = Number.POSITIVE_INFINITY;
  let progressMs = performance.now();
  let toldMs = progressMs;
  for (;;) {
    const { leads, away } = nodeOf(await cluster.look(), node);
    if (leads.length === 0) return;
    if (leads.length < lastCount) {
      lastCount = leads.length;
      progressMs = toldMs = performance.now();
      progress(`${node} leads ${leads.length} ${leads.length === 1 ? "actor" : "actors"}`);
    } else if (performance.now() - toldMs > DRAIN_TOLD_EVERY_MS) {
      toldMs = performance.now();
      const names = leads.slice(0, DRAIN_NAMED_MAX).map(decodeSymbol).join(", ");
      const more =
        leads.length > DRAIN_NAMED_MAX ? ` and ${leads.length - DRAIN_NAMED_MAX} more` : "";
      const why =
        away.length > 0
          ? `it has no answer from ${away.join(" and ")}, and can hand nothing over`
          : "npx palisade cluster shows who stands by";
      progress(`${node} still leads ${names}${more}; ${why}`);
    }
    if (performance.now() - progressMs > DRAIN_WITHOUT_PROGRESS_MS_MAX) {
      throw drainStuck(node, leads);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** `leads`: one actor at least. */
export function drainStuck(node: string, leads: readonly string[]): CliError {
  return new CliError(
    "DRAIN_STUCK",
    `${node} still leads ${leads.map(decodeSymbol).join(", ")}: none has left in ` +
      `${DRAIN_WITHOUT_PROGRESS_MS_MAX / 1_000} s. It stays drained; undrain takes that back`,
  );
}

export function undrain(name: string, options: Common): Promise<void> {
  return withCluster(options, async (cluster, state) => {
    const { node, isDrained, isCordoned } = nodeOf(state, name);
    await cluster.wish(drainKey(node), null);
    const share = isCordoned ? "is still cordoned: it gets nothing" : "takes its share again";
    const text = isDrained ? share : "was not drained";
    say({ node, drained: false }, `${node} ${text}`, options);
  });
}

/** Resolves when the node leads the actor; it stays there until `unmove`, for as long as the node is alive. */
export function move(word: string, name: string, options: Common): Promise<void> {
  return withCluster(options, async (cluster, state) => {
    const { actor } = actorOf(state, word);
    const target = nodeOf(state, name);
    if (!target.isAlive) {
      const alive = aliveNodes(state.nodes);
      throw new CliError("NODE_NOT_ALIVE", `${name} is not alive; ${alive}`);
    }
    if (target.isDrained || target.isLeaving) {
      const why = target.isDrained ? `drained; undrain ${name} first` : "about to end";
      throw new CliError("NODE_TAKES_NOTHING", `${name} is ${why}`);
    }
    const begunMs = performance.now();
    await cluster.wish(moveKey(actor), name);
    const token = await untilLed(cluster, actor, name);
    const waitedMs = Math.round(performance.now() - begunMs);
    const text = `${decodeSymbol(actor)} is led by ${name}, under token ${token}`;
    say({ actor, node: name, token, waitedMs }, text, options);
  });
}

async function untilLed(cluster: Cluster, actor: string, node: string): Promise<number> {
  const untilMs = performance.now() + MOVE_MS_MAX;
  for (;;) {
    const state = await cluster.look();
    const now = actorOf(state, actor);
    if (now.node === node && now.holder === node) return now.token;
    if (performance.now() > untilMs) {
      throw new CliError(
        "MOVE_TIMED_OUT",
        `${decodeSymbol(actor)} has not come to ${node} in ${MOVE_MS_MAX / 1_000} s: ` +
          `${whyNotLed(state, actor, node)}. It is still wished there; unmove takes that back`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function whyNotLed(state: ClusterState, actor: string, node: string): string {
  const now = actorOf(state, actor);
  if (!isAlive(state, node)) return `${node} has ended or does not answer`;
  if (now.node === node) return `${node} has been given it, and has yet to raise its token`;
  if (now.node === null) return "nobody leads it now, and so nobody can hand it over";
  if (!isAlive(state, now.node)) return `${now.node}, which leads it, is not alive`;
  for (const each of [now.node, node]) {
    const { away } = nodeOf(state, each);
    if (away.length > 0) return `${each} has no answer from ${away.join(" and ")}`;
  }
  return `${now.node} still leads it, and ${node} is not ready to: a large book takes longer to load, and other moves come first`;
}

/** One that has ended may be known by its configuration alone, which is not to be had everywhere. */
function isAlive({ nodes }: ClusterState, name: string): boolean {
  return nodes.some(({ node, isAlive: lives }) => node === name && lives);
}

/** Takes a move back: the placement decides again. */
export function unmove(word: string, options: Common): Promise<void> {
  return withCluster(options, async (cluster, state) => {
    const { actor } = actorOf(state, word);
    const wished = state.wishes.moves.get(actor);
    await cluster.wish(moveKey(actor), null);
    const text = wished === undefined ? "was wished nowhere" : `is no longer wished to ${wished}`;
    say({ actor, wished: null }, `${decodeSymbol(actor)} ${text}`, options);
  });
}

export function standby(word: string, setting: string, options: Common): Promise<void> {
  if (setting !== ON && setting !== OFF) {
    throw new CliError("NOT_ON_OR_OFF", `the standby is "${setting}"; it is ${ON} or ${OFF}`);
  }
  return withCluster(options, async (cluster, state) => {
    const { actor } = actorOf(state, word);
    await cluster.wish(standbyKey(actor), setting === OFF ? OFF : null);
    const text = setting === OFF ? "has no standby: it recovers cold" : "has a standby";
    say({ actor, standby: setting }, `${decodeSymbol(actor)} ${text}`, options);
  });
}

function say(result: object, text: string, { json }: Common): void {
  if (json) printJson(result);
  else process.stdout.write(`${text}\n`);
}
