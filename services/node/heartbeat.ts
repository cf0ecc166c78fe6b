/** A node's word to its peers, from the path on which it works: that it runs, and how old its last good answers are. */
import { ByteReader, ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";

const HEARTBEAT_VERSION = 1;
const NAME_LENGTH_MAX = 96;

export interface Heartbeat {
  readonly node: string;
  readonly incarnation: string;
  /** The age of the oldest commit under way, in milliseconds; 0: none is. */
  readonly commitAgeMs: number;
  /** How long ago the last round trip that was answered began, in milliseconds. */
  readonly logAgeMs: number;
  readonly storeAgeMs: number;
}

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return new ByteWriter()
    .u8(HEARTBEAT_VERSION)
    .string(heartbeat.node)
    .string(heartbeat.incarnation)
    .uint(Math.round(heartbeat.commitAgeMs))
    .uint(Math.round(heartbeat.logAgeMs))
    .uint(Math.round(heartbeat.storeAgeMs))
    .take();
}

/** Throws `MalformedError`. */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== HEARTBEAT_VERSION) throw new MalformedError(`heartbeat version ${version}`);
  const heartbeat = {
    node: reader.string(NAME_LENGTH_MAX),
    incarnation: reader.string(NAME_LENGTH_MAX),
    commitAgeMs: reader.uint(),
    logAgeMs: reader.uint(),
    storeAgeMs: reader.uint(),
  };
  reader.end();
  return heartbeat;
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
