/**
 * The batch that is being applied while the one before it commits: its time, and which commands were taken (as they go
 * into the batch log). What is due by its time is done before its commands, so that a batch without commands does just that.
 */
import type { Actor } from "../../actors/kernel/actor.js";
import { ByteReader, ByteWriter } from "../../actors/kernel/bytes.js";
import {
  decodeFrame,
  encodeFrame,
  FRAME_VERSION,
  stampToken,
  type Frame,
} from "../../actors/kernel/frame.js";
import { FRAME_BYTES_MAX, FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import type { ActorRecord, Batch, LoggedBatch, OutboxRow } from "../ports/store.js";

/** How far a batch moves its actor's inbox. */
export type InboxStep = Pick<
  Batch,
  "anchor" | "streamCreated" | "positionBefore" | "positionAfter" | "positionStored"
>;

/** Every log is written in it and then copied out. */
const writer = new ByteWriter(4_096);

/** What a batch is besides how far it reads, and what its actor makes of its commands. */
type Around = Pick<Batch, "number" | "confirmed" | "successor"> & {
  readonly eventBatchBefore: number;
};

export class OpenBatch {
  readonly time: number;
  commands = 0;
  private readonly actor: Actor;
  private readonly log: Uint8Array[] = [];

  /** Advances the actor to the batch's time. */
  constructor(actor: Actor, time: number) {
    this.actor = actor;
    this.time = time;
    actor.advance(time);
  }

  /**
   * Applies a frame's commands from index `skip` on, and moves the mark of their source. `bytes`: what the frame was read
   * from, which goes into the log as it is where nothing is skipped and this version has written it (R13).
   */
  apply(frame: Frame, skip: number, bytes?: Uint8Array): void {
    const { actor } = this;
    const taken = skip === 0 ? frame.commands : frame.commands.slice(skip);
    let number = frame.first + skip;
    for (const payload of taken) {
      actor.apply({ source: frame.source, token: frame.token, number, payload }, this.time);
      actor.links.advance(frame.source, frame.token, number);
      number += 1;
    }
    const isWhole = skip === 0 && bytes?.[0] === FRAME_VERSION;
    this.log.push(isWhole ? bytes : encoded(frame, skip, taken));
    this.commands += taken.length;
  }

  /** As it is to be committed: with everything that the actor has to store and say since the batch before. */
  seal(record: ActorRecord, step: InboxStep, around: Around): Batch {
    const { actor } = this;
    const effects = actor.takeEffects();
    const spoke = effects.events !== null || effects.replies !== null;
    // Written out: while two objects were spread here, sealing itself was a twentieth of what a node did at 500 orders a second, by profile.
    return {
      anchor: step.anchor,
      streamCreated: step.streamCreated,
      positionBefore: step.positionBefore,
      positionAfter: step.positionAfter,
      positionStored: step.positionStored,
      number: around.number,
      confirmed: around.confirmed,
      successor: around.successor,
      actor: record,
      token: record.token,
      time: this.time,
      hash: actor.stateHash(),
      commands: this.takeLog(),
      eventBatch: spoke ? around.number : around.eventBatchBefore,
      outbox: outboxRows(actor, effects.sends),
      links: actor.links.takeTouched(),
      effects,
    };
  }

  /** The frames as applied, each with its length in front. */
  takeLog(): Uint8Array {
    writer.reset();
    for (const frame of this.log) writer.bytes(frame);
    return writer.take();
  }
}

function encoded(frame: Frame, skip: number, taken: readonly Uint8Array[]): Uint8Array {
  const bytes = encodeFrame(frame.source, frame.first + skip, taken);
  stampToken(bytes, frame.token);
  return bytes;
}

/** Applies a batch as it was logged to an actor that stands before it (a standby, a replay). Throws when it cannot be read. */
export function applyLogged(actor: Actor, batch: LoggedBatch): void {
  const reader = new ByteReader(batch.commands);
  actor.advance(batch.time);
  while (reader.remaining > 0) {
    const { source, token, first, commands } = decodeFrame(reader.bytes());
    let number = first;
    for (const payload of commands) {
      actor.apply({ source, token, number, payload }, batch.time);
      actor.links.advance(source, token, number);
      number += 1;
    }
  }
}

/** The outbox rows of a batch: what was sent to each destination, in frames within the limits. */
export function outboxRows(
  actor: Actor,
  sends: ReadonlyMap<number, readonly Uint8Array[]>,
): OutboxRow[] {
  const rows: OutboxRow[] = [];
  for (const [destination, payloads] of sends) {
    let first = actor.links.of(destination).sent - payloads.length + 1;
    for (const chunk of chunks(payloads)) {
      const last = first + chunk.length - 1;
      rows.push({ destination, first, last, frame: encodeFrame(actor.id, first, chunk) });
      first = last + 1;
    }
  }
  return rows;
}

function* chunks(payloads: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let chunk: Uint8Array[] = [];
  let bytes = 0;
  for (const payload of payloads) {
    if (chunk.length === FRAME_COMMANDS_MAX || bytes + payload.length > FRAME_BYTES_MAX) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(payload);
    bytes += payload.length;
  }
  if (chunk.length > 0) yield chunk;
}
