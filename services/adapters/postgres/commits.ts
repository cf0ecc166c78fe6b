/**
 * The commits of a process. Those that are asked for in one turn of the event loop go together: so they cost one round trip and one
 * flush, whoever they are of, and what they bring is told in one turn too.
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
 * One connection does, and two are there for when it hangs. Commits have them for themselves: a connection that has made commits
 * keeps a plan for each combination of parts, of 0.4 MiB, for ever.
 */
export const COMMIT_CONNECTIONS_MAX = 3;
/** What a row that somebody else holds is waited for together with others; the one whose row it is waits on by itself. */
const LOCK_TOGETHER_TIMEOUT_MS = 100;

/**
 * More commits than this, or of more commands than these bytes, are several transactions: whoever has little to commit is not to wait for
 * all who have much, and the answer has its time limit. Full batches go two at a time.
 */
export const COMMITS_TOGETHER_MAX = 32;
const COMMANDS_TOGETHER_BYTES_MAX = 256 * 1024;

interface Asked {
  readonly batch: Batch;
  readonly statement: CommitStatement;
  readonly resolve: (answer: CommitAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class Commits {
  private readonly pool: pg.Pool;
  private gathered: Asked[] = [];

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

  private sendGathered(): void {
    const gathered = this.gathered.sort((a, b) => a.batch.actor.id - b.batch.actor.id);
    this.gathered = [];
    let group: Asked[] = [];
    let bytes = 0;
    for (const asked of gathered) {
      bytes += asked.batch.commands.length;
      const isFull = group.length === COMMITS_TOGETHER_MAX || bytes > COMMANDS_TOGETHER_BYTES_MAX;
      if (isFull && group.length > 0) {
        void this.send(group);
        group = [];
        bytes = asked.batch.commands.length;
      }
      group.push(asked);
    }
    void this.send(group);
  }

  private async send(group: readonly Asked[]): Promise<void> {
    try {
      await withConnection(this.pool, (client) => commit(client, group));
    } catch (error) {
      // Nothing of them is stored, and only the one that was refused is to suffer for it.
      const isForOne = isRowHeld(error) || (group.length > 1 && isRefused(error));
      for (const asked of group) {
        if (isForOne) void this.sendAlone(asked);
        else asked.reject(error);
      }
    }
  }

  private async sendAlone(asked: Asked): Promise<void> {
    try {
      await withConnection(this.pool, async (client) => {
        await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
        await commit(client, [asked]);
        await client.query("RESET lock_timeout");
      });
    } catch (error) {
      asked.reject(error);
    }
  }
}

async function commit(client: pg.PoolClient, group: readonly Asked[]): Promise<void> {
  const statements = group.map(({ statement }) => statement);
  const answers = await client.query(new CommitGroup(statements)).done;
  assert(answers.length === group.length, "an answer for each commit");
  group.forEach(({ resolve }, at) => resolve(answers[at]!));
}
