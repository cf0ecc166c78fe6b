/**
 * How streams from a gateway go on when they have broken: by themselves, the later the more often it failed. A gateway that is away
 * is waited for by the connection, of which a client has one, and whose tries have waits like these; so these are mostly for one that
 * is there and refuses. Streams that begin "from now" ask first where that is, by calls that do not wait for the connection. Waits
 * differ from client to client, and are 400 ms on average at their longest: a thousand clients that have lost one gateway, and are
 * refused at once, are some 2,500 tries a second, each of a few packets, spread over that second.
 */
import { status } from "@grpc/grpc-js";
import { ExchangeError } from "./exchange-error.js";

const RESUME_AFTER_MS = 100;
const RESUME_AFTER_MS_MAX = 500;
/** The part of a wait that is left to chance. */
const JITTER = 0.4;

export const GATEWAY_ENDED = new ExchangeError({
  code: "UNAVAILABLE",
  message: "the gateway ended the stream",
  grpcStatus: status.UNAVAILABLE,
  kind: "not-published",
});

/** `failures`: how often it was tried in vain since anything came; `chance`: from 0 to 1. */
export function resumeAfterMs(failures: number, chance: number = Math.random()): number {
  const longestMs = Math.min(RESUME_AFTER_MS * 2 ** failures, RESUME_AFTER_MS_MAX);
  return longestMs * (1 - JITTER * chance);
}
