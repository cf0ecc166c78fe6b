/** A failure that the person at the terminal can act on: printed without a stack trace, with its stable code. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
