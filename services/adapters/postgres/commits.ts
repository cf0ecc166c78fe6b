/**
 * The commits of a process. Those that are asked for in one turn of the event loop go together: so they cost one round trip and one
 * flush, whoever they are of, and what they bring is told in one turn too.
 */
import type pg from "pg";
import { type CommitAnswer, CommitGroup } from "./commit-group.js";
import type { CommitStatement } from "./commit-statement.js";
import { withConnection } from "./connections.js";
import { isRefused } from "./errors.js";

/** More than so many are several transactions. */
export const COMMITS_TOGETHER_MAX = 32;

interface Asked {
  readonly actor: number;
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
  make(actor: number, statement: CommitStatement): Promise<CommitAnswer> {
    return new Promise((resolve, reject) => {
      if (this.gathered.length === 0) queueMicrotask(() => this.sendGathered());
      this.gathered.push({ actor, statement, resolve, reject });
    });
  }

  private sendGathered(): void {
    const gathered = this.gathered.sort((a, b) => a.actor - b.actor);
    this.gathered = [];
    for (let at = 0; at < gathered.length; at += COMMITS_TOGETHER_MAX) {
      void this.send(gathered.slice(at, at + COMMITS_TOGETHER_MAX));
    }
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
