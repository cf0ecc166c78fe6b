/**
 * The store of one process on the Postgres of a run; it takes broken and silent connections as the real one does, and which commits
 * go together is decided by the real one's code.
 */
import {
  ANSWER_TIMEOUT_MS,
  PAGE_TIMEOUT_MS,
} from "../../../services/adapters/postgres/connections.js";
import { type CommitAnswer, Commits } from "../../../services/adapters/postgres/commits.js";
import { HANDED_BATCHES_MAX } from "../../../services/adapters/postgres/handed.js";
import {
  type ActorRecord,
  type ActorSummary,
  type Batch,
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
} from "../../../services/ports/store.js";
import { type LoadedRows, rowsOfActor } from "../servers/actor-pages.js";
import type { SimPostgres } from "../servers/postgres.js";
import type { SimProcess } from "../world/process.js";
import { exponentialUs } from "../world/random.js";
import { type CallOptions, Caller } from "./caller.js";

/** Few, so that runs of little data see more than one page of a table. */
const PAGE_ROWS_MAX = 500;

const silentRead = (why: string): Error => new Error(`connection: ${why}`);
const silentCommit = (why: string): Error => new CommitUnknownError(`connection: ${why}`);

export class SimStore implements Store {
  private readonly postgres: SimPostgres;
  private readonly process: SimProcess;
  private readonly caller: Caller;
  private readonly commits = new Commits<Batch>({ make: (batches) => this.transaction(batches) });

  constructor(process: SimProcess, postgres: SimPostgres) {
    this.process = process;
    this.postgres = postgres;
    this.caller = new Caller(process, postgres, false);
  }

  actors(aboveActor: number): Promise<ActorSummary[]> {
    return this.read("actors", () => {
      const found: ActorSummary[] = [];
      for (const { record } of this.postgres.actors.values()) {
        const { id, name, kind, token, anchor } = record;
        if (id > aboveActor) found.push({ id, name, kind, token, anchor });
      }
      return found;
    });
  }

  record(actor: number): Promise<ActorRecord | null> {
    return this.read("record", () => this.postgres.actors.get(actor)?.record ?? null);
  }

  raise(
    actor: number,
    fromToken: number,
    holder: Holder,
    leaseRevision: number,
  ): Promise<ActorRecord | null> {
    return this.read("raise", () =>
      this.postgres.raise(this.process, actor, fromToken, holder, leaseRevision),
    );
  }

  /** Nobody waits for a row here: what is not committed yet is not there. What comes with the row is of a later moment. */
  async handed({
    actor,
    fromToken,
    incarnation,
    afterBatch,
  }: HandedQuestion): Promise<Handed | null> {
    const record = await this.read("handed", () =>
      this.postgres.handed(this.process, actor, fromToken, incarnation),
    );
    if (!record) return null;
    return this.read("left", () => ({
      record,
      standing: this.standing(actor),
      batches: this.logged(actor, afterBatch, HANDED_BATCHES_MAX),
    }));
  }

  async commit(batch: Batch): Promise<{ readonly time: number }> {
    const { actor, token, number, commands } = batch;
    // What else there is of a batch is as much again: no run comes near the limit.
    const asked = { actor: actor.id, statement: batch, bytes: commands.length };
    const { now, fence } = await this.commits.make(asked);
    if (fence === 1) return { time: now };
    throw new FencedError(`${actor.name}: token ${token} or batch ${number - 1} is not current`);
  }

  correspondence(actor: number): Promise<Correspondence> {
    return this.read("correspondence", () => this.standing(actor));
  }

  async load(
    actor: number,
    begin: (loaded: Loaded) => void,
    page: (table: string, rows: readonly Row[]) => void,
  ): Promise<Loaded | null> {
    const snapshot = await this.read("load", () => this.snapshot(actor), PAGE_TIMEOUT_MS);
    if (!snapshot) return null;
    begin(snapshot.loaded);
    for (const { table, rows } of snapshot.pages) {
      // Each page is a round trip of its own, also the one that shows that there is nothing more.
      for (let at = 0; at <= rows.length; at += PAGE_ROWS_MAX) {
        const some = await this.read(
          "page",
          () => rows.slice(at, at + PAGE_ROWS_MAX),
          PAGE_TIMEOUT_MS,
        );
        if (some.length > 0) page(table, some);
      }
    }
    return snapshot.loaded;
  }

  batches(actor: number, afterBatch: number, batchesMax: number): Promise<LoggedBatch[]> {
    return this.read("batches", () => this.logged(actor, afterBatch, batchesMax));
  }

  orders(orderIds: readonly number[]): Promise<Row[]> {
    return this.read("orders", () => {
      const { rows } = this.postgres.tables.get("orders");
      return orderIds.map((orderId) => rows.get(orderId)).filter((row) => row !== undefined);
    });
  }

  now(): Promise<number> {
    return this.read("now", () => this.postgres.now());
  }

  private async transaction(batches: readonly Batch[]): Promise<readonly CommitAnswer[]> {
    const { postgres, process, caller } = this;
    const { commitFaults } = postgres;
    const repeatUs = this.strikes(commitFaults.repeated)
      ? exponentialUs(process.random, commitFaults.repeatedMeanUs)
      : null;
    const committing = caller.call(this.commitOptions(), () =>
      postgres.commit(process, batches, false),
    );
    if (repeatUs !== null) caller.tell(repeatUs, () => repeat(postgres, process, batches));
    return committing;
  }

  private standing(actor: number): Correspondence {
    const { postgres } = this;
    return {
      links: postgres.links(actor),
      outbox: postgres.outbox(actor),
      batch: postgres.actors.get(actor)?.record.batch ?? 0,
      now: postgres.now(),
    };
  }

  private logged(actor: number, afterBatch: number, batchesMax: number): LoggedBatch[] {
    const found: LoggedBatch[] = [];
    for (const row of this.postgres.tables.get("batch_log").group("actor", actor)) {
      if (found.length === batchesMax) break;
      const { batch, token, time, hash, commands } = row as unknown as LoggedBatch;
      if (batch > afterBatch) found.push({ actor, batch, token, time, hash, commands });
    }
    return found;
  }

  private read<T>(what: string, work: () => T, timeoutMs: number = ANSWER_TIMEOUT_MS): Promise<T> {
    return this.caller.call({ what, timeoutMs, silent: silentRead }, work);
  }

  private snapshot(actor: number): { loaded: Loaded; pages: LoadedRows[] } | null {
    const record = this.postgres.actors.get(actor)?.record;
    if (!record) return null;
    const loaded = { record, links: this.postgres.links(actor) };
    return { loaded, pages: rowsOfActor(this.postgres, actor) };
  }

  private commitOptions(): CallOptions {
    const { answerLost, requestLost, late, lateMeanUs } = this.postgres.commitFaults;
    const options = { what: "commit", timeoutMs: ANSWER_TIMEOUT_MS, silent: silentCommit };
    if (this.strikes(answerLost)) return { ...options, broken: "after" };
    if (this.strikes(requestLost)) return { ...options, broken: "before" };
    if (this.strikes(late)) {
      return { ...options, lateUs: exponentialUs(this.process.random, lateMeanUs) };
    }
    return options;
  }

  private strikes(chance: number): boolean {
    return chance > 0 && this.process.random.chance(chance);
  }
}

/** Somebody between sends the same transaction again; what becomes of it nobody hears. */
function repeat(postgres: SimPostgres, process: SimProcess, batches: readonly Batch[]): void {
  try {
    postgres.commit(process, batches, true);
  } catch {
    // Refused, as it should be.
  }
}
