/** What a gateway refuses by itself: a stable code, a sentence, and whether to try again. Nothing was published. */
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { CODE_KEY, RETRY_KEY } from "../client/exchange-error.js";
import { RETRY_WHEN_STOPPING_MS, RETRY_WITHOUT_LEADER_MS } from "./limits.js";

/** With what the gateway refuses a command before it has a number: each of these is counted. */
export const COMMAND_REFUSALS = [
  "NO_LEADER",
  "TOO_MANY_PENDING",
  "STREAM_FULL",
  "OVERLOADED",
  "MARKET_BEHIND",
  "RECIPIENT_BEHIND",
  "GATEWAY_STOPPING",
] as const;
export type CommandRefusal = Refusal<(typeof COMMAND_REFUSALS)[number]>;

export class Refusal<Code extends string = string> extends Error {
  override readonly name = "Refusal";
  readonly grpcStatus: number;
  readonly code: Code;
  /** 0: trying again is of no use. */
  readonly retryMs: number;
  /** Of a pair: which order it is about, 1 or 2; 0: both. */
  readonly leg: number;

  constructor(
    grpcStatus: number,
    code: Code,
    message: string,
    retryMs: number = 0,
    leg: number = 0,
  ) {
    super(message);
    this.grpcStatus = grpcStatus;
    this.code = code;
    this.retryMs = retryMs;
    this.leg = leg;
  }

  /** The same, said of one order of a pair. */
  ofLeg(leg: 1 | 2): Refusal<Code> {
    const message = `the ${leg === 1 ? "first" : "second"} order: ${this.message}`;
    return new Refusal(this.grpcStatus, this.code, message, this.retryMs, leg);
  }

  /** The error that a unary call or a stream ends with. */
  toServiceError(): ServiceError {
    const metadata = new Metadata();
    metadata.set(CODE_KEY, this.code);
    if (this.retryMs > 0) metadata.set(RETRY_KEY, String(this.retryMs));
    const { grpcStatus: code, message } = this;
    return Object.assign(new Error(message), { code, details: message, metadata });
  }
}

export const invalid = (code: string, message: string): Refusal =>
  new Refusal(status.INVALID_ARGUMENT, code, message);

export const notFound = (code: string, message: string): Refusal =>
  new Refusal(status.NOT_FOUND, code, message);

export const denied = (code: string, message: string): Refusal =>
  new Refusal(status.PERMISSION_DENIED, code, message);

/** It cannot be done as things stand, and trying again is of no use. */
export const unfit = (code: string, message: string): Refusal =>
  new Refusal(status.FAILED_PRECONDITION, code, message);

export const unavailable = <Code extends string>(
  code: Code,
  message: string,
  retryMs: number,
): Refusal<Code> => new Refusal(status.UNAVAILABLE, code, message, retryMs);

export const gatewayStopping = (advice: string): CommandRefusal =>
  unavailable("GATEWAY_STOPPING", `this gateway is stopping; ${advice}`, RETRY_WHEN_STOPPING_MS);

/** `name`: what has no leader. */
export const noLeader = (name: string): CommandRefusal =>
  unavailable(
    "NO_LEADER",
    `no leader of ${name} is heard now; nothing was done; try again in a moment`,
    RETRY_WITHOUT_LEADER_MS,
  );

export const exhausted = <Code extends string>(
  code: Code,
  message: string,
  retryMs: number,
): Refusal<Code> => new Refusal(status.RESOURCE_EXHAUSTED, code, message, retryMs);

/** The command was published and nobody has answered: whether it happened is not known here. */
const unanswered = (advice: string): Refusal =>
  new Refusal(
    status.DEADLINE_EXCEEDED,
    "OUTCOME_UNKNOWN",
    `there was no answer in time; it may have been done; ${advice}`,
  );

export const outcomeUnknown = (): Refusal => unanswered("try again under the same key or id");

export const orderOutcomeUnknown = (): Refusal =>
  unanswered("ask with ResolveOrder before sending it under another id");
