/** What nobody should say, and what is ever said: made from real messages, cut, bent and lengthened. */
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { Random } from "../../services/participants/random.js";

const FLIPS = 200;
const CUTS_MAX = 64;
const BIG_BYTES = 1_000_000;

/** Bytes that are no message of any kind. */
export function nothings(): Uint8Array[] {
  const enormous = new ByteWriter()
    .u8(1)
    .uint(Number.MAX_SAFE_INTEGER)
    .uint(Number.MAX_SAFE_INTEGER);
  return [
    new Uint8Array(0),
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    new Uint8Array(64).fill(0xff),
    new Uint8Array(BIG_BYTES),
    new Uint8Array(BIG_BYTES).fill(1),
    new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
    enormous.take(),
  ];
}

/** The message cut short, of other versions, too long, and with an enormous count in each place. */
export function brokenCopies(message: Uint8Array): Uint8Array[] {
  const broken: Uint8Array[] = [];
  const step = Math.max(1, Math.floor(message.length / CUTS_MAX));
  for (let length = 0; length < message.length; length += step) {
    broken.push(message.slice(0, length));
  }
  for (const version of [0, 2, 3, 127, 255])
    broken.push(concat(Uint8Array.of(version), message.slice(1)));
  broken.push(concat(message, Uint8Array.of(0)), concat(message, message));
  return broken;
}

/** The message with bits turned over: often well-formed, and then a lie. */
export function bentCopies(message: Uint8Array, random: Random): Uint8Array[] {
  return Array.from({ length: FLIPS }, () => {
    const bent = message.slice();
    for (let n = 0; n < 2; n++) {
      const at = random.whole(0, bent.length - 1);
      bent[at] = bent[at]! ^ (1 << random.whole(0, 7));
    }
    return bent;
  });
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
