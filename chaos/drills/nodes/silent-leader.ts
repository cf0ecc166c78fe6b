/**
 * What leaders that fall silent have in common, whatever silences them: others lead while it lasts, and when the silent
 * one wakes up, believing that it leads, with a commit perhaps on its lips, not one row of it gets in.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import { RESTLESS_WITHIN_MS } from "../../../services/node/limits.js";
import { leadingOf } from "../../ask-node.js";
import type { Scene } from "../../scene.js";
import { ledNames, pickVictim, untilTakenOver, type Victim } from "../../stage/victims.js";
import type { Stage } from "../drill.js";
import type { Fault } from "../fault.js";

/**
 * What is taken over for a suspicion again and again is left where it is for longer each time. Rounds are further apart than what
 * counts as again, or they would strike what is not to be taken over.
 */
const RESTED_MS = 3 * RESTLESS_WITHIN_MS;
const LET_GO_LIMIT_MS = 10_000;
/** How long the woken one has to try a commit under its old token. */
const WAKE_MS = 1_000;
const POLL_MS = 50;

/** Shorter than it is elsewhere, so that what outlasts it does not take long. */
export const LEASE_MS = 1_000;

/** A way to silence a node. */
export interface Silence {
  readonly lastsMs: number;
  /** What takes time before, while the node still works. */
  prepare?(process: ExchangeProcess, stage: Stage): Promise<void>;
  begin(process: ExchangeProcess, stage: Stage): ReturnType<Fault<unknown>["strike"]>;
  /** Called at its end: why the node was not silent all the time. */
  broken(process: ExchangeProcess, stage: Stage): Promise<readonly string[]> | readonly string[];
  end(process: ExchangeProcess, stage: Stage): Promise<void> | void;
}

/** A leader, and where its actors stood when others led them. */
export interface Silenced {
  readonly victim: Victim;
  readonly fencedBefore: number;
  marks: readonly Mark[];
}

interface Mark {
  readonly actor: number;
  /** The token the victim had, and the actor's last batch when a higher one was there already. */
  readonly token: number;
  readonly batch: number;
}

export function silentLeader(silence: Silence): Fault<Silenced> {
  return {
    lastsMs: silence.lastsMs,
    async aim(stage, number) {
      const { scene } = stage;
      const victim = await pickVictim(scene.exchange, number, RESTED_MS);
      await silence.prepare?.(victim.process, stage);
      return { victim, fencedBefore: await fencedCommits(victim.process), marks: [] };
    },
    symbols: ({ victim }) => victim.symbols,
    strike: ({ victim }, stage) => silence.begin(victim.process, stage),
    async bitten(silenced, stage) {
      const { victim } = silenced;
      const failures = await untilTakenOver(stage.scene.exchange, victim);
      failures.push(...(await silence.broken(victim.process, stage)));
      silenced.marks = await marksOf(stage.scene, victim);
      return failures;
    },
    heal: async ({ victim }, stage) => silence.end(victim.process, stage),
    async healed({ victim, fencedBefore, marks }, { scene }) {
      await sleep(WAKE_MS);
      const unhealed = (await letGo(scene, victim))
        ? []
        : [`${victim.process.name} still says that it leads what others lead`];
      const fenced = (await fencedCommits(victim.process)) - fencedBefore;
      return { unhealed, staleCommits: await staleCommits(scene, marks), fencedCommits: fenced };
    },
    name: ({ victim }) => ledNames(victim),
  };
}

/** The same for a time that may be too short for others to take over: what they have taken they lead, and the rest is led on. */
export function brieflySilent(silence: Silence): Fault<Silenced> {
  return {
    ...silentLeader(silence),
    async bitten(silenced, stage) {
      const { victim } = silenced;
      const failures = await silence.broken(victim.process, stage);
      silenced.marks = await marksOf(stage.scene, victim);
      return failures;
    },
  };
}

/** Of those that others lead by now. */
async function marksOf(scene: Scene, victim: Victim): Promise<Mark[]> {
  const names = [...victim.tokens.keys()];
  const rows = await scene.query<{ actor: number; name: string; batch: number; token: number }>(
    "SELECT actor, name, batch, token FROM actors WHERE name = ANY ($1)",
    [names],
  );
  return rows
    .map(({ actor, name, batch, token: now }) => ({
      actor,
      batch,
      now,
      token: victim.tokens.get(name)!,
    }))
    .filter(({ now, token }) => now > token);
}

/** Batches that stand under the old token after the mark: there must be none. */
async function staleCommits(scene: Scene, marks: readonly Mark[]): Promise<number> {
  const [row] = await scene.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM batch_log l
     JOIN unnest($1::integer[], $2::bigint[], $3::bigint[]) AS m (actor, token, batch) USING (actor)
     WHERE l.batch > m.batch AND l.token <= m.token`,
    [marks.map((m) => m.actor), marks.map((m) => m.token), marks.map((m) => m.batch)],
  );
  return row?.count ?? 0;
}

/** Resolves to whether the node stops saying that it leads what others lead, under the tokens that it had. */
async function letGo({ exchange }: Scene, victim: Victim): Promise<boolean> {
  const deadline = performance.now() + LET_GO_LIMIT_MS;
  while (performance.now() < deadline) {
    const leading = await leadingOf(victim.process);
    const leaders = await exchange.leaders();
    const clings = [...victim.tokens].some(
      ([name, token]) => leading[name] === token && leaders.get(name)!.token > token,
    );
    if (!clings) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** What the node counts of commits that the fence refused. */
async function fencedCommits({ ports }: ExchangeProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${ports.http}/metrics`);
  const text = await response.text();
  const counts = [...text.matchAll(/^exchange_fenced_commits_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
