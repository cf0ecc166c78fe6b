/**
 * Everything that was ever committed, as the checks keep it: plain maps, filled from the batches that Postgres has stored.
 * A check judges a batch before it is taken in here.
 */
import type { RowSet } from "../../../actors/kernel/actor.js";
import type { Batch } from "../../../services/ports/store.js";
import { GATEWAYS } from "../cluster/names.js";
import { readLog, type SeenFrame } from "./decode.js";

/** What an actor's row says of a peer. */
export interface Mark {
  readonly token: number;
  readonly received: number;
}

export interface KeptFrame {
  readonly first: number;
  readonly last: number;
  readonly frame: Uint8Array;
}

export interface KeptBatch {
  readonly number: number;
  readonly token: number;
  readonly time: number;
  readonly hash: number;
  readonly commands: Uint8Array;
  readonly events: Uint8Array | null;
  readonly replies: Uint8Array | null;
  /** The last batch before it that said something. */
  readonly previousEventBatch: number;
}

export interface ActorHistory {
  readonly id: number;
  readonly name: string;
  readonly kind: "ledger" | "market";
  /** The highest token that was ever raised, and by whom. */
  token: number;
  holder: string;
  batch: number;
  eventBatch: number;
  anchor: number;
  created: string;
  position: number;
  stored: string;
  time: number;
  readonly marks: Map<number, Mark>;
  /** The last number sent, by destination. */
  readonly sent: Map<number, number>;
  /** Every frame ever committed to the outbox, by destination and first number. */
  readonly outbox: Map<number, Map<number, KeptFrame>>;
  /** Every batch; the first has number 1. */
  readonly batches: KeptBatch[];
}

/** A batch with the frames of its log read, as every check gets it. */
export interface StoredBatch {
  readonly batch: Batch;
  readonly frames: readonly SeenFrame[];
  /** The process that sent it. */
  readonly by: string;
}

export class History {
  readonly actors = new Map<number, ActorHistory>();
  readonly byName = new Map<string, ActorHistory>();

  actor(id: number, name: string, kind: "ledger" | "market"): ActorHistory {
    const known = this.actors.get(id);
    if (known) return known;
    const made: ActorHistory = {
      id,
      name,
      kind,
      token: 0,
      holder: "",
      batch: 0,
      eventBatch: 0,
      anchor: 0,
      created: "",
      position: 0,
      stored: "",
      time: 0,
      marks: new Map(),
      sent: new Map(),
      outbox: new Map(),
      batches: [],
    };
    this.actors.set(id, made);
    this.byName.set(name, made);
    return made;
  }

  /** For people. Whose number is below zero is a gateway's slot. */
  nameOf(source: number): string {
    const gateway = GATEWAYS[-source - 1];
    if (gateway) return `the slot of ${gateway}`;
    if (source < 0) return `slot ${-source}`;
    return this.actors.get(source)?.name ?? `actor ${source}`;
  }

  read(batch: Batch, by: string): StoredBatch {
    return { batch, frames: readLog(batch.commands), by };
  }

  take({ batch }: StoredBatch): void {
    const actor = this.actors.get(batch.actor.id)!;
    const { events, replies } = batch.effects;
    actor.batches.push({
      number: batch.number,
      token: batch.token,
      time: batch.time,
      hash: batch.hash,
      commands: batch.commands,
      events,
      replies,
      previousEventBatch: actor.eventBatch,
    });
    actor.batch = batch.number;
    actor.eventBatch = batch.eventBatch;
    actor.anchor = batch.anchor;
    actor.created = batch.streamCreated;
    actor.position = batch.positionAfter;
    actor.stored = batch.positionStored;
    actor.time = batch.time;
    for (const { peer, token, received, sent } of batch.links) {
      actor.marks.set(peer, { token, received });
      actor.sent.set(peer, sent);
    }
    for (const { destination, first, last, frame } of batch.outbox) {
      const frames = actor.outbox.get(destination) ?? new Map<number, KeptFrame>();
      actor.outbox.set(destination, frames);
      // The leader stamps its token into the same bytes when it sends them.
      frames.set(first, { first, last, frame: frame.slice() });
    }
  }
}

/** One column of a part of a batch's rows; empty when there is no such part. */
export function numbersOf(batch: Batch, part: string, column: string): readonly number[] {
  return (batch.effects.rows[part]?.columns[column] ?? []) as readonly number[];
}

export function textsOf(batch: Batch, part: string, column: string): readonly string[] {
  return (batch.effects.rows[part]?.columns[column] ?? []) as readonly string[];
}

export function partOf(batch: Batch, part: string): RowSet | undefined {
  return batch.effects.rows[part];
}
