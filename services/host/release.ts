/** The last word of a leader that hands its actor over: everything under its token is committed. It only saves time (R12). */
import { ByteReader, ByteWriter, MalformedError } from "../../actors/kernel/bytes.js";

const RELEASE_VERSION = 1;

export interface Release {
  readonly actor: number;
  readonly token: number;
}

export function encodeRelease({ actor, token }: Release): Uint8Array {
  return new ByteWriter(16).u8(RELEASE_VERSION).uint(actor).uint(token).take();
}

/** Throws `MalformedError`. */
export function decodeRelease(bytes: Uint8Array): Release {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== RELEASE_VERSION) throw new MalformedError(`release version ${version}`);
  const release = { actor: reader.uint(), token: reader.uint() };
  reader.end();
  return release;
}
