/** Stable codes of what can go wrong with the servers below the exchange. */
export type ServerErrorCode =
  | "SERVER_MISSING"
  | "SERVER_VERSION_UNSUPPORTED"
  | "SERVER_INSTALL_FAILED"
  | "SERVER_START_FAILED"
  | "SERVER_STOP_FAILED"
  | "DATA_DIR_IN_USE"
  | "DATA_DIR_FOREIGN"
  | "DATA_DIR_UNREACHABLE"
  | "DATA_DIR_REFUSED"
  | "DISK_SPACE_LOW"
  | "NO_SERVER_USER";

/** A failure the operator can act on: its message says what was wrong and what would be right. */
export class ServerError extends Error {
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = "ServerError";
    this.code = code;
  }
}

/** Takes one line of progress for the operator; nothing is printed by the servers' code itself. */
export type Log = (line: string) => void;
