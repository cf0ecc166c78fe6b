/**
 * What an actor says after a commit, over plain NATS: an event frame for whoever listens, and announcements of where
 * it stands. A listener that sees a jump (the previous batch with events is not the last it has), a new token or a
 * higher batch reads what it lacks from Postgres; lower tokens are ignored.
 */
import { ByteReader, ByteWriter, MalformedError } from "./bytes.js";

const EVENT_VERSION = 1;
/** An announcement without lags is as it was before there were any, so that nodes of before can read it (R13). */
const ANNOUNCEMENT_VERSION = 1;
const ANNOUNCEMENT_WITH_LAGS_VERSION = 2;
const NAME_LENGTH_MAX = 96;

export interface EventFrame {
  readonly actor: number;
  readonly token: number;
  readonly batch: number;
  /** The batch before this one that had events (or replies). */
  readonly previousBatch: number;
  /** The batch's time in microseconds since 1970. */
  readonly time: number;
  readonly events: Uint8Array;
  readonly replies: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Everything is written in it and then copied out. */
const writer = new ByteWriter(4_096);

export function encodeEventFrame(
  frame: Omit<EventFrame, "events" | "replies"> & {
    readonly events: Uint8Array | null;
    readonly replies: Uint8Array | null;
  },
): Uint8Array {
  const events = frame.events ?? NOTHING;
  const replies = frame.replies ?? NOTHING;
  writer.reset();
  writer.u8(EVENT_VERSION).uint(frame.actor).uint(frame.token).uint(frame.batch);
  writer.uint(frame.previousBatch).uint(frame.time).bytes(events).bytes(replies);
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeEventFrame(bytes: Uint8Array): EventFrame {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== EVENT_VERSION) throw new MalformedError(`event frame version ${version}`);
  const frame: EventFrame = {
    actor: reader.uint(),
    token: reader.uint(),
    batch: reader.uint(),
    previousBatch: reader.uint(),
    time: reader.uint(),
    events: reader.bytes(),
    replies: reader.bytes(),
  };
  reader.end();
  return frame;
}

/** A leader's word of where it stands: on claiming, soon after each batch, and now and then. */
export interface Announcement {
  readonly actor: number;
  readonly name: string;
  readonly node: string;
  readonly token: number;
  /** The last committed batch, and the last one that had events. */
  readonly batch: number;
  readonly eventBatch: number;
  readonly anchor: number;
  /** Marks of sources that moved: commands up to `number` are committed here (cumulative). */
  readonly marks: readonly {
    readonly source: number;
    readonly token: number;
    readonly number: number;
  }[];
  /** Receivers that are late with what this actor sends them, each with how long that takes to be committed. */
  readonly lags: readonly Lag[];
}

export interface Lag {
  readonly receiver: number;
  /** In milliseconds, rounded. */
  readonly ms: number;
}

export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  writer.reset();
  const { lags } = announcement;
  writer.u8(lags.length === 0 ? ANNOUNCEMENT_VERSION : ANNOUNCEMENT_WITH_LAGS_VERSION);
  writer.uint(announcement.actor);
  writer.string(announcement.name).string(announcement.node);
  writer.uint(announcement.token).uint(announcement.batch).uint(announcement.eventBatch);
  writer.uint(announcement.anchor).uint(announcement.marks.length);
  for (const mark of announcement.marks) {
    writer.int(mark.source).uint(mark.token).uint(mark.number);
  }
  if (lags.length > 0) writer.uint(lags.length);
  for (const { receiver, ms } of lags) writer.uint(receiver).uint(ms);
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeAnnouncement(bytes: Uint8Array): Announcement {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const hasLags = version === ANNOUNCEMENT_WITH_LAGS_VERSION;
  if (!hasLags && version !== ANNOUNCEMENT_VERSION) {
    throw new MalformedError(`announcement version ${version}`);
  }
  const actor = reader.uint();
  const name = reader.string(NAME_LENGTH_MAX);
  const node = reader.string(NAME_LENGTH_MAX);
  const token = reader.uint();
  const batch = reader.uint();
  const eventBatch = reader.uint();
  const anchor = reader.uint();
  const count = reader.uint();
  const marks: { source: number; token: number; number: number }[] = [];
  for (let n = 0; n < count; n++) {
    marks.push({ source: reader.int(), token: reader.uint(), number: reader.uint() });
  }
  const lags: Lag[] = [];
  const late = hasLags ? reader.uint() : 0;
  for (let n = 0; n < late; n++) lags.push({ receiver: reader.uint(), ms: reader.uint() });
  reader.end();
  return { actor, name, node, token, batch, eventBatch, anchor, marks, lags };
}

/** A receiver's request to a source: send again from this number on. */
export interface ResendRequest {
  readonly receiver: number;
  readonly source: number;
  readonly from: number;
}

export function encodeResendRequest(request: ResendRequest): Uint8Array {
  return new ByteWriter(32)
    .u8(1)
    .uint(request.receiver)
    .int(request.source)
    .uint(request.from)
    .take();
}

/** Throws `MalformedError`. */
export function decodeResendRequest(bytes: Uint8Array): ResendRequest {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== 1) throw new MalformedError(`resend request version ${version}`);
  const request = { receiver: reader.uint(), source: reader.int(), from: reader.uint() };
  reader.end();
  return request;
}
