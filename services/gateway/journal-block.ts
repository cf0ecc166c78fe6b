/**
 * Rows of the journal as gateways tell them. One that cannot be read, since a later version has written it or somebody has
 * spoilt it, is its own account's trouble: a stream that comes to it ends there, and all others are told on.
 */
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeAccountEvents } from "../../actors/ledger/account-events.js";
import type { JournalRow } from "../ports/reads.js";
import { unreadableRows } from "./metrics.js";
import { Refusal } from "./refusal.js";
import type { Block } from "./shard-events.js";

/** Throws a `Refusal` when the row cannot be read, and says so to the operator. */
export function blockOf(row: JournalRow, logger: Logger): Block {
  const { account, first, last, batch, token, time } = row;
  try {
    return { account, first, batch, token, time, events: decodeAccountEvents(row.events) };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    unreadableRows.inc();
    logger.error({ account, first, last, batch, error: error.message }, "an unreadable row");
    const message =
      `events ${first} to ${last} of account ${account} cannot be read by this gateway (${error.message}); ` +
      `what comes after them is to be had from sequence ${last + 1} on; tell the operator`;
    throw new Refusal(status.DATA_LOSS, "JOURNAL_UNREADABLE", message);
  }
}

/** The same, without those that cannot be read. */
export function readableBlocks(rows: readonly JournalRow[], logger: Logger): Block[] {
  return rows.flatMap((row) => blockOrNull(row, logger) ?? []);
}

/**
 * The same, with a block without events behind each that cannot be read: whoever follows its account learns that there was
 * something before it, reads the journal himself, and is told why that cannot be done.
 */
export function blocksOf(rows: readonly JournalRow[], logger: Logger): Block[] {
  return rows.map((row) => {
    const { account, last, batch, token, time } = row;
    const gap = { account, first: last + 1, batch, token, time, events: [] };
    return blockOrNull(row, logger) ?? gap;
  });
}

function blockOrNull(row: JournalRow, logger: Logger): Block | null {
  try {
    return blockOf(row, logger);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
