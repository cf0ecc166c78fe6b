/** Is a running exchange as it should be before a drill, and is it afterwards? By what operators can see. */
import { setTimeout as sleep } from "node:timers/promises";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { CliError } from "../../services/cli/cli-error.js";
import type { ClusterState } from "../../services/cli/cluster.js";
import type { Target } from "./target.js";

/** How long an exchange may take to be whole, before a round and at the end. */
export const WAIT_MS_MAX = 30_000;
/** Leaders must not have changed for so long. */
const SETTLED_MS = 1_000;
const LOOK_EVERY_MS = 250;
const ANSWER_MS_MAX = 1_000;
const MS_PER_SECOND = 1_000;

/** Something that is not as it should be. */
export interface Ail {
  readonly what: string;
  /** So long, in milliseconds, until it ends by itself; null: nobody knows whether it does. */
  readonly endsInMs: number | null;
}

/** Why it is not, in words; empty when it is. Waits so long for it to become so, and says once what it waits for. */
export async function whatAils(
  target: Target,
  limitMs: number,
  log: (line: string) => void = () => {},
): Promise<string[]> {
  const untilMs = performance.now() + limitMs;
  for (let looks = 1; ; looks++) {
    const ails = await ailsNow(target);
    const words = ails.map(({ what }) => what);
    if (ails.length === 0 || performance.now() > untilMs) return words;
    if (looks === 1) log(`waiting up to ${limitMs / MS_PER_SECOND} s: ${words.join("; ")}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** The refusal of a drill whose wait was in vain. It looks once more: what was wrong may have passed just now. */
export async function notHealthy(target: Target, waitedFor: readonly string[]): Promise<CliError> {
  const still = (await ailsNow(target)).map(({ what }) => what);
  const words =
    still.length > 0
      ? still.join("; ")
      : `${waitedFor.join("; ")}: so it was to the end of the wait, and has passed just now; run it again`;
  return new CliError("EXCHANGE_NOT_HEALTHY", words);
}

/** By one look, which takes a second where nothing ails. */
export async function ailsNow(target: Target): Promise<Ail[]> {
  const before = await target.cluster.look();
  const ails = [...ailsOf(before), ...(await notReady(target)).map(endless)];
  if (ails.length > 0) return ails;
  await sleep(SETTLED_MS);
  const after = await target.cluster.look();
  return [...changedBetween(before, after, new Set()).map(endless), ...ailsOf(after)];
}

function endless(what: string): Ail {
  return { what, endsInMs: null };
}

/** What is wrong with a cluster at a glance. */
export function ailsOf({ nodes, actors }: ClusterState): Ail[] {
  const found: Ail[] = [];
  for (const { node, isAlive, isLeaving, away, trial } of nodes) {
    const { remainingMs } = trial;
    if (away.length > 0) found.push(endless(`${node} has no answer from ${away.join(" and ")}`));
    if (!isAlive) found.push(endless(`${node} is gone`));
    else if (isLeaving) found.push(endless(`${node} is about to end`));
    else if (remainingMs > 0) {
      const what = `${node} has come of late, and gets its share in ${Math.ceil(remainingMs / MS_PER_SECOND)} s`;
      found.push({ what, endsInMs: remainingMs });
    }
  }
  for (const { actor, node, holder } of actors) {
    const name = decodeSymbol(actor);
    if (node === null) found.push(endless(`nobody leads ${name}`));
    else if (holder !== node) found.push(endless(`${name} is on its way to ${node}`));
  }
  return found;
}

/** The actors that have lost their leaders, or have others than before; some may. */
export function changedBetween(
  before: ClusterState,
  after: ClusterState,
  mayChange: ReadonlySet<string>,
): string[] {
  const now = new Map(after.actors.map((each) => [each.actor, each]));
  return before.actors.flatMap(({ actor, token }) => {
    const found = now.get(actor);
    const name = decodeSymbol(actor);
    if (mayChange.has(actor)) return [];
    if (!found || found.node === null) return [`${name} has lost its leader`];
    if (found.token === token) return [];
    return [`${name} has another leader: ${found.holder}, under token ${found.token}`];
  });
}

/** Of processes whose pages can be reached; others are judged by etcd alone. */
async function notReady({ places }: Target): Promise<string[]> {
  const found = await Promise.all(
    places.processes.map(async ({ name, http }) => {
      try {
        const signal = AbortSignal.timeout(ANSWER_MS_MAX);
        const response = await fetch(`http://127.0.0.1:${http}/readyz`, { signal });
        const { reasons } = (await response.json()) as { reasons: string[] };
        return reasons.map((reason) => `${name}: ${reason}`);
      } catch {
        return [`${name} does not answer`];
      }
    }),
  );
  return found.flat();
}
