/** The store on Postgres (see `services/ports/store.ts`). */
import type pg from "pg";
import { shardOfOrder } from "../../../actors/kernel/ids.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS } from "../../../actors/kernel/limits.js";
import {
  type ActorRecord,
  type ActorSummary,
  type Batch,
  ClientOrderIdConflict,
  CommitUnknownError,
  type Correspondence,
  FencedError,
  type Handed,
  type HandedQuestion,
  type Holder,
  type Loaded,
  type LoggedBatch,
  type Row,
  type Store,
} from "../../ports/store.js";
import { type CommitAnswer, Commits } from "./commits.js";
import { openPool, type Prepared, query } from "./connections.js";
import { correspondenceOf, type CorrespondenceRow } from "./correspondence.js";
import { isOwnBug, sqlState } from "./errors.js";
import { readHanded } from "./handed.js";
import { loadActor } from "./load.js";
import { raiseToken } from "./raise.js";
import { bytesOf, type CommitStatement, commitStatement } from "./commit-statement.js";
import * as sql from "./store-sql.js";
import { PostgresTransactions } from "./transactions.js";
import { Turns } from "./turns.js";
import { rehearseEnding, rehearseTakeover, warmUp } from "./warm-up.js";

const UNIQUE_VIOLATION = "23505";

/** Actors that are loaded at a time. */
const LOADS_MAX = 2;
/** Connections for the loads, for raises and successors that wait for their rows, and for whoever asks for something short. */
const SHARED_CONNECTIONS_MAX = LOADS_MAX + 2;
/** For all but commits: one more, by which a predecessor is ended for whom all others wait. */
export const OTHER_CONNECTIONS_MAX = SHARED_CONNECTIONS_MAX + 1;

export class PostgresStore implements Store {
  private readonly pool: pg.Pool;
  private readonly ender: pg.Pool;
  private readonly transactions: PostgresTransactions;
  private readonly commits: Commits<CommitStatement>;
  private readonly loads = new Turns(LOADS_MAX);
  /** Shards whose clients use ids again that are free: their commits let go of them. The others are spared the look-ups. */
  private readonly releasing = new Set<number>();

  /** `incarnation` is this life of the process: the one that it raises tokens with. */
  constructor(url: string, incarnation: string) {
    this.pool = openPool(url, incarnation, SHARED_CONNECTIONS_MAX);
    this.ender = openPool(url, incarnation, 1);
    this.transactions = new PostgresTransactions(url, incarnation);
    this.commits = new Commits(this.transactions);
  }

  /** Opens all connections, so that no takeover waits for one; writes nothing. */
  async warmUp(): Promise<void> {
    await Promise.all([
      warmUp(this.pool, SHARED_CONNECTIONS_MAX, rehearseTakeover),
      warmUp(this.ender, 1, rehearseEnding),
      this.transactions.warmUp(),
    ]);
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.ender.end(), this.transactions.close()]);
  }

  actors(aboveActor: number): Promise<ActorSummary[]> {
    return this.read<ActorSummary>(sql.ACTORS, [aboveActor]);
  }

  async record(actor: number): Promise<ActorRecord | null> {
    return (await this.read<ActorRecord>(sql.RECORD, [actor]))[0] ?? null;
  }

  raise(
    actor: number,
    fromToken: number,
    holder: Holder,
    leaseRevision: number,
  ): Promise<ActorRecord | null> {
    return raiseToken(this.pool, this.ender, actor, fromToken, holder, leaseRevision);
  }

  handed(question: HandedQuestion): Promise<Handed | null> {
    return readHanded(this.pool, question);
  }

  async commit(batch: Batch): Promise<{ readonly time: number }> {
    const { id } = batch.actor;
    const releases = this.releasing.has(id);
    const statement = commitStatement(batch, releases);
    let answer: CommitAnswer;
    try {
      answer = await this.commits.make({ actor: id, statement, bytes: bytesOf(statement) });
    } catch (error) {
      if (releases || !isUsedId(error)) throw await this.commitError(batch, error);
      // Nothing was stored. Whoever had the id may have ended a day ago.
      this.releasing.add(id);
      return this.commit(batch);
    }
    if (answer.fence !== 1) {
      throw new FencedError(
        `${batch.actor.name}: token ${batch.token} or batch ${batch.number - 1} is not current`,
      );
    }
    return { time: answer.now };
  }

  async correspondence(actor: number): Promise<Correspondence> {
    return correspondenceOf(await this.read<CorrespondenceRow>(sql.CORRESPONDENCE, [actor]));
  }

  load(
    actor: number,
    begin: (loaded: Loaded) => void,
    page: (table: string, rows: readonly Row[]) => void,
  ): Promise<Loaded | null> {
    return this.loads.take(() => loadActor(this.pool, actor, begin, page));
  }

  batches(actor: number, afterBatch: number, batchesMax: number): Promise<LoggedBatch[]> {
    return this.read<LoggedBatch>(sql.BATCHES, [actor, afterBatch, batchesMax]);
  }

  orders(orderIds: readonly number[]): Promise<Row[]> {
    const shards = [...new Set(orderIds.map(shardOfOrder))];
    return this.read<Row>(sql.ORDERS, [`{${orderIds.join(",")}}`, `{${shards.join(",")}}`]);
  }

  async now(): Promise<number> {
    return (await this.read<{ now: number }>(sql.NOW))[0]!.now;
  }

  private read<T>(prepared: Prepared, values: readonly unknown[] = []): Promise<T[]> {
    return query(this.pool, prepared, values) as Promise<T[]>;
  }

  /** What a failed commit means: another id's owner, a bug of ours, or that nobody knows. */
  private async commitError(batch: Batch, error: unknown): Promise<Error> {
    const state = sqlState(error);
    const { message } = error as Error;
    if (isUsedId(error)) {
      // It was a late repeat: no reason to go on looking for ids that are free.
      this.releasing.delete(batch.actor.id);
      try {
        return new ClientOrderIdConflict(await this.conflicting(batch));
      } catch (lookup) {
        return new CommitUnknownError(`looking up client order ids: ${(lookup as Error).message}`);
      }
    }
    if (state !== undefined && isOwnBug(state)) return new Error(`${state}: ${message}`);
    return new CommitUnknownError(`${state ?? "connection"}: ${message}`);
  }

  private async conflicting(batch: Batch): Promise<number[]> {
    const { orders_new: plain, orders_new_with_terms: others } = batch.effects.rows;
    const given = (column: string) => [
      ...(plain?.columns[column] ?? []),
      ...(others?.columns[column] ?? []),
    ];
    const rows = await this.read<{ order_id: number }>(sql.CONFLICTING, [
      given("account"),
      given("client_order_id"),
      batch.time - CLIENT_ORDER_ID_FREE_AFTER_MICROS,
    ]);
    return rows.map((row) => row.order_id);
  }
}

/** Has another order a client order id of the batch? */
function isUsedId(error: unknown): boolean {
  const { constraint } = error as { constraint?: string };
  return sqlState(error) === UNIQUE_VIOLATION && constraint === "orders_by_client_id";
}
