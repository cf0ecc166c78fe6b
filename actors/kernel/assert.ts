/** A broken invariant: a bug of ours, never a client's mistake. It stops the actor that found it. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/**
 * Stays on in production: a wrong number must stop the actor before it reaches a commit. Each `%s` of the message stands for the
 * next of the values. A message that is put together where it is passed on costs a string each time that nothing is wrong.
 */
export function assert(
  condition: boolean,
  message: string,
  ...values: readonly unknown[]
): asserts condition {
  if (!condition) throw new InvariantError(filledIn(message, values));
}

function filledIn(message: string, values: readonly unknown[]): string {
  let next = 0;
  return message.replaceAll("%s", () => String(values[next++]));
}

/** Makes a forgotten case of a union a compile error, and a bug if it is ever reached. */
export function assertNever(value: never): never {
  throw new InvariantError(`a case was forgotten: ${JSON.stringify(value)}`);
}
