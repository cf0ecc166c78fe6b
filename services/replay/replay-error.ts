/** The replay cannot go on: what it compares would mean nothing. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
  readonly code:
    | "COMMAND_NOT_TAKEN"
    | "EXCHANGE_SILENT"
    | "NO_BOOK"
    | "NO_INSTRUMENT"
    | "NO_PAIR_OF_ACCOUNTS"
    | "STREAM_LOST";
  constructor(code: ReplayError["code"], message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
