/** Transactions of commits, on connections that make nothing else. */
import type pg from "pg";
import { CommitGroup } from "./commit-group.js";
import type { CommitStatement } from "./commit-statement.js";
import { type CommitAnswer, CommitRefused, type Transactions } from "./commits.js";
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

export class PostgresTransactions implements Transactions<CommitStatement> {
  private readonly pool: pg.Pool;

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

  async make(
    statements: readonly CommitStatement[],
    isPatient: boolean,
  ): Promise<readonly CommitAnswer[]> {
    const group = new CommitGroup(statements);
    let answers: readonly CommitAnswer[] | null = null;
    try {
      await withConnection(this.pool, async (client) => {
        if (isPatient) await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
        answers = await client.query(group).done;
        if (isPatient) await client.query("RESET lock_timeout");
      });
      return answers!;
    } catch (error) {
      // A connection that could not be used again is none of theirs.
      if (answers) return answers;
      // Behind the last one nobody knows which of them it was.
      const isOneRefused = isRefused(error) && group.refusedAt < statements.length;
      throw isOneRefused ? new CommitRefused(group.refusedAt, error, isRowHeld(error)) : error;
    }
  }
}
