/** Errors that come again however often it is tried: of our own code, or of words that another version has written. */
const BUGS = ["InvariantError", "MalformedError", "TypeError", "RangeError", "ReferenceError"];

export function isBug(error: unknown): boolean {
  return error instanceof Error && BUGS.includes(error.name);
}
