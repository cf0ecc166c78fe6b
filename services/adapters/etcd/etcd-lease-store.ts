/**
 * Leases on etcd. Of the client only lease, transaction, range and watch are used: its own `lost` event comes after
 * twice the TTL, and its elections have had two leaders. The deadline here is ours: on the monotonic clock, counted
 * from when the last good keepalive was *sent*. Nothing rests on it but when somebody takes over (R12).
 */
import { ConstantBackoff, noop } from "cockatiel";
import { Etcd3, EtcdLeaseInvalidError, type Lease, type Watcher } from "etcd3";
import type { Clock } from "../../ports/clock.js";
import { sleep } from "../../ports/clock.js";
import type { Leadership, LeaseStore } from "../../ports/lease-store.js";
import { LeaseView, type KeyRow } from "./lease-view.js";
import { within } from "./within.js";

export interface EtcdOptions {
  /** Exchanges that share an etcd have different namespaces. */
  readonly namespace: string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
}

const CALL_MS_MAX = 1_000;
const KEEPALIVES_PER_TTL = 3;
const RETRY_AFTER_MS = 100;
/** A watch can go silent, so the whole view is read anew this often. */
const LIST_EVERY_MS = 2_000;

export class EtcdLeaseStore implements LeaseStore {
  private readonly client: Etcd3;
  private readonly options: EtcdOptions;
  private readonly prefix: string;
  private readonly view: LeaseView;
  private readonly lostHandlers = new Set<(reason: string) => void>();
  private node: { readonly name: string; readonly info: string } | null = null;
  private lease: Lease | null = null;
  private leaseId = "";
  private watcher: Watcher | null = null;
  private closed = false;

  constructor(url: string, options: EtcdOptions) {
    this.options = options;
    this.prefix = `/palisade/${options.namespace}/`;
    this.view = new LeaseView(this.prefix);
    this.client = new Etcd3({
      // The client takes a slash at the end for a part of the address.
      hosts: url.replace(/\/$/, ""),
      dialTimeout: CALL_MS_MAX,
      faultHandling: {
        host: () => noop,
        global: noop,
        // By itself it would wait up to half a minute before it watches again.
        watchBackoff: new ConstantBackoff(RETRY_AFTER_MS).next(),
      },
    });
  }

  async join(node: string, info: string): Promise<void> {
    this.node = { name: node, info };
    await this.takeLease();
    await this.list();
    void this.keepAlive();
    void this.follow();
  }

  nodes(): ReadonlyMap<string, string> {
    return this.view.nodes;
  }

  leaders(): ReadonlyMap<string, Leadership> {
    return this.view.leaders;
  }

  onChange(handler: () => void): () => void {
    return this.view.onChange(handler);
  }

  onLost(handler: (reason: string) => void): () => void {
    this.lostHandlers.add(handler);
    return () => this.lostHandlers.delete(handler);
  }

  async claim(actorName: string): Promise<Leadership | null> {
    const { node, leaseId } = this;
    if (!node || !leaseId) throw new Error("this node holds no lease");
    const key = `${this.prefix}leaders/${actorName}`;
    const won = await this.call(
      this.client
        .if(key, "Create", "==", 0)
        .then(this.client.put(key).value(node.name).lease(leaseId))
        .commit(),
    );
    if (won.succeeded) {
      const revision = Number(won.header.revision);
      this.view.put({ key, value: node.name, revision });
      return { actorName, node: node.name, revision };
    }
    // Ours already, under this very lease: an answer was lost, or it is asked for again.
    const rows = await this.call(this.client.get(key).exec());
    const held = rows.kvs[0];
    if (!held || held.lease !== leaseId) return null;
    return { actorName, node: node.name, revision: Number(held.create_revision) };
  }

  async release(actorName: string): Promise<void> {
    const { leaseId } = this;
    if (!leaseId) return;
    const key = `${this.prefix}leaders/${actorName}`;
    const gone = await this.call(
      this.client
        .if(key, "Lease", "==", leaseId as unknown as number)
        .then(this.client.delete().key(key))
        .commit(),
    );
    if (gone.succeeded) this.view.remove(key, Number(gone.header.revision));
  }

