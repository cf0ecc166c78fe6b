/** What is said of a start that a node was told to end. */
import type { Logger } from "pino";
import { LeasesClosedError } from "../ports/lease-store.js";

/** Only what the ending itself brings about is expected; all else is a failure that happened to come at that time. */
export function sayInterrupted(logger: Logger, error: unknown): void {
  if (isExpected(error)) logger.debug("it ends before it has joined");
  else logger.warn({ err: error }, "it ends before it has joined, and what it was doing failed");
}

function isExpected(error: unknown): boolean {
  return (
    error instanceof LeasesClosedError || (error instanceof Error && error.name === "AbortError")
  );
}
