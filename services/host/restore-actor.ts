/** How an actor is made from its row. A node has one way; a simulated node of another version brings its own. */
import type { Actor } from "../../actors/kernel/actor.js";
import type { Links } from "../../actors/kernel/links.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { Market } from "../../actors/market/market.js";
import type { ActorRecord, Row } from "../ports/store.js";

/** An actor whose tables follow page by page, then `finishLoading`. */
export interface RestoredActor extends Actor {
  loadPage(table: string, rows: readonly Row[]): void;
  finishLoading(): void;
  /** The hash that what was just loaded must have been stored with, where that is not `stateHash`. */
  loadedHash?(): number;
}

/** Throws `MalformedError` when the row is of a version that cannot be read. */
export type RestoreActor = (record: ActorRecord, links: Links) => RestoredActor;

export const restoreActor: RestoreActor = (record, links) =>
  record.kind === "market" ? Market.restore(record, links) : LedgerShard.restore(record, links);
