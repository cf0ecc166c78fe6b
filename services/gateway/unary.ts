/** One unary call: session, request and answer, or an error with a stable code. */
import { type handleUnaryCall, type Metadata, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { MalformedRequest } from "./decode.js";
import { TooManyReadsError } from "../ports/reads.js";
import { RETRY_WHEN_FULL_MS } from "./limits.js";
import { exhausted, Refusal, unavailable } from "./refusal.js";
import { Session } from "./session.js";

/** Time for a database to come back. */
const RETRY_WITHOUT_DATABASE_MS = 500;

export type UnaryHandler<Request, Response> = (
  request: Request,
  session: () => Session,
) => Promise<Response>;

/** Makes handlers of unary calls. `session` throws when the call has none; who needs none does not ask. */
export function unary(logger: Logger) {
  return <Request, Response>(
    handler: UnaryHandler<Request, Response>,
  ): handleUnaryCall<Request, Response> =>
    (call, callback) => {
      answer(call.request, call.metadata, handler).then(
        (response) => callback(null, response),
        (error: unknown) => callback(refusalFrom(error, logger).toServiceError()),
      );
    };
}

async function answer<Request, Response>(
  request: Request | MalformedRequest,
  metadata: Metadata,
  handler: UnaryHandler<Request, Response>,
): Promise<Response> {
  if (request instanceof MalformedRequest) throw request.toRefusal();
  return handler(request, () => Session.of(metadata));
}

export function refusalFrom(error: unknown, logger: Logger): Refusal {
  if (error instanceof Refusal) return error;
  logger.error({ err: error }, "a call failed");
  return new Refusal(status.INTERNAL, "INTERNAL", "the gateway failed; its log says why");
}

/** What a reading of Postgres gives; without Postgres a refusal, as nothing was published. */
export async function fromPostgres<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof TooManyReadsError) {
      const message = `${error.message}; ask again in a moment`;
      throw exhausted("DATABASE_BUSY", message, RETRY_WHEN_FULL_MS);
    }
    const message = `the database does not answer: ${(error as Error).message}`;
    throw unavailable("DATABASE_UNAVAILABLE", message, RETRY_WITHOUT_DATABASE_MS);
  }
}
