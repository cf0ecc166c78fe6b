/** What Postgres's errors mean to those who commit. */

/** Postgres's five-letter code, when Postgres itself answered. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** A statement that the schema or our own code made wrong: nothing that trying again would mend. */
export function isOwnBug(state: string): boolean {
  return ["0A", "21", "22", "23", "42", "54", "P0", "XX"].includes(state.slice(0, 2));
}

/** Has the server refused a statement, and so undone its transaction? Then it is sure that nothing of it is stored. */
export function isRefused(error: unknown): boolean {
  const { severity } = error as { severity?: unknown };
  return sqlState(error) !== undefined && severity === "ERROR";
}

/** Has somebody else held a row for longer than it was to be waited for? */
export function isRowHeld(error: unknown): boolean {
  return sqlState(error) === "55P03";
}
