/** How what is said is cut into pieces on a TCP connection: a 32-bit length, big-endian, and so many bytes. */

export const FRAME_BYTES_MAX = 64 * 1_024;
const LENGTH_BYTES = 4;

/** A length that no peer of ours would send: whoever it is, it is not one. */
export class FrameTooLongError extends Error {
  override readonly name = "FrameTooLongError";
}

/** Throws when the data is longer than `FRAME_BYTES_MAX`. */
export function frameOf(data: Uint8Array): Buffer {
  checkLength(data.length);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + data.length);
  frame.writeUInt32BE(data.length);
  frame.set(data, LENGTH_BYTES);
  return frame;
}

export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  /** Takes what came next; gives the frames that it completes. Throws `FrameTooLongError`. */
  *push(chunk: Buffer): Generator<Uint8Array> {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= LENGTH_BYTES) {
      const length = this.rest.readUInt32BE();
      checkLength(length);
      const end = LENGTH_BYTES + length;
      if (this.rest.length < end) return;
      const data = this.rest.subarray(LENGTH_BYTES, end);
      this.rest = this.rest.subarray(end);
      yield data;
    }
  }
}

function checkLength(bytes: number): void {
  if (bytes <= FRAME_BYTES_MAX) return;
  throw new FrameTooLongError(`a frame of ${bytes} bytes; at most ${FRAME_BYTES_MAX} are allowed`);
}
