/** Answers that take no number in any sequence, in bytes: they travel beside the journal's blocks. */
import { ByteReader, type ByteWriter } from "../kernel/bytes.js";
import type { PairReply, Reply } from "./account-event.js";
import { decodeOrigin, encodeOrigin } from "./origin.js";

/** The flags of a reply. Of one about a pair more follows. */
const REPEATED = 1;
const OF_PAIR = 2;

export function encodeReply(writer: ByteWriter, reply: Reply): void {
  const { origin, account, code, orderId, repeated, pair } = reply;
  encodeOrigin(writer, origin);
  writer.uint(account).uint(code).uint(orderId);
  writer.u8((repeated ? REPEATED : 0) + (pair ? OF_PAIR : 0));
  if (pair) writer.uint(pair.orderId).u8(pair.leg);
}

/** Throws `MalformedError`. */
export function decodeReplies(bytes: Uint8Array): Reply[] {
  const reader = new ByteReader(bytes);
  const replies: Reply[] = [];
  while (reader.remaining > 0) {
    const origin = decodeOrigin(reader);
    const account = reader.uint();
    const code = reader.uint();
    const orderId = reader.uint();
    const flags = reader.u8();
    const reply = { origin, account, code, orderId, repeated: flags % OF_PAIR === REPEATED };
    replies.push(flags < OF_PAIR ? reply : { ...reply, pair: decodePairReply(reader) });
  }
  return replies;
}

function decodePairReply(reader: ByteReader): PairReply {
  return { orderId: reader.uint(), leg: reader.u8() };
}
