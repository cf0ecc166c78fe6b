/** What a failed call means for whoever made it. */
import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";

/**
 * - `final`: nothing has happened, and nothing will by trying again.
 * - `not-published`: nothing has happened; try again, after `retryMs` where it is given.
 * - `unknown`: it may have happened. Ask with `resolveOrder` before sending under another id.
 */
export type ErrorKind = "final" | "not-published" | "unknown";

/** Keys of the metadata that the gateway gives with an error. */
export const CODE_KEY = "palisade-code";
export const RETRY_KEY = "palisade-retry-ms";

const FINAL = new Set<number>([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.OUT_OF_RANGE,
  status.DATA_LOSS,
  status.UNIMPLEMENTED,
]);
const NOT_PUBLISHED = new Set<number>([status.UNAVAILABLE, status.RESOURCE_EXHAUSTED]);

export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  /** Stable: the gateway's code, or the name of the gRPC status where no gateway answered. */
  readonly code: string;
  readonly grpcStatus: number;
  /** When to try again, in milliseconds, if the gateway said so. */
  readonly retryMs: number | undefined;
  readonly kind: ErrorKind;

  constructor(fields: {
    readonly code: string;
    readonly message: string;
    readonly grpcStatus: number;
    readonly kind: ErrorKind;
    readonly retryMs?: number | undefined;
  }) {
    super(`${fields.code}: ${fields.message}`);
    this.code = fields.code;
    this.grpcStatus = fields.grpcStatus;
    this.kind = fields.kind;
    this.retryMs = fields.retryMs;
  }

  /** The error that a call ended with. */
  static from(error: ServiceError): ExchangeError {
    const said = textOf(error.metadata, CODE_KEY);
    const retry = textOf(error.metadata, RETRY_KEY);
    const tooLarge = isTooLarge(error);
    return new ExchangeError({
      code: said ?? (tooLarge ? "MESSAGE_TOO_LARGE" : (status[error.code] ?? "UNKNOWN")),
      message: error.details || error.message,
      grpcStatus: error.code,
      kind: kindOf(error, said !== undefined),
      retryMs: retry === undefined ? undefined : Number(retry),
    });
  }
}

/** Without the gateway's word a broken connection says nothing about what was sent over it. */
function kindOf(error: ServiceError, gatewaySaidIt: boolean): ErrorKind {
  if (isTooLarge(error) || FINAL.has(error.code)) return "final";
  if (error.code === status.UNAVAILABLE && isRefusedConnection(error)) return "not-published";
  return gatewaySaidIt && NOT_PUBLISHED.has(error.code) ? "not-published" : "unknown";
}

/** Nobody listens at the address: nothing was ever sent. */
function isRefusedConnection(error: ServiceError): boolean {
  return /No connection established.*ECONNREFUSED/s.test(error.details);
}

/** gRPC's own refusal, before the gateway saw the message. The client receives messages of any size. */
function isTooLarge(error: ServiceError): boolean {
  return error.code === status.RESOURCE_EXHAUSTED && /larger than max/.test(error.details);
}

function textOf(metadata: Metadata | undefined, key: string): string | undefined {
  const value = metadata?.get(key)[0];
  return value === undefined ? undefined : String(value);
}
