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

export interface OutboxRow {
  readonly destination: number;
  readonly first: number;
  readonly last: number;
  readonly frame: Uint8Array;
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

export type Row = Readonly<Record<string, number | string | Uint8Array | null>>;

export interface Store {
  /** All actors there are. */
  actors(): Promise<ActorRecord[]>;
  record(actor: number): Promise<ActorRecord | null>;
  /** Raises the token from `fromToken` by one, alone and committed. Null: somebody else has raised it. */
  raise(
    actor: number,
    fromToken: number,
    holder: string,
    leaseRevision: number,
  ): Promise<ActorRecord | null>;
  /** Rejects with FencedError, CommitUnknownError or ClientOrderIdConflict; resolves with Postgres's clock (µs). */
  commit(batch: Batch): Promise<{ readonly time: number }>;
  links(actor: number): Promise<Link[]>;
  outbox(actor: number): Promise<OutboxRow[]>;
  /** The rows that an actor is rebuilt from, table by table, in pages. */
  load(record: ActorRecord, page: (table: string, rows: readonly Row[]) => void): Promise<void>;
  /** Orders that are no longer in memory, by id (after a ClientOrderIdConflict). */
  orders(orderIds: readonly number[]): Promise<Row[]>;
  /** Postgres's clock in microseconds since 1970. */
  now(): Promise<number>;
}
