/**
 * What takes effect, told at the moment it does, synchronously, in the order in which it does: by servers as they change,
 * not by those who ask them. Checkers build on it. What a witness is given it must not change, and keep only if it says
 * so here: `frame` bytes are copies of the servers' own; batches are as they were sent.
 */
import type { Leadership } from "../../../services/ports/lease-store.js";
import type { ActorRecord, Batch, Holder } from "../../../services/ports/store.js";
import type { SimProcess } from "./process.js";

/** A commit has reached Postgres. `before` is the actor's row just then; null: there is none. */
export interface CommitSeen {
  readonly atUs: number;
  /** The life that sent it; it may be dead, deposed or paused. */
  readonly by: SimProcess;
  readonly batch: Batch;
  readonly before: ActorRecord | null;
  readonly outcome: "stored" | "fenced" | "conflict" | "refused";
  /** Of a refusal. */
  readonly reason: string;
  /** Postgres's clock, in microseconds since 1970. */
  readonly time: number;
  /** Somebody between has sent the same request once more. */
  readonly isRepeat: boolean;
}

export interface RaiseSeen {
  readonly atUs: number;
  readonly by: SimProcess;
  readonly actor: number;
  readonly fromToken: number;
  readonly holder: Holder;
  readonly leaseRevision: number;
  /** The row after it; null: the token was another. */
  readonly raised: ActorRecord | null;
  /** It had been raised for this holder before, and nothing was written. */
  readonly wasHeld: boolean;
}

/** The log has stored a frame (`outcome` "stored") or refused it. */
export interface PublishSeen {
  readonly atUs: number;
  readonly by: SimProcess;
  readonly actorName: string;
  readonly anchor: number;
  readonly outcome: "stored" | "no-stream" | "full" | "unavailable";
  /** 0 when it was refused. */
  readonly sequence: number;
  readonly stored: string;
  readonly frame: Uint8Array;
}

/** A plain message has reached NATS (whoever hears it or not). */
export interface MessageSeen {
  readonly atUs: number;
  readonly by: SimProcess;
  readonly subject: string;
  readonly data: Uint8Array;
}

/** What became of a stream. `by` is null when it was a fault or an operator. */
export interface StreamSeen {
  readonly atUs: number;
  readonly by: SimProcess | null;
  readonly actorName: string;
  readonly anchor: number;
  readonly change: "created" | "removed" | "trimmed" | "lost-tail" | "rolled-back";
  readonly created: string;
  /** What it holds after the change. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** etcd's key of an actor has changed. `leadership` is null when it went; `why` says how. */
export interface LeadershipSeen {
  readonly atUs: number;
  readonly actorName: string;
  readonly leadership: Leadership | null;
  readonly why: "claimed" | "handed-over" | "released" | "lease-gone" | "wiped" | "restored";
}

/** Postgres has answered a gateway's or feed's read of rows. */
export interface ReadSeen {
  readonly atUs: number;
  readonly by: SimProcess;
  /** The port's function, e.g. `journalRange`. */
  readonly name: string;
  readonly arguments: readonly unknown[];
  readonly rows: unknown;
}

export interface Witness {
  commit(seen: CommitSeen): void;
  raise(seen: RaiseSeen): void;
  publish(seen: PublishSeen): void;
  message(seen: MessageSeen): void;
  stream(seen: StreamSeen): void;
  leadership(seen: LeadershipSeen): void;
  read(seen: ReadSeen): void;
  slotClaimed(by: SimProcess, slot: number, token: number): void;
  started(process: SimProcess): void;
  crashed(process: SimProcess): void;
}

/** Sees everything and says nothing: to be extended by those who want to hear of a few things. */
export class SilentWitness implements Witness {
  commit(_seen: CommitSeen): void {}
  raise(_seen: RaiseSeen): void {}
  publish(_seen: PublishSeen): void {}
  message(_seen: MessageSeen): void {}
  stream(_seen: StreamSeen): void {}
  leadership(_seen: LeadershipSeen): void {}
  read(_seen: ReadSeen): void {}
  slotClaimed(_by: SimProcess, _slot: number, _token: number): void {}
  started(_process: SimProcess): void {}
  crashed(_process: SimProcess): void {}
}
