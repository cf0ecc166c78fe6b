/**
 * SIGSTOP to a leader for longer than its lease, then SIGCONT: it wakes up believing that it leads, with a commit
 * perhaps on its lips, and not one row of it gets in.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExchangeProcess } from "../../services/supervisor/child.js";
import { leadingOf } from "../ask-node.js";
import type { Scene } from "../scene.js";
import type { Drill } from "./drill.js";
import { type Blow, strikeLeader } from "./strike-leader.js";
import { untilTakenOver, type Victim } from "./victims.js";

/** Longer than the lease by this factor. */
const FREEZE_LEASES = 2.5;
const LEASE_MS = 1_000;
const TAKE_OVER_LIMIT_MS = 30_000;
const LET_GO_LIMIT_MS = 10_000;
/** How long the woken one has to try a commit under its old token. */
const WAKE_MS = 1_000;
const POLL_MS = 50;
const SAMPLE_MS = 100;

const BLOW: Blow = {
  strike: ({ process }) => process.freeze(),
  async heal(scene, victim, struckAtMs) {
    const { process } = victim;
    const failures: string[] = [];
    const wakeAtMs = struckAtMs + FREEZE_LEASES * LEASE_MS;
    let wasStopped = true;
    while (performance.now() < wakeAtMs) {
      wasStopped &&= isStopped(process.pid);
      await sleep(SAMPLE_MS);
    }
    const left = await untilTakenOver(scene.exchange, victim, TAKE_OVER_LIMIT_MS);
    wasStopped &&= isStopped(process.pid);
    if (!wasStopped) failures.push(`${process.name} was not stopped all the time`);
    if (left > 0) failures.push(`${left} actors of ${process.name} have no higher token`);
    const marks = await marksOf(scene, victim);
    const before = fencedBefore.get(process) ?? 0;
    process.resume();
    await sleep(WAKE_MS);
    if (!(await letGo(victim))) {
      failures.push(`${process.name} still says that it leads what others lead`);
    }
    const fenced = await fencedCommits(process.ports.http);
    fencedBefore.set(process, fenced);
    const fencedNow = fenced - before;
    return { failures, staleCommits: await staleCommits(scene, marks), fencedCommits: fencedNow };
  },
};

export const FREEZE_LEADER: Drill = {
  name: "freeze-leader",
  about: "SIGSTOP to such a node for longer than its lease, then SIGCONT",
  round: (stage, number) => strikeLeader(stage, number, BLOW),
};

/** What each process had counted by the end of its last round. */
const fencedBefore = new WeakMap<ExchangeProcess, number>();

/** Is the process stopped (state T), by the system's own word? */
function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "T";
}

interface Mark {
  readonly actor: number;
  /** The token the victim had, and the actor's last batch when a higher one was there already. */
  readonly token: number;
  readonly batch: number;
}

async function marksOf(scene: Scene, victim: Victim): Promise<Mark[]> {
  const names = [...victim.tokens.keys()];
  const rows = await scene.query<{ actor: number; name: string; batch: number }>(
    "SELECT actor, name, batch FROM actors WHERE name = ANY ($1)",
    [names],
  );
  return rows.map(({ actor, name, batch }) => ({ actor, batch, token: victim.tokens.get(name)! }));
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

/** Resolves to whether the node stops saying that it leads under the tokens that it had. */
async function letGo(victim: Victim): Promise<boolean> {
  const deadline = performance.now() + LET_GO_LIMIT_MS;
  while (performance.now() < deadline) {
    const leading = await leadingOf(victim.process);
    const clings = [...victim.tokens].some(([name, token]) => leading[name] === token);
    if (!clings) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** What the node counts of commits that the fence refused. */
async function fencedCommits(httpPort: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/metrics`);
  const text = await response.text();
  const counts = [...text.matchAll(/^exchange_fenced_commits_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
