/** A broken invariant: a bug of ours, never a client's mistake. It stops the actor that found it. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Stays on in production: a wrong number must stop the actor before it reaches a commit. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Makes a forgotten case of a union a compile error, and a bug if it is ever reached. */
export function assertNever(value: never): never {
  throw new InvariantError(`a case was forgotten: ${JSON.stringify(value)}`);
}
