/** What a node says of itself over HTTP. */
import type { StandbyProgress } from "../services/host/standby.js";
import type { Trial } from "../services/node/membership.js";
import type { ExchangeProcess } from "../services/supervisor/child.js";

/** However busy the machine is; one that is stopped answers never. */
const ANSWER_MS_MAX = 10_000;

/** The actors that a node says it leads, with their tokens. */
export function leadingOf(node: ExchangeProcess): Promise<Readonly<Record<string, number>>> {
  return ask(node, "/leading");
}

/** How many actors a node says it leads. */
export async function countLed(node: ExchangeProcess): Promise<number> {
  return Object.keys(await leadingOf(node)).length;
}

/** The actors that a node follows as their standby and could lead at once. */
export async function warmOf(node: ExchangeProcess): Promise<ReadonlySet<string>> {
  const standbys = await ask<Record<string, StandbyProgress>>(node, "/standbys");
  return new Set(Object.keys(standbys).filter((actor) => standbys[actor]!.isWarm));
}

/** For how long each node has to stay before it is given anything, as a node has seen it. */
export function trialsOf(node: ExchangeProcess): Promise<Readonly<Record<string, Trial>>> {
  return ask(node, "/trials");
}

/** Does a node say that it can do its work? */
export async function isReady({ ports }: ExchangeProcess): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await fetch(`http://127.0.0.1:${ports.http}/readyz`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Does its process answer at all? */
export async function healthOf({ ports }: ExchangeProcess): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${ports.http}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** The time that its process has, in milliseconds since 1970, to the second. */
export async function timeOf({ ports }: ExchangeProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${ports.http}/healthz`);
  return Date.parse(response.headers.get("date") ?? "");
}

async function ask<T>(node: ExchangeProcess, path: string): Promise<T> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(`http://127.0.0.1:${node.ports.http}${path}`, { signal });
  if (!response.ok) throw new Error(`NODE_NO_ANSWER: ${path} answered ${response.status}`);
  return (await response.json()) as T;
}
