/** The shard's scalars as the fence row keeps them: a version, and how many order ids were issued. */
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";

const STATE_VERSION = 1;

/** Every state is written in it and then copied out. */
const writer = new ByteWriter(16);

export interface Scalars {
  readonly ordersIssued: number;
}

export function encodeState(scalars: Scalars): Uint8Array {
  writer.reset();
  return writer.u8(STATE_VERSION).uint(scalars.ordersIssued).take();
}

/** No bytes at all are the state of a fresh shard. Throws `MalformedError`. */
export function decodeState(bytes: Uint8Array): Scalars {
  if (bytes.length === 0) return { ordersIssued: 0 };
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== STATE_VERSION) throw new MalformedError(`ledger state version ${version}`);
  const scalars = { ordersIssued: reader.uint() };
  reader.end();
  return scalars;
}
