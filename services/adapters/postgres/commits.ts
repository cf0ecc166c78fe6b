/**
 * The commits of a process. Those that are asked for in one turn of the event loop go together: so they cost one round trip and one
 * flush, whoever they are of, and what they bring is told in one turn too.
 */
import type pg from "pg";
import type { Batch } from "../../ports/store.js";
import { type CommitAnswer, CommitGroup } from "./commit-group.js";
import { type CommitStatement, commitStatement } from "./commit-statement.js";
import { withConnection } from "./connections.js";
import { isRefused } from "./errors.js";

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

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  /** Rejects with what the server or its connection says of this one commit. */
  make(batch: Batch, releasesIds: boolean): Promise<CommitAnswer> {
    return new Promise((resolve, reject) => {
      const statement = commitStatement(batch, releasesIds);
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
      const statements = group.map(({ statement }) => statement);
      const answers = await withConnection(this.pool, (client) => {
        return client.query(new CommitGroup(statements)).done;
      });
      group.forEach(({ resolve }, at) => resolve(answers[at]!));
    } catch (error) {
      // One of them was refused, and so nothing is stored: the others are not to suffer for it.
      if (group.length > 1 && isRefused(error)) for (const asked of group) void this.send([asked]);
      else for (const { reject } of group) reject(error);
    }
  }
}
