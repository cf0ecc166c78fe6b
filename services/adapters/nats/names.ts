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

/** The stream's sequence of a delivered message, from the same subject as `storedFromReply`. */
export function sequenceFromReply(reply: string): number {
  const tokens = reply.split(".");
  return Number(tokens[tokens.length === 9 ? 5 : 7]);
}

/**
 * When the server stored a delivered message, in nanoseconds since 1970, from the subject that an acknowledgement would
 * go to: `$JS.ACK.stream.consumer.deliveries.sequence.consumer-sequence.nanoseconds.pending` (two more tokens in front of
 * the stream where there is a domain). As text: a double does not hold it.
 */
export function storedFromReply(reply: string): string {
  const tokens = reply.split(".");
  return tokens[tokens.length === 9 ? 7 : 9] ?? "";
}

/** The same from a time as the server writes it: `2026-01-31T12:00:00.123456789Z`. */
export function storedFromTime(time: string): string {
  const [, toSecond, fraction] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(time) ?? [];
  const seconds = Date.parse(`${toSecond}Z`) / 1_000;
  return `${seconds}${(fraction ?? "").padEnd(9, "0")}`;
}
