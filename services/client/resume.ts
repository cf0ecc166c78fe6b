/** How streams from a gateway go on when they have broken: by themselves, the later the more often it failed. */
import { status } from "@grpc/grpc-js";
import { ExchangeError } from "./exchange-error.js";

const RESUME_AFTER_MS = 100;
const RESUME_AFTER_MS_MAX = 1_000;

export const GATEWAY_ENDED = new ExchangeError({
  code: "UNAVAILABLE",
  message: "the gateway ended the stream",
  grpcStatus: status.UNAVAILABLE,
  kind: "not-published",
});

/** `failures`: how often it was tried in vain since anything came. */
export function resumeAfterMs(failures: number): number {
  return Math.min(RESUME_AFTER_MS * 2 ** failures, RESUME_AFTER_MS_MAX);
}
