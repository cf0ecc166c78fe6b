/**
 * The commits of a process. Those that are asked for together go together: so they cost one round trip and one flush, whoever
 * they are of, and what they bring is told in one turn of the event loop too.
 */
import type pg from "pg";
import { assert } from "../../../actors/kernel/assert.js";
import type { Batch } from "../../ports/store.js";
import { type CommitAnswer, CommitGroup } from "./commit-group.js";
import type { CommitStatement } from "./commit-statement.js";
import { LOCK_TIMEOUT_MS, openPool, withConnection } from "./connections.js";
import { isRefused, isRowHeld } from "./errors.js";
import { rehearseCommit, warmUp } from "./warm-up.js";

/**
 * Most commits go over one connection; the others are for what does not fit into one transaction, for handovers, and for when one
 * hangs. They have them for themselves: a connection that has made commits keeps a plan for each combination of parts, of 0.4 MiB, for ever.
 */
export const COMMIT_CONNECTIONS_MAX = 3;
/** What a row that somebody else holds is waited for together with others; the one whose row it is waits on by itself. */
const LOCK_TOGETHER_TIMEOUT_MS = 100;

/**
 * More commits than this, or more than these bytes of them, are several transactions: whoever has little to commit is not to wait for
 * all who have much, and the answer has its time limit. A batch of some 500 orders goes by itself.
 */
export const COMMITS_TOGETHER_MAX = 32;
export const COMMITS_TOGETHER_BYTES_MAX = 256 * 1024;

interface Asked {
  readonly batch: Batch;
  readonly statement: CommitStatement;
  readonly resolve: (answer: CommitAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class Commits {
  private readonly pool: pg.Pool;
  private gathered: Asked[] = [];
  /** Actors of whose last commit the outcome was not known: should it be one that always fails so, it fails alone. */
  private readonly doubtful = new Set<number>();

  constructor(url: string, incarnation: string) {
    this.pool = openPool(url, incarnation, COMMIT_CONNECTIONS_MAX, LOCK_TOGETHER_TIMEOUT_MS);
  }

  /** Opens all connections, and writes nothing. */
  async warmUp(): Promise<void> {
    await warmUp(this.pool, COMMIT_CONNECTIONS_MAX, rehearseCommit);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /** Rejects with what the server or its connection says of this one commit. */
  make(batch: Batch, statement: CommitStatement): Promise<CommitAnswer> {
    return new Promise((resolve, reject) => {
      if (this.gathered.length === 0) queueMicrotask(() => this.sendGathered());
      this.gathered.push({ batch, statement, resolve, reject });
    });
  }

  /** In the order of the actors: two nodes that commit for the same ones do not wait for each other in a circle. */
  private sendGathered(): void {
    const gathered = this.gathered.sort((a, b) => a.batch.actor.id - b.batch.actor.id);
    this.gathered = [];
    let group: Asked[] = [];
    let bytes = 0;
    for (const asked of gathered) {
      if (this.doubtful.has(asked.batch.actor.id)) {
        void this.send([asked]);
        continue;
      }
      const more = bytesOf(asked.statement);
      const isFull =
        group.length === COMMITS_TOGETHER_MAX || bytes + more > COMMITS_TOGETHER_BYTES_MAX;
      if (isFull && group.length > 0) {
        void this.send(group);
        group = [];
        bytes = 0;
      }
      group.push(asked);
      bytes += more;
    }
    if (group.length > 0) void this.send(group);
  }

  private async send(group: readonly Asked[]): Promise<void> {
    const sent = new CommitGroup(group.map(({ statement }) => statement));
    try {
      const answers = await withConnection(this.pool, (client) => client.query(sent).done);
      this.stored(group, answers);
    } catch (error) {
      this.failed(group, sent.refusedAt, error);
    }
  }

  private stored(group: readonly Asked[], answers: readonly CommitAnswer[]): void {
    assert(answers.length === group.length, "each commit has its answer");
    for (const [at, { batch, resolve }] of group.entries()) {
      this.doubtful.delete(batch.actor.id);
      resolve(answers[at]!);
    }
  }

  /** Where the server has refused one of them nothing is stored, and only that one is to suffer for it. */
  private failed(group: readonly Asked[], refusedAt: number, error: unknown): void {
    const refused = isRefused(error) ? group[refusedAt] : undefined;
    if (!refused) {
      for (const { batch, reject } of group) {
        this.doubtful.add(batch.actor.id);
        reject(error);
      }
      return;
    }
    if (isRowHeld(error)) void this.sendPatiently(refused);
    else refused.reject(error);
    const others = group.filter((asked) => asked !== refused);
    if (others.length > 0) void this.send(others);
  }

  /** Waits for a row that somebody else holds as long as anybody does. */
  private async sendPatiently(asked: Asked): Promise<void> {
    const sent = new CommitGroup([asked.statement]);
    try {
      await withConnection(this.pool, async (client) => {
        await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
        this.stored([asked], await client.query(sent).done);
        await client.query("RESET lock_timeout");
      });
    } catch (error) {
      asked.reject(error);
    }
  }
}

function bytesOf({ values }: CommitStatement): number {
  let bytes = 0;
  for (const value of values) if (typeof value === "object" && value) bytes += value.length;
  return bytes;
}
