/**
 * A frame is one message of an inbox: commands of one source, numbered without a gap (R4). Its bytes are made once
 * and sent again as they are; only the token, at a fixed place, is stamped when it is sent, so that what a new
 * leader sends again is not taken for the word of a deposed one.
 */
import { ByteReader, ByteWriter, MalformedError } from "./bytes.js";
import { FRAME_COMMANDS_MAX } from "./limits.js";

/** The version this code writes. It reads its own and, once there is one, the version before (R13). */
export const FRAME_VERSION = 1;
const TOKEN_OFFSET_BYTES = 1;

export interface Frame {
  readonly source: number;
  /** The source's fencing token: of its actor, or of the gateway's slot. */
  readonly token: number;
  /** The number of the first command; the others follow without a gap. */
  readonly first: number;
  readonly commands: readonly Uint8Array[];
}

/** Every frame is written in it and then copied out. */
const writer = new ByteWriter(4_096);

/** Encodes a frame with token 0; `stampToken` sets it before it is sent. */
export function encodeFrame(
  source: number,
  first: number,
  commands: readonly Uint8Array[],
): Uint8Array {
  writer.reset();
  writer.u8(FRAME_VERSION).f64(0).int(source).uint(first).uint(commands.length);
  for (const command of commands) writer.bytes(command);
  return writer.take();
}

/** Writes the token into the bytes, in place. Throws `RangeError` when they are too few for a frame. */
export function stampToken(frame: Uint8Array, token: number): void {
  const { buffer, byteOffset, byteLength } = frame;
  new DataView(buffer, byteOffset, byteLength).setFloat64(TOKEN_OFFSET_BYTES, token, true);
}

/** Throws `MalformedError` when the bytes are no frame of a version that is read here. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== FRAME_VERSION) throw new MalformedError(`frame version ${version} is not known`);
  const token = reader.f64();
  if (!Number.isSafeInteger(token) || token < 0) throw new MalformedError("the token is no token");
  const source = reader.int();
  const first = reader.uint();
  const count = reader.uint();
  if (source === 0 || first === 0) throw new MalformedError("a source or a number is zero");
  if (count === 0 || count > FRAME_COMMANDS_MAX) throw new MalformedError(`${count} commands`);
  const commands: Uint8Array[] = [];
  for (let n = 0; n < count; n++) commands.push(reader.bytes());
  reader.end();
  return { source, token, first, commands };
}
