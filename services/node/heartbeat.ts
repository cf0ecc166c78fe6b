/** A node's word to its peers, from the path on which it works: that it runs, and for how long it has waited for whom. */
import { ByteReader, ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";

const HEARTBEAT_VERSION = 1;
const NAME_LENGTH_MAX = 96;
const STUCK_ACTORS_MAX = 1_000;

/** Every heartbeat is written in it and then copied out. */
const writer = new ByteWriter();

export interface Heartbeat {
  readonly node: string;
  readonly incarnation: string;
  /** The actors whose commits have had no answer for too long, the first `STUCK_ACTORS_MAX` of them. */
  readonly stuck: readonly number[];
  /** For how long a server's answer has been waited for, in milliseconds; 0: for none. */
  readonly logBadForMs: number;
  readonly storeBadForMs: number;
  /** Is it JetStream that does not answer, and not the server? */
  readonly isApart: boolean;
}

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  writer.reset();
  writer
    .u8(HEARTBEAT_VERSION)
    .string(heartbeat.node)
    .string(heartbeat.incarnation)
    .uint(2 * Math.round(heartbeat.logBadForMs / 2) + (heartbeat.isApart ? 1 : 0))
    .uint(Math.round(heartbeat.storeBadForMs))
    .uint(Math.min(heartbeat.stuck.length, STUCK_ACTORS_MAX));
  for (const actor of heartbeat.stuck.slice(0, STUCK_ACTORS_MAX)) writer.uint(actor);
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== HEARTBEAT_VERSION) throw new MalformedError(`heartbeat version ${version}`);
  const node = reader.string(NAME_LENGTH_MAX);
  const incarnation = reader.string(NAME_LENGTH_MAX);
  // The last bit of the time says by whom: a version that does not know that reads a millisecond more.
  const logBadForMs = reader.uint();
  const isApart = logBadForMs % 2 === 1;
  const storeBadForMs = reader.uint();
  const count = reader.uint();
  if (count > STUCK_ACTORS_MAX) throw new MalformedError(`${count} actors that are stuck`);
  const stuck: number[] = [];
  for (let n = 0; n < count; n++) stuck.push(reader.uint());
  reader.end();
  return { node, incarnation, stuck, logBadForMs, storeBadForMs, isApart };
}

/** A node that asks its actor's leader to hand the actor over. */
export interface HandoverRequest {
  readonly actor: number;
  readonly node: string;
}

export function encodeHandoverRequest({ actor, node }: HandoverRequest): Uint8Array {
  return new ByteWriter().u8(1).uint(actor).string(node).take();
}

/** Throws `MalformedError`. */
export function decodeHandoverRequest(bytes: Uint8Array): HandoverRequest {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== 1) throw new MalformedError(`handover request version ${version}`);
  const request = { actor: reader.uint(), node: reader.string(NAME_LENGTH_MAX) };
  reader.end();
  return request;
}
