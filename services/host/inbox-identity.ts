/**
 * Is this the stream the position was counted in? A stream that was deleted and made again, or lost its tail, counts
 * the same numbers anew, and a reader that trusted them would skip commands in silence (R5).
 */
import { type Log, StreamIdentityError } from "../ports/log.js";

export interface InboxPosition {
  readonly anchor: number;
  readonly created: string;
  readonly position: number;
  readonly positionStored: string;
}

/** Rejects with `StreamIdentityError` when what is there is not what was read. */
export async function checkStream(log: Log, name: string, at: InboxPosition): Promise<void> {
  const [identity, message] = await Promise.all([
    log.identify(name, at.anchor),
    at.position === 0 ? null : log.read(name, at.anchor, at.position),
  ]);
  const stream = `the inbox of ${name}, anchor ${at.anchor},`;
  if (!identity) throw new StreamIdentityError(`${stream} is gone`);
  if (identity.created !== at.created) {
    throw new StreamIdentityError(
      `${stream} was made at ${identity.created}, expected ${at.created}`,
    );
  }
  if (identity.lastSequence < at.position) {
    throw new StreamIdentityError(
      `${stream} ends at ${identity.lastSequence}, before position ${at.position}`,
    );
  }
  if (identity.firstSequence > at.position + 1) {
    throw new StreamIdentityError(
      `${stream} begins at ${identity.firstSequence}, behind position ${at.position}`,
    );
  }
  if (at.position === 0) return;
  if (message?.stored !== at.positionStored) {
    throw new StreamIdentityError(
      `${stream} holds ${message ? `a message of ${message.stored}` : "nothing"} at position ${at.position}, expected ${at.positionStored}`,
    );
  }
}
