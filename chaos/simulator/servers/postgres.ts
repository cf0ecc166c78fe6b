/**
 * PostgreSQL in memory, as far as this exchange uses it. A transaction takes effect at one moment, as a whole or not at
 * all, so there are no locks to wait for. What a process asked for takes effect here whether it still lives or not.
 */
import { ledgerName } from "../../../actors/kernel/ids.js";
import type { Link } from "../../../actors/kernel/links.js";
import {
  type ActorRecord,
  type Batch,
  ClientOrderIdConflict,
  emptyRecord,
  type Holder,
  type OutboxRow,
  type Row,
} from "../../../services/ports/store.js";
import { type CommitAnswer, CommitRefused } from "../../../services/adapters/postgres/commits.js";
import type { SimProcess } from "../world/process.js";
import { actorName } from "../cluster/names.js";
import { noteKind } from "../world/trace.js";
import type { CommitSeen } from "../world/witness.js";
import type { World } from "../world/world.js";
import { changesOf, type RowChange, UniqueViolation, write } from "./row-changes.js";
import { SimServer } from "./server.js";
import type { CommitFaults, PostgresSwitches } from "./switches.js";
import { Tables } from "./tables.js";

const FIRST_MARKET_NUMBER = 1_025;
const FIRST_ACCOUNT_NUMBER = 1_000_000;

const COMMIT = noteKind("commit", (actor, batch) => `${actorName(actor)} batch ${batch}`);
const HASH = noteKind("hash", (hash, token) => `${hash} token ${token}`);
const RAISE = noteKind("raise", (actor, token) => `${actorName(actor)} from token ${token}`);
const CLOCK = noteKind("clock", (byUs) => `by ${byUs} us`);

export interface ActorRow {
  readonly record: ActorRecord;
  readonly holder: string;
  readonly holderIncarnation: string;
  readonly leaseRevision: number;
}

interface Asked {
  readonly batch: Batch;
  readonly at: number;
  readonly isRepeat: boolean;
}

/** One commit of a transaction, before anything is changed; `changes` is null where the fence lets nothing through. */
interface Statement {
  readonly seen: Omit<CommitSeen, "outcome" | "reason">;
  readonly row: ActorRow | undefined;
  readonly changes: readonly RowChange[] | null;
}

export class SimPostgres extends SimServer implements PostgresSwitches {
  fence = true;
  batchCheck = true;
  readonly commitFaults: CommitFaults = {
    answerLost: 0,
    requestLost: 0,
    late: 0,
    lateMeanUs: 0,
    repeated: 0,
    repeatedMeanUs: 0,
  };
  readonly ledgerShards: number;
  protected override readonly keepsOrder = false;
  readonly tables = new Tables();
  /** By number, in the order of the numbers. */
  readonly actors = new Map<number, ActorRow>();
  incarnation = 1;
  private offsetUs = 0;
  private markets = FIRST_MARKET_NUMBER;
  private accounts = FIRST_ACCOUNT_NUMBER;

  /** An exchange that was just created, without markets. */
  constructor(world: World, { ledgerShards }: { readonly ledgerShards: number }) {
    super(world, "postgres");
    this.ledgerShards = ledgerShards;
    for (let shard = 1; shard <= ledgerShards; shard++) {
      this.addActor(shard, ledgerName(shard), "ledger");
    }
  }

  /** The server's clock, in microseconds since 1970. */
  now(): number {
    return this.world.wallUs + this.offsetUs;
  }

  jumpClock(byUs: number): void {
    this.offsetUs += byUs;
    const { trace, scheduler } = this.world;
    trace.note(scheduler.nowUs, CLOCK, this.name, byUs);
  }

  reincarnate(): void {
    this.incarnation += 1;
    for (const [id, row] of this.actors) {
      const { record } = row;
      this.actors.set(id, { ...row, record: { ...record, incarnation: record.incarnation + 1 } });
    }
  }

  addMarket(name: string): number {
    const id = this.markets++;
    this.addActor(id, name, "market");
    return id;
  }

  nextAccountNumber(): number {
    return this.accounts++;
  }

