/** The command of a client that an event or a reply answers, in bytes. */
import type { ByteReader, ByteWriter } from "../kernel/bytes.js";
import type { Origin } from "./account-event.js";

export function encodeOrigin(writer: ByteWriter, origin: Origin): void {
  writer.uint(origin.slot).uint(origin.token).uint(origin.number);
}

export function decodeOrigin(reader: ByteReader): Origin {
  return { slot: reader.uint(), token: reader.uint(), number: reader.uint() };
}
