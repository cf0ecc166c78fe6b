/** The store and the reads of an exchange, on however many PostgreSQL instances it is. */
import type { Reads } from "../../ports/reads.js";
import type { Store } from "../../ports/store.js";
import { PostgresReads } from "../postgres/reads.js";
import { PostgresStore } from "../postgres/store.js";
import { checkInstances, HOME, instanceUrls } from "./instances.js";
import { RoutedReads } from "./routed-reads.js";
import { RoutedStore } from "./routed-store.js";

interface Closing {
  close(): Promise<void>;
}

export interface OpenedReads extends Reads, Closing {
  /** Readings that wait for a connection. */
  readonly waiting: number;
}

export interface OpenedStore {
  readonly store: Store & Closing;
  /** Which exchange's it is. */
  readonly exchange: string;
}

/** Rejects with `InstanceError` when `postgresUrl` does not name just the instances that there are. */
export async function openStore(postgresUrl: string, incarnation: string): Promise<OpenedStore> {
  const urls = instanceUrls(postgresUrl);
  const { identity: exchange } = await checkInstances(urls);
  const store =
    urls.length === 1
      ? new PostgresStore(urls[HOME], incarnation)
      : await RoutedStore.open(urls, incarnation);
  return { store, exchange };
}

/** Rejects as `openStore` does. */
export async function openReads(postgresUrl: string, holder: string): Promise<OpenedReads> {
  const urls = instanceUrls(postgresUrl);
  const { shards } = await checkInstances(urls);
  if (urls.length === 1) return new PostgresReads(urls[HOME], holder);
  return RoutedReads.open(urls, holder, shards);
}
