/**
 * The contract of a pure actor (R6). A host feeds it the commands of its inbox in order, each with the batch's time,
 * and takes what they led to as data: first what to persist, then what to send to other actors, then what to report.
 * The host does it in that order; the actor never waits, never looks at a clock and never throws for what a client
 * got wrong (it rejects with a code). A throw is a bug of ours and stops the actor.
 */
import type { Links } from "./links.js";

/** One command as it stands in a frame. */
export interface Envelope {
  readonly source: number;
  readonly token: number;
  readonly number: number;
  readonly payload: Uint8Array;
}

/** The values of one column, one for each row. */
export type Column = readonly (number | string | null)[];

/**
 * Rows to write: column arrays by table part. `bytes` is one buffer for all rows of the part; where a part has it, its
 * columns `offset` and `length` say which bytes are the row's.
 */
export interface RowSet {
  readonly count: number;
  readonly columns: Readonly<Record<string, Column>>;
  readonly bytes?: Uint8Array;
}

export interface Effects {
  /** What must be stored, by part name (see `services/adapters/postgres/tables.ts`). */
  readonly rows: Readonly<Record<string, RowSet>>;
  /** The actor's scalars (counters and the like), encoded. */
  readonly state: Uint8Array;
  /** Commands for other actors by destination, already numbered through `links` in this order. */
  readonly sends: ReadonlyMap<number, readonly Uint8Array[]>;
  /** The body of the event frame, or null when nobody is to be told anything. */
  readonly events: Uint8Array | null;
  /** Answers to commands that no journal row holds (see `account-events.ts`), or null. */
  readonly replies: Uint8Array | null;
}

export interface Actor {
  readonly id: number;
  readonly links: Links;
  /**
   * Does what is due by the time of the batch that begins. Called once for each batch, before its commands, with the
   * batch's time.
   */
  advance(time: number): void;
  /**
   * When something will be due though no command comes, in microseconds since 1970; `Infinity`: never. A time that has
   * passed: there is more to do at once.
   */
  due(): number;
  /**
   * Applies one command. `time` is in microseconds since 1970 and never decreases. The host has judged the
   * command by `links` before, and advances them after.
   * Throws `MalformedError` when the payload of an *actor* cannot be read (a version skew: the host stops);
   * the payload of a gateway that cannot be read is rejected.
   */
  apply(envelope: Envelope, time: number): void;
  /** Everything since the last call. */
  takeEffects(): Effects;
  /** Forgets what that would give; the state is the same after either. */
  dropEffects(): void;
  /**
   * Whoever follows another, that has stored and said everything, has no use for effects: a silent actor makes no words, and no
   * rows of what there is most of, and `dropEffects` ends its batches. Its state and its links are those of one that speaks. To be
   * called between batches.
   */
  setSilent(isSilent: boolean): void;
  stateHash(): number;
  /** Throws when the state is not what its rules say. Slow: for tests, recovery and drills. */
  checkInvariants(): void;
}

export const NO_ROWS: RowSet = { count: 0, columns: {} };
