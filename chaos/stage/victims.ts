/** Whom a drill strikes: a node that leads at least a market and a ledger shard, and what it led under which token. */
import { setTimeout as sleep } from "node:timers/promises";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import type { ExchangeProcess } from "../../services/supervisor/child.js";
import type { Exchange } from "../../services/supervisor/exchange.js";
import type { Leaders } from "../../services/supervisor/leaders.js";
import { warmOf } from "../ask-node.js";

/** Each look asks all nodes, which takes of the cores that the exchange has. */
const POLL_MS = 100;
const CHOICE_LIMIT_MS = 60_000;
const TAKE_OVER_LIMIT_MS = 30_000;
/**
 * Leaders must not have changed for so long, so that a planned move is not taken for the drill's work: longer than a node rests between
 * two of them.
 */
const SETTLED_MS = 1_500;

const MARKET_PREFIX = "market.";
const LEDGER_PREFIX = "ledger.";

export interface Victim {
  readonly process: ExchangeProcess;
  /** Its process when it was chosen. */
  readonly pid: number;
  /** The actors it led when it was struck, with their tokens. */
  readonly tokens: ReadonlyMap<string, number>;
  readonly symbols: readonly string[];
  readonly shards: readonly number[];
}

interface Settling {
  readonly withoutStandby?: ReadonlySet<string>;
  /** For how long leaders must not have changed. */
  readonly settledMs?: number;
}

/**
 * Waits until the exchange is whole (nobody has taken over anything for a while, and some node stands by for each actor)
 * and `accepts` likes how it is.
 */
async function whenSettled<T>(
  exchange: Exchange,
  accepts: (leaders: Leaders) => T | undefined,
  failure: string,
  { withoutStandby, settledMs = SETTLED_MS }: Settling = {},
): Promise<T> {
  const deadline = performance.now() + CHOICE_LIMIT_MS;
  let before = "";
  let settledAt = performance.now();
  for (;;) {
    const leaders = await exchange.leaders();
    const now = JSON.stringify([...leaders]);
    if (now !== before) settledAt = performance.now();
    before = now;
    const followed = [...leaders.keys()].filter((actor) => !withoutStandby?.has(actor));
    if (performance.now() - settledAt >= settledMs && (await haveStandbys(exchange, followed))) {
      const accepted = accepts(leaders);
      if (accepted !== undefined) return accepted;
    }
    if (performance.now() > deadline) throw new Error(failure);
    await sleep(POLL_MS);
  }
}

async function haveStandbys({ nodes }: Exchange, actors: readonly string[]): Promise<boolean> {
  const warm = await Promise.all(nodes.map((node) => warmOf(node)));
  return actors.every((actor) => warm.some((names) => names.has(actor)));
}

/** Who leads what, once the exchange is whole. Some actors may be meant to have no standby. */
export function settledLeaders(
  exchange: Exchange,
  withoutStandby: ReadonlySet<string> = new Set(),
): Promise<Leaders> {
  const failure = "DRILL_NOT_SETTLED: leaders change all the time, or some actor has no standby";
  return whenSettled(exchange, (leaders) => leaders, failure, { withoutStandby });
}

/**
 * Picks the node for a round: the first that qualifies, beginning with another one each time, once leaders have not changed for so
 * long.
 */
export function pickVictim(
  exchange: Exchange,
  round: number,
  settledMs: number = SETTLED_MS,
): Promise<Victim> {
  const { nodes } = exchange;
  const choose = (leaders: Leaders) =>
    nodes
      .map((_, offset) => ledBy(nodes[(round + offset) % nodes.length]!, leaders))
      .find(({ symbols, shards }) => symbols.length > 0 && shards.length > 0);
  const failure =
    "DRILL_NO_VICTIM: no node leads at least a market and a ledger shard while all have standbys";
  return whenSettled(exchange, choose, failure, { settledMs });
}

export function ledBy(process: ExchangeProcess, leaders: Leaders): Victim {
  const led = [...leaders].filter(([, leader]) => leader.node === process.name);
  const names = led.map(([name]) => name);
  return {
    process,
    pid: process.pid,
    tokens: new Map(led.map(([name, { token }]) => [name, token])),
    symbols: names
      .filter((name) => name.startsWith(MARKET_PREFIX))
      .map((name) => decodeSymbol(name.slice(MARKET_PREFIX.length))),
    shards: names
      .filter((name) => name.startsWith(LEDGER_PREFIX))
      .map((name) => Number(name.slice(LEDGER_PREFIX.length))),
  };
}

/** Waits until every actor of the victim has a higher token; gives what is wrong when they have not. */
export async function untilHigherTokens(exchange: Exchange, victim: Victim): Promise<string[]> {
  return until(exchange, victim, () => true, "not taken over");
}

/** The same, and on another node. */
export function untilTakenOver(exchange: Exchange, victim: Victim): Promise<string[]> {
  return until(exchange, victim, (node) => node !== victim.process.name, "not taken over");
}

/** Waits until it leads again what it led before it was restarted. */
export function untilGivenBack(exchange: Exchange, victim: Victim): Promise<string[]> {
  return until(exchange, victim, (node) => node === victim.process.name, "not given back to it");
}

async function until(
  exchange: Exchange,
  { process, tokens }: Victim,
  mayLead: (node: string) => boolean,
  failure: string,
): Promise<string[]> {
  const deadline = performance.now() + TAKE_OVER_LIMIT_MS;
  for (;;) {
    const leaders = await exchange.leaders();
    const left = [...tokens].filter(([name, token]) => {
      const leader = leaders.get(name);
      return !leader || leader.token <= token || !mayLead(leader.node);
    });
    if (left.length === 0) return [];
    if (performance.now() > deadline) {
      return [`${left.length} actors of ${process.name} were ${failure}`];
    }
    await sleep(POLL_MS);
  }
}

/** Who was struck and what he led under which tokens, for people. */
export function ledNames({
  process,
  pid,
  tokens,
}: Pick<Victim, "pid" | "tokens"> & { readonly process: Pick<ExchangeProcess, "name"> }): string {
  const led = [...tokens].map(([actor, token]) => `${actor} (token ${token})`);
  return `${process.name} (process ${pid}) led ${led.join(", ")}`;
}
