/**
 * Becoming the one writer of an actor (R1), in this order: read its token; win its etcd key; raise the token, alone
 * and committed; only then load the rows and read the inbox from the stored position (R2).
 */
import type { Actor } from "../../actors/kernel/actor.js";
import { assert } from "../../actors/kernel/assert.js";
import { Links } from "../../actors/kernel/links.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import type { Leadership } from "../ports/lease-store.js";
import {
  type ActorRecord,
  type Correspondence,
  FencedError,
  type LoggedBatch,
  type OutboxRow,
  type Store,
} from "../ports/store.js";
import type { HostDependencies } from "./dependencies.js";
import { CLAIM_REASON_LENGTH_MAX, CLAIM_TRIES_MAX } from "./limits.js";
import type { EarlyInbox } from "./early-inbox.js";
import { restoreActor, type RestoreActor, type RestoredActor } from "./restore-actor.js";
import type { Standby } from "./standby.js";

const MICROSECONDS_PER_MS = 1_000;

/** How an actor stands with its peers, and when that was heard, by the node's own clock. */
interface Standing extends Correspondence {
  readonly heardAtMs: number;
}

/** An actor whose token was raised. */
export interface Claimed {
  readonly record: ActorRecord;
  /** Asked for with the raise, so it may be of another batch than the one that the raise found; null: it was not to be had. */
  readonly standing: Promise<Standing | null>;
  /** Its inbox, where it is read already. */
  readonly early: EarlyInbox | null;
  /** The end of its batch log, as far as it came with the record. */
  readonly batches: readonly LoggedBatch[];
}

export interface Recovered {
  readonly record: ActorRecord;
  readonly actor: Actor;
  /** Committed, not yet known to be confirmed. */
  readonly outbox: readonly OutboxRow[];
  /** Postgres's clock. */
  readonly now: number;
  readonly early: EarlyInbox | null;
  /** Was it a standby that had followed, and not the rows? */
  readonly isWarm: boolean;
}

/**
 * Wins the key and raises the token. `seen` is the key that may be taken over; `led`: the last token that this node has led
 * under, or 0; `reason` is noted with the claim. Null: somebody else has, or is about to.
 */
export async function claim(
  deps: HostDependencies,
  actor: number,
  name: string,
  seen: Leadership | undefined,
  led: number,
  reason: string,
): Promise<Claimed | null> {
  // What Postgres said some time ago will do, and saves asking it when everybody does: an older token raises nothing. But a
  // raise that is repeated gives what it gave, so one below a token of our own would give that token again.
  let token = Math.max(deps.directory.find(actor)?.token ?? 0, led);
  const leadership = await deps.leases.claim(name, seen);
  if (!leadership) return null;
  for (let tries = 0; tries < CLAIM_TRIES_MAX; tries++) {
    const raised = await raise(deps, actor, token, leadership.revision, reason);
    if (raised) return raised;
    if (deps.leases.leaders().get(name)?.node !== deps.node) return null;
    const record = await deps.store.record(actor);
    assert(record !== null, "actor %s has vanished", actor);
    token = record.token;
  }
  return null;
}

/**
 * Raises the token from the one this node holds, or was handed, or has read. After a lost connection, and after a
 * handover, etcd is not asked.
 */
export async function raise(
  deps: HostDependencies,
  actor: number,
  fromToken: number,
  leaseRevision: number,
  why: string,
  early: EarlyInbox | null = null,
): Promise<Claimed | null> {
  const { node, incarnation } = deps;
  // An error's words may be anything; what cannot be stored must not keep an actor without a leader.
  const reason = why.replace(/[^ -~]/g, "?").slice(0, CLAIM_REASON_LENGTH_MAX);
  const holder = { node, incarnation, reason };
  // At once, and not in one statement: that would see the peers as they were before it waited for a commit under way.
  const standing = stand(deps, actor).catch(() => null);
  let record: ActorRecord | null = null;
  try {
    record = await deps.store.raise(actor, fromToken, holder, leaseRevision);
  } finally {
    if (!record) early?.stop();
  }
  return record && { record, standing, early, batches: [] };
}

async function stand({ store, clock }: HostDependencies, actor: number): Promise<Standing> {
  const standing = await store.correspondence(actor);
  return { ...standing, heardAtMs: clock.now() };
}

/** As of the raised batch. Nothing of it changes without a batch, so it is the same whether it was read before the raise or after. */
async function standingAsOf(
  deps: HostDependencies,
  { record, standing }: Claimed,
): Promise<Standing> {
  const early = await standing;
  return early?.batch === record.batch ? early : stand(deps, record.id);
}

/** The actor as of the raised record: from a standby that has followed it, or from its rows. */
export async function recover(
  deps: HostDependencies,
  claimed: Claimed,
  forgottenOrders: readonly number[],
  standby: Standby | null,
): Promise<Recovered> {
  const { store, clock } = deps;
  const { record, early, batches } = claimed;
  const standing = standingAsOf(deps, claimed);
  const [peers, warm] = await Promise.all([standing, standby?.promote(record, standing, batches)]);
  const { outbox } = peers;
  const now = () => peers.now + Math.round((clock.now() - peers.heardAtMs) * MICROSECONDS_PER_MS);
  if (warm) return { record, actor: warm, outbox, now: now(), early, isWarm: true };
  const cold = await rebuild(store, record.id, deps.restoreActor);
  if (cold.record.token !== record.token) {
    throw new FencedError(`${record.name}: token ${record.token} was raised while rows were read`);
  }
  if (forgottenOrders.length > 0 && cold.actor instanceof LedgerShard) {
    cold.actor.remember(await store.orders(forgottenOrders));
  }
  return { record, actor: cold.actor, outbox, now: now(), early, isWarm: false };
}

/**
 * An actor from its rows, and the row it was read with; `taken` is called after each page. Throws when they are not what their
 * hash says.
 */
export async function rebuild(
  store: Pick<Store, "load">,
  id: number,
  restore: RestoreActor = restoreActor,
  taken: () => void = () => undefined,
): Promise<{ readonly record: ActorRecord; readonly actor: Actor }> {
  let actor: RestoredActor | undefined;
  const loaded = await store.load(
    id,
    ({ record, links }) => {
      actor = restore(record, Links.restore(links));
    },
    (table, rows) => {
      actor!.loadPage(table, rows);
      taken();
    },
  );
  assert(loaded !== null && actor !== undefined, "actor %s has vanished", id);
  const { record } = loaded;
  actor.finishLoading();
  const hash = actor.loadedHash?.() ?? actor.stateHash();
  assert(
    hash === record.hash || record.batch === 0,
    "%s: the rows of batch %s do not give the hash it was committed with",
    record.name,
    record.batch,
  );
  return { record, actor };
}