  rows(table: string): Row[] {
    if (table === "actors") return [...this.actors.values()].map(actorRow);
    if (table === "exchange") {
      return [{ ledger_shards: this.ledgerShards, incarnation: this.incarnation }];
    }
    return [...this.tables.get(table).rows.values()];
  }

  raise(
    by: SimProcess,
    actor: number,
    fromToken: number,
    holder: Holder,
    leaseRevision: number,
  ): ActorRecord | null {
    const row = this.actors.get(actor);
    let raised: ActorRecord | null = null;
    const wasHeld =
      row?.record.token === fromToken + 1 && row.holderIncarnation === holder.incarnation;
    if (wasHeld) raised = row.record;
    else if (row?.record.token === fromToken) {
      raised = this.raised(row, holder, leaseRevision);
    }
    const { trace, scheduler, witness } = this.world;
    const atUs = scheduler.nowUs;
    trace.note(atUs, RAISE, by.name, actor, fromToken, raised ? "raised" : "beaten");
    witness.raise({ atUs, by, actor, fromToken, holder, leaseRevision, raised, wasHeld });
    return raised;
  }

  /** What the last batch of a predecessor has raised for a life of a node; null: nothing. */
  handed(
    by: SimProcess,
    actor: number,
    fromToken: number,
    incarnation: string,
  ): ActorRecord | null {
    const row = this.actors.get(actor);
    const isHanded = row?.record.token === fromToken + 1 && row.holderIncarnation === incarnation;
    const { trace, scheduler, witness } = this.world;
    const atUs = scheduler.nowUs;
    trace.note(atUs, RAISE, by.name, actor, fromToken, isHanded ? "handed" : "not handed yet");
    if (!isHanded) return null;
    const holder = { node: row.holder, incarnation, reason: "" };
    const asked = { actor, fromToken, holder, leaseRevision: row.leaseRevision };
    witness.raise({ atUs, by, ...asked, raised: row.record, wasHeld: true });
    return row.record;
  }

  /** Raises the token by one for a holder, and notes the claim. */
  private raised(row: ActorRow, holder: Holder, leaseRevision: number): ActorRecord {
    const record = { ...row.record, token: row.record.token + 1 };
    const { id: actor, token, batch } = record;
    const { node, incarnation, reason } = holder;
    this.actors.set(actor, {
      record,
      holder: node,
      holderIncarnation: incarnation,
      leaseRevision: leaseRevision === 0 ? row.leaseRevision : leaseRevision,
    });
    const claims = this.tables.get("claims");
    const claim = { actor, token, node, node_incarnation: incarnation, reason };
    const noted: Row = { ...claim, time: this.now(), batch };
    claims.set(claims.keyOf(noted), noted);
    return record;
  }

  /** What the last batch of a leadership does for its successor. */
  private handOver(by: SimProcess, batch: Batch): void {
    const { successor, token } = batch;
    if (!successor) return;
    const { leaseRevision } = successor;
    const row = this.actors.get(batch.actor.id)!;
    const raised = this.raised(row, successor, leaseRevision);
    const { trace, scheduler, witness } = this.world;
    const atUs = scheduler.nowUs;
    trace.note(atUs, RAISE, by.name, raised.id, token, "handed over");
    const asked = { actor: raised.id, fromToken: token, holder: successor, leaseRevision };
    witness.raise({ atUs, by, ...asked, raised, wasHeld: false });
  }

  /**
   * A transaction of commits, each fenced by itself. Throws a `CommitRefused` where one of them cannot be stored, and none is then; its cause is what
   * the store's contract says, or tells a bug.
   */
  commit(by: SimProcess, batches: readonly Batch[], isRepeat: boolean): CommitAnswer[] {
    const statements = batches.map((batch, at) => this.prepared(by, { batch, at, isRepeat }));
    return statements.map((statement) => this.store(statement));
  }

  private prepared(by: SimProcess, { batch, at, isRepeat }: Asked): Statement {
    const row = this.actors.get(batch.actor.id);
    const before = row?.record ?? null;
    const time = this.now();
    const seen = { atUs: this.world.scheduler.nowUs, by, batch, before, time, isRepeat };
    if (!row || !this.passes(batch, row.record)) return { seen, row, changes: null };
    try {
      return { seen, row, changes: changesOf(batch, this.tables) };
    } catch (error) {
      const isConflict = error instanceof UniqueViolation;
      const reason = (error as Error).message;
      this.tell({ ...seen, outcome: isConflict ? "conflict" : "refused", reason });
      const cause = isConflict ? new ClientOrderIdConflict(error.orderIds) : error;
      throw new CommitRefused(at, cause, false);
    }
  }