  async close(): Promise<void> {
    this.closed = true;
    const { lease, watcher } = this;
    this.lease = null;
    await watcher?.cancel().catch(() => undefined);
    if (lease) await within(CALL_MS_MAX, lease.revoke()).catch(() => undefined);
    this.client.close();
  }

  /** A new lease with this node under it. */
  private async takeLease(): Promise<void> {
    const { node } = this;
    if (!node) return;
    const lease = this.client.lease(this.options.ttlSeconds, { autoKeepAlive: false });
    // Whatever the library says of the lease comes too late to be of use.
    lease.on("lost", () => undefined);
    const leaseId = await this.call(lease.grant());
    const key = `${this.prefix}nodes/${node.name}`;
    await this.call(lease.put(key).value(node.info).exec());
    this.lease = lease;
    this.leaseId = leaseId;
  }

  /** Keeps the lease alive; when it is gone, says so and takes another. */
  private async keepAlive(): Promise<void> {
    const { clock, ttlSeconds } = this.options;
    const ttlMs = ttlSeconds * 1_000;
    let goodSinceMs = clock.now();
    while (!this.closed) {
      await sleep(clock, ttlMs / KEEPALIVES_PER_TTL);
      const { lease } = this;
      if (this.closed || !lease) return;
      const sentAtMs = clock.now();
      const isAlive = await this.call(lease.keepaliveOnce()).then(
        () => true,
        // Etcd's word that there is no such lease; any other error says nothing of the lease.
        (error: unknown) => (error instanceof EtcdLeaseInvalidError ? false : null),
      );
      if (isAlive) goodSinceMs = sentAtMs;
      if (isAlive === false || clock.now() - goodSinceMs >= ttlMs) {
        await this.rejoin(
          isAlive === false ? "etcd forgot it" : "no keepalive was answered in time",
        );
        goodSinceMs = clock.now();
      }
    }
  }

  private async rejoin(reason: string): Promise<void> {
    this.leaseId = "";
    for (const handler of this.lostHandlers) handler(reason);
    while (!this.closed) {
      try {
        await this.takeLease();
        await this.list();
        return;
      } catch {
        await sleep(this.options.clock, RETRY_AFTER_MS);
      }
    }
  }

  /** Follows what changes, by a watch, and by reading all of it again now and then. */
  private async follow(): Promise<void> {
    while (!this.closed) {
      try {
        if (!this.watcher) await this.watch();
        await sleep(this.options.clock, LIST_EVERY_MS);
        if (!this.closed) await this.list();
      } catch {
        await sleep(this.options.clock, RETRY_AFTER_MS);
      }
    }
  }

  private async watch(): Promise<void> {
    const from = String((await this.list()) + 1);
    const watcher = this.client.watch().prefix(this.prefix).startRevision(from).watcher();
    this.watcher = watcher;
    watcher.on("put", (row) =>
      this.view.put({
        key: row.key.toString(),
        value: row.value.toString(),
        revision: Number(row.mod_revision),
      }),
    );
    watcher.on("delete", (row) => this.view.remove(row.key.toString(), Number(row.mod_revision)));
    watcher.on("error", () => {
      if (this.watcher === watcher) this.watcher = null;
      watcher.cancel().catch(() => undefined);
    });
  }

  /** Reads everything anew; returns the revision it stood at. */
  private async list(): Promise<number> {
    const knownBefore = this.view.revision;
    const all = await this.call(this.client.getAll().prefix(this.prefix).exec());
    const revision = Number(all.header.revision);
    const rows = all.kvs.map(
      (row): KeyRow => ({
        key: row.key.toString(),
        value: row.value.toString(),
        revision: Number(row.mod_revision),
      }),
    );
    this.view.replace(rows, revision, knownBefore);
    return revision;
  }

  private call<T>(work: Promise<T>): Promise<T> {
    return within(CALL_MS_MAX, work);
  }
}
