/**
 * Becoming the one writer of an actor (R1), in this order: read its token; win its etcd key; raise the token, alone
 * and committed; only then load the rows and read the inbox from the stored position (R2).
 */
import type { Actor } from "../../actors/kernel/actor.js";
import { assert } from "../../actors/kernel/assert.js";
import { Links } from "../../actors/kernel/links.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { Market } from "../../actors/market/market.js";
import type { ActorRecord, OutboxRow } from "../ports/store.js";
import type { HostDependencies } from "./dependencies.js";
import { CLAIM_TRIES_MAX } from "./limits.js";

export interface Recovered {
  readonly record: ActorRecord;
  readonly actor: Actor;
  /** Committed, not yet known to be confirmed. */
  readonly outbox: readonly OutboxRow[];
  /** Postgres's clock just after. */
  readonly now: number;
}

/** Wins the key and raises the token. Null: somebody else has, or is about to. */
export async function claim(
  deps: HostDependencies,
  actor: number,
  name: string,
): Promise<ActorRecord | null> {
  let record = await deps.store.record(actor);
  assert(record !== null, `no actor ${actor} to claim`);
  const leadership = await deps.leases.claim(name);
  if (!leadership) return null;
  for (let tries = 0; tries < CLAIM_TRIES_MAX; tries++) {
    const raised = await raise(deps, record, leadership.revision);
    if (raised) return raised;
    if (deps.leases.leaders().get(name)?.node !== deps.node) return null;
    record = await deps.store.record(actor);
    assert(record !== null, `actor ${actor} has vanished`);
  }
  return null;
}

/** Raises the token again from the one this node holds or has read: after a lost connection, without etcd. */
export function raise(
  deps: HostDependencies,
  record: ActorRecord,
  leaseRevision: number,
): Promise<ActorRecord | null> {
  return deps.store.raise(record.id, record.token, deps.node, leaseRevision);
}

/** Rebuilds the actor from its rows. Throws when they are not what their hash says. */
export async function recover(
  deps: HostDependencies,
  record: ActorRecord,
  forgottenOrders: readonly number[],
): Promise<Recovered> {
  const links = Links.restore(await deps.store.links(record.id));
  const actor =
    record.kind === "market" ? Market.restore(record, links) : LedgerShard.restore(record, links);
  await deps.store.load(record, (table, rows) => actor.loadPage(table, rows));
  actor.finishLoading();
  if (forgottenOrders.length > 0 && actor instanceof LedgerShard) {
    actor.remember(await deps.store.orders(forgottenOrders));
  }
  const expected = record.batch === 0 ? actor.stateHash() : record.hash;
  assert(
    actor.stateHash() === expected,
    `${record.name}: the rows of batch ${record.batch} do not give the hash it was committed with`,
  );
  const outbox = await deps.store.outbox(record.id);
  return { record, actor, outbox, now: await deps.store.now() };
}