  private store({ seen, row, changes }: Statement): CommitAnswer {
    const { batch, by, time } = seen;
    // Another row than a moment ago: the same actor was asked for twice, which no host does before it has an answer.
    if (!row || !changes || this.actors.get(batch.actor.id) !== row) {
      const reason = `token ${batch.token} or batch ${batch.number - 1} is not current`;
      this.tell({ ...seen, outcome: "fenced", reason });
      return { now: time, fence: 0 };
    }
    write(changes, this.tables);
    this.actors.set(batch.actor.id, { ...row, record: recordAfter(row.record, batch) });
    this.log(batch);
    this.tell({ ...seen, outcome: "stored", reason: "" });
    this.handOver(by, batch);
    return { now: time, fence: 1 };
  }

  links(actor: number): Link[] {
    return this.tables
      .get("links")
      .of(actor)
      .map((row) => {
        const { peer, token, received, sent } = row as unknown as Link;
        return { peer, token, received, sent };
      });
  }

  /** With copies of the frames: who sends them stamps them. */
  outbox(actor: number): OutboxRow[] {
    const rows = this.tables.get("outbox").of(actor) as unknown as OutboxRow[];
    return rows
      .map(({ destination, first, last, frame }) => ({
        destination,
        first,
        last,
        frame: Buffer.from(frame),
      }))
      .sort((a, b) => a.destination - b.destination || a.last - b.last);
  }

  private passes(batch: Batch, record: ActorRecord): boolean {
    return (
      record.incarnation === batch.actor.incarnation &&
      (!this.fence || record.token === batch.token) &&
      (!this.batchCheck || record.batch === batch.number - 1)
    );
  }

  private log(batch: Batch): void {
    const log = this.tables.get("batch_log");
    const row: Row = {
      actor: batch.actor.id,
      batch: batch.number,
      token: batch.token,
      anchor: batch.anchor,
      position_before: batch.positionBefore,
      position_after: batch.positionAfter,
      time: batch.time,
      hash: batch.hash,
      commands: Buffer.from(batch.commands),
      replies: batch.effects.replies && Buffer.from(batch.effects.replies),
    };
    log.set(log.keyOf(row), row);
  }

  private tell(seen: CommitSeen): void {
    const { trace, witness } = this.world;
    const { by, batch, outcome, reason } = seen;
    trace.note(seen.atUs, COMMIT, by.name, batch.actor.id, batch.number, outcome);
    trace.note(seen.atUs, HASH, by.name, batch.hash, batch.token, reason);
    witness.commit(seen);
  }

  private addActor(id: number, name: string, kind: ActorRecord["kind"]): void {
    const record = { ...emptyRecord(id, name, kind), incarnation: this.incarnation };
    this.actors.set(id, { record, holder: "", holderIncarnation: "", leaseRevision: 0 });
  }
}

function recordAfter(record: ActorRecord, batch: Batch): ActorRecord {
  const { id, name, kind, incarnation, token } = record;
  return {
    id,
    name,
    kind,
    incarnation,
    token,
    batch: batch.number,
    eventBatch: batch.eventBatch,
    anchor: batch.anchor,
    streamCreated: batch.streamCreated,
    position: batch.positionAfter,
    positionStored: batch.positionStored,
    time: batch.time,
    hash: batch.hash,
    state: Buffer.from(batch.effects.state),
  };
}

function actorRow({ record, holder, holderIncarnation, leaseRevision }: ActorRow): Row {
  return {
    actor: record.id,
    name: record.name,
    kind: record.kind,
    incarnation: record.incarnation,
    token: record.token,
    batch: record.batch,
    event_batch: record.eventBatch,
    anchor: record.anchor,
    stream_created: record.streamCreated,
    position: record.position,
    position_stored: record.positionStored,
    time: record.time,
    hash: record.hash,
    state: record.state,
    holder,
    lease_revision: leaseRevision,
    holder_incarnation: holderIncarnation,
  };
}
