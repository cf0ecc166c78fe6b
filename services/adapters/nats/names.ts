/** An actor's inbox: its stream and its subject, for each anchor. Actor names are already encoded. */

/**
 * `%` becomes `=`: the server puts stream names through a format string when it makes the subjects that
 * acknowledgements go to, and a client cannot parse what comes out of it.
 */
export function streamName(actorName: string, anchor: number): string {
  return `${actorName.replaceAll(".", "_").replaceAll("%", "=")}_${anchor}`;
}

export function subjectName(actorName: string, anchor: number): string {
  return `inbox.${actorName}.${anchor}`;
}

/**
 * Where the stream has a delivered message and when the server stored it, in nanoseconds since 1970, from the subject that
 * an acknowledgement would go to: `$JS.ACK.stream.consumer.deliveries.sequence.consumer-sequence.nanoseconds.pending` (two
 * more tokens in front of the stream where there is a domain). The time as text: a double does not hold it.
 */
export function placeFromReply(reply: string): { sequence: number; stored: string } {
  const tokens = reply.split(".");
  const at = tokens.length === 9 ? 5 : 7;
  return { sequence: Number(tokens[at]), stored: tokens[at + 2] ?? "" };
}

/** The same from a time as the server writes it: `2026-01-31T12:00:00.123456789Z`. */
export function storedFromTime(time: string): string {
  const [, toSecond, fraction] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(time) ?? [];
  const seconds = Date.parse(`${toSecond}Z`) / 1_000;
  return `${seconds}${(fraction ?? "").padEnd(9, "0")}`;
}
