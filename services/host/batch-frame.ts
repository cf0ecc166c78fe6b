/** A committed batch as its leader tells it to whoever follows the actor; the batch log has the same (see `Standby`). */
import { ByteReader, ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";
import type { LoggedBatch } from "../ports/store.js";

const BATCH_FRAME_VERSION = 1;

/** Every frame is written in it and then copied out. */
const writer = new ByteWriter(4_096);

export function encodeBatchFrame(batch: LoggedBatch): Uint8Array {
  writer.reset();
  return writer
    .u8(BATCH_FRAME_VERSION)
    .uint(batch.actor)
    .uint(batch.batch)
    .uint(batch.token)
    .uint(batch.time)
    .uint(batch.hash)
    .bytes(batch.commands)
    .take();
}

/** Throws `MalformedError`. */
export function decodeBatchFrame(bytes: Uint8Array): LoggedBatch {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== BATCH_FRAME_VERSION) throw new MalformedError(`batch frame version ${version}`);
  const batch = {
    actor: reader.uint(),
    batch: reader.uint(),
    token: reader.uint(),
    time: reader.uint(),
    hash: reader.uint(),
    commands: reader.bytes(),
  };
  reader.end();
  return batch;
}
