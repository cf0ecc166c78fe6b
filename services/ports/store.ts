/** The only place where something cannot be lost: fenced commits of batches, and what recovery reads. */
import type { Effects } from "../../actors/kernel/actor.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import type { Link } from "../../actors/kernel/links.js";

/** The fence row as a claimant or a host knows it. */
export interface ActorRecord {
  readonly id: number;
  readonly name: string;
  readonly kind: ActorKind;
  readonly incarnation: number;
  readonly token: number;
  readonly batch: number;
  readonly eventBatch: number;
  readonly anchor: number;
  readonly streamCreated: string;
  readonly position: number;
  readonly positionStored: string;
  readonly time: number;
  readonly hash: number;
  readonly state: Uint8Array;
}

/** The row of an actor that nobody has led yet. */
export function emptyRecord(id: number, name: string, kind: ActorKind): ActorRecord {
  return {
    id,
    name,
    kind,
    incarnation: 0,
    token: 0,
    batch: 0,
    eventBatch: 0,
    anchor: 0,
    streamCreated: "",
    position: 0,
    positionStored: "",
    time: 0,
    hash: 0,
    state: new Uint8Array(0),
  };
}

export type ActorSummary = Pick<ActorRecord, "id" | "name" | "kind" | "token" | "anchor">;

export interface OutboxRow {
  readonly destination: number;
  readonly first: number;
  readonly last: number;
  readonly frame: Uint8Array;
}

/** Who raises a token, a node in one of its lives, and why. */
export interface Holder {
  readonly node: string;
  /** Different in each life of the node's process, e.g. `node-1#9f3c`. */
  readonly incarnation: string;
  /** For people: nothing rests on it. */
  readonly reason: string;
}

/** Whom a leader raises the token for with its last batch. */
export interface Successor extends Holder {
  /** The revision of the etcd key that was written over to it. */
  readonly leaseRevision: number;
}

/** One batch to commit. */
export interface Batch {
  readonly actor: ActorRecord;
  /** The batch's number: the previous one + 1. */
  readonly number: number;
  readonly token: number;
  readonly anchor: number;
  readonly streamCreated: string;
  readonly positionBefore: number;
  readonly positionAfter: number;
  readonly positionStored: string;
  readonly time: number;
  readonly hash: number;
  readonly commands: Uint8Array;
  readonly eventBatch: number;
  readonly effects: Effects;
  readonly links: readonly Link[];
  readonly outbox: readonly OutboxRow[];
  /** Outbox rows that receivers have confirmed: to be deleted up to a number per destination. */
  readonly confirmed: readonly { readonly destination: number; readonly upTo: number }[];
  /** It is the last under its token: its commit raises the token for this holder, as if that had asked for it. */
  readonly successor: Successor | null;
}

/** The fence let no row through: another token, or another batch, is in the actor's row. This node is deposed. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

/** The answer of a commit was lost: whether it happened is unknown. Claim again and read. */
export class CommitUnknownError extends Error {
  override readonly name = "CommitUnknownError";
}

/** Client order ids of the batch that the unique index knows and memory had forgotten. */
export class ClientOrderIdConflict extends Error {
  override readonly name = "ClientOrderIdConflict";
  readonly orderIds: readonly number[];
  constructor(orderIds: readonly number[]) {
    super(`${orderIds.length} client order ids are older than memory`);
    this.orderIds = orderIds;
  }
}

/** A batch as the batch log has it: what was applied, and the hash of the state after it. */
export interface LoggedBatch {
  readonly actor: number;
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly hash: number;
  /** The frames as applied, each with its length in front (see `services/host/open-batch.ts`). */
  readonly commands: Uint8Array;
}

/** An actor's row and its links, of the same snapshot as the rows that were loaded with them. */
export interface Loaded {
  readonly record: ActorRecord;
  readonly links: readonly Link[];
}

/** How an actor stands with its peers. */
export interface Correspondence {
  readonly links: readonly Link[];
  /** What it has sent and nobody has confirmed, by destination and number. */
  readonly outbox: readonly OutboxRow[];
  /** The last batch that is in it: links and outbox change with batches, and with nothing else. */
  readonly batch: number;
  /** Postgres's clock in microseconds since 1970. */
  readonly now: number;
}

/** What a successor asks: was the token raised from `fromToken` for this life of a node? */
export interface HandedQuestion {
  readonly actor: number;
  readonly fromToken: number;
  readonly incarnation: string;
  /** The last batch of the log that it has. */
  readonly afterBatch: number;
  /** How long it waits for a commit under way. */
  readonly waitMsMax: number;
}

/** An actor that the last batch of its predecessor has left to a successor. */
export interface Handed {
  readonly record: ActorRecord;
  readonly standing: Correspondence;
  /** The first of what the batch log has after the batch that was named. */
  readonly batches: readonly LoggedBatch[];
}

export type Row = Readonly<Record<string, number | string | Uint8Array | null>>;

export interface Store {
  /** The number of the server that has the actor's rows, as far as it is known; absent: there is one for all. */
  instanceOf?(actor: number): number;
  /** Does the server that has the actor's rows not answer? Where there is one server for all, whoever asks it sees. */
  isLost?(actor: number): boolean;
  /** Opens what a leader needs, where that takes time, and writes nothing; else it is opened when it is needed. */
  warmUp?(): Promise<void>;
  /** The actors whose number is above another, in the order of their numbers; 0: all there are. */
  actors(aboveActor: number): Promise<ActorSummary[]>;
  record(actor: number): Promise<ActorRecord | null>;
  /**
   * Raises the token from `fromToken` by one, alone and committed. Where that was done for the same holder already, by
   * itself, whose answer was lost, or by the last batch of its predecessor, it gives what there is and writes nothing. The claim is
   * noted with the token. Null: somebody else has raised it. A predecessor that was frozen in the middle of its commit, and so
   * holds the row, loses its connection.
   */
  raise(
    actor: number,
    fromToken: number,
    holder: Holder,
    leaseRevision: number,
  ): Promise<ActorRecord | null>;
  /**
   * What a raise would find that the predecessor's last batch has done for its successor, and what comes after it needs. It raises
   * nothing, and waits for a commit that is under way. Null: nothing was raised yet, or for another, or that commit takes too long.
   */
  handed(question: HandedQuestion): Promise<Handed | null>;
  /**
   * Rejects with FencedError, CommitUnknownError or ClientOrderIdConflict; resolves with Postgres's clock (µs). Those that are asked
   * for one right after the other may become one transaction; what stops one of them stops no other, but that it is not known
   * whether one has happened may hold for all.
   */
  commit(batch: Batch): Promise<{ readonly time: number }>;
  /** One round trip: whoever takes over many actors at once waits for each. */
  correspondence(actor: number): Promise<Correspondence>;
  /**
   * The rows that an actor is rebuilt from, table by table, in pages, all of one snapshot, whoever leads meanwhile.
   * `begin` is called first, with what the actor is made of. A book's rows come in any order, but those of a price by
   * priority. Null: there is no such actor.
   */
  load(
    actor: number,
    begin: (loaded: Loaded) => void,
    page: (table: string, rows: readonly Row[]) => void,
  ): Promise<Loaded | null>;
  /** The batch log of an actor after a batch, in order, the first `batchesMax` of it. */
  batches(actor: number, afterBatch: number, batchesMax: number): Promise<LoggedBatch[]>;
  /** Orders that are no longer in memory, by id (after a ClientOrderIdConflict). */
  orders(orderIds: readonly number[]): Promise<Row[]>;
  /** Postgres's clock in microseconds since 1970. */
  now(): Promise<number>;
}
