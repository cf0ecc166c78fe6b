/**
 * A node's lease and its name under it. The client's own `lost` event comes after twice the TTL; the deadline here is
 * ours: on the monotonic clock, counted from when the last good keepalive was *sent*. Nothing rests on it but when
 * somebody takes over (R12).
 */
import { type Etcd3, EtcdLeaseInvalidError, type Lease } from "etcd3";
import { type Clock, sleep } from "../../ports/clock.js";
import { LeasesClosedError, NodeNameTakenError } from "../../ports/lease-store.js";
import { CALL_MS_MAX, isUnder, type LeaseKeys, type PutResult } from "./lease-keys.js";
import type { LeaseFollower } from "./lease-follower.js";
import type { LeaseView } from "./lease-view.js";
import { within } from "./within.js";

const MS_PER_SECOND = 1_000;
const KEEPALIVES_PER_TTL = 3;
const RETRY_AFTER_MS = 100;
/** An earlier life of the node is gone after one TTL and what etcd takes to notice; another process never is. */
const EARLIER_LIFE_TTLS = 3;

export interface MembershipDependencies {
  readonly client: Etcd3;
  readonly keys: LeaseKeys;
  readonly prefix: string;
  readonly view: LeaseView;
  readonly follower: LeaseFollower;
  readonly clock: Clock;
  readonly ttlSeconds: number;
}

interface Held {
  readonly lease: Lease;
  readonly id: string;
}

export class Membership {
  private readonly deps: MembershipDependencies;
  private readonly ttlMs: number;
  private readonly lostHandlers = new Set<(reason: string) => void>();
  private node = "";
  private info = "";
  private held: Held | null = null;
  /** False between the loss of the lease and the next one. */
  private isMember = false;
  private goodSinceMs = 0;
  private closed = false;

  constructor(deps: MembershipDependencies) {
    this.deps = deps;
    this.ttlMs = deps.ttlSeconds * MS_PER_SECOND;
  }

  /** What the node claims by: its name and its lease. Throws when it has none now. */
  current(): { readonly node: string; readonly leaseId: string } {
    if (!this.held || !this.isMember) throw new Error("this node holds no lease");
    return { node: this.node, leaseId: this.held.id };
  }

  /** The lease that keys of this node may still be under. */
  get leaseId(): string | null {
    return this.held?.id ?? null;
  }

  onLost(handler: (reason: string) => void): () => void {
    this.lostHandlers.add(handler);
    return () => this.lostHandlers.delete(handler);
  }

  async join(node: string, info: string): Promise<void> {
    this.node = node;
    this.info = info;
    await this.untilDone(() => this.takeName());
    await this.untilDone(() => this.deps.follower.list());
    void this.keepAlive();
  }

  async inform(info: string): Promise<void> {
    this.info = info;
    // Whoever has lost the lease says it when it joins again.
    if (this.isMember) await this.sayInfo();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.isMember = false;
    await this.revoke();
  }

  private get key(): string {
    return `${this.deps.prefix}nodes/${this.node}`;
  }

  /** A node that ends because etcd does not answer as it starts only starts again, and is taken for one that does not stay. */
  private async untilDone(step: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await step();
        return;
      } catch (error) {
        if (this.closed) throw new LeasesClosedError("the lease store is closed");
        if (error instanceof NodeNameTakenError) throw error;
      }
      await sleep(this.deps.clock, RETRY_AFTER_MS);
    }
  }

  /** Takes a lease and puts the name under it, when an earlier life of it has run out. */
  private async takeName(): Promise<void> {
    const { clock, keys } = this.deps;
    const untilMs = clock.now() + EARLIER_LIFE_TTLS * this.ttlMs;
    while (!this.closed) {
      const other = await keys.get(this.key);
      if (!other && (await this.tryName())) return;
      if (other && clock.now() >= untilMs) throw this.taken(other.value);
      await sleep(clock, RETRY_AFTER_MS);
    }
    throw new LeasesClosedError("the lease store is closed");
  }

  private async tryName(): Promise<boolean> {
    const { client, keys, clock, ttlSeconds } = this.deps;
    const sentAtMs = clock.now();
    const lease = client.lease(ttlSeconds, { autoKeepAlive: false });
    // Whatever the library says of the lease comes too late to be of use.
    lease.on("lost", () => undefined);
    this.held = { lease, id: await keys.answerTo(lease.grant()) };
    this.goodSinceMs = sentAtMs;
    const { won } = await this.putName();
    if (won && !this.closed) this.isMember = true;
    else await this.revoke();
    return won;
  }

  private async putName(): Promise<PutResult> {
    const { keys, view } = this.deps;
    const lease = this.held!.id;
    for (;;) {
      const value = this.info;
      const result = await keys.putIfAbsentOr({ key: this.key, value, lease }, [
        isUnder(this.key, lease),
      ]);
      if (result.row) view.put(result.row);
      // Another information may have come meanwhile.
      if (!result.won || value === this.info) return result;
    }
  }

  private async sayInfo(): Promise<void> {
    const { won, row } = await this.putName();
    if (!won) throw this.taken(row?.value ?? "");
  }

  private taken(info: string): NodeNameTakenError {
    return new NodeNameTakenError(
      `another process goes by the name ${this.node} and keeps it alive; it says of itself: ` +
        `${info}. Stop that process, or give this one another name`,
    );
  }

  /** Keeps the lease alive; when it is gone, says so and takes another. */
  private async keepAlive(): Promise<void> {
    while (!this.closed) {
      await sleep(this.deps.clock, this.ttlMs / KEEPALIVES_PER_TTL);
      if (this.closed) return;
      try {
        await this.keepOnce();
        await this.keepName();
      } catch (error) {
        const reason = this.lossOf(error as Error);
        if (reason !== null) await this.rejoin(reason, error as Error);
      }
    }
  }

  private async keepOnce(): Promise<void> {
    const { keys, clock } = this.deps;
    const sentAtMs = clock.now();
    await keys.answerTo(this.held!.lease.keepaliveOnce());
    this.goodSinceMs = sentAtMs;
  }

  /** Puts the name there again where etcd has lost it, or what it says, but not the lease. */
  private async keepName(): Promise<void> {
    const { view } = this.deps;
    const isThere =
      view.leaseOf(this.node) === this.held!.id && view.nodes.get(this.node) === this.info;
    if (!isThere) await this.sayInfo();
  }

  /** Why the lease is lost by an error; null when it is not: the error says nothing of it, and there is time. */
  private lossOf(error: Error): string | null {
    if (error instanceof EtcdLeaseInvalidError) return "etcd forgot it";
    if (error instanceof NodeNameTakenError) return error.message;
    const isLate = this.deps.clock.now() - this.goodSinceMs >= this.ttlMs;
    return isLate ? "no keepalive was answered in time" : null;
  }

  private async rejoin(reason: string, cause: Error): Promise<void> {
    this.isMember = false;
    this.tell(reason);
    let isGone = false;
    let isTaken = false;
    for (let error: unknown = cause; !this.closed; ) {
      isGone ||= error instanceof EtcdLeaseInvalidError;
      if (error instanceof NodeNameTakenError && !isTaken) {
        if (error !== cause) this.tell(error.message);
        isGone = isTaken = true;
        await this.revoke();
      }
      try {
        if (isGone) await this.takeName();
        else await this.goOn();
        await this.deps.follower.list();
        return;
      } catch (failure) {
        error = failure;
        await sleep(this.deps.clock, RETRY_AFTER_MS);
      }
    }
  }

  /** Etcd was away, not the lease: goes on under it. */
  private async goOn(): Promise<void> {
    await this.keepOnce();
    await this.sayInfo();
    this.isMember = true;
  }

  private tell(reason: string): void {
    for (const handler of this.lostHandlers) handler(reason);
  }

  private async revoke(): Promise<void> {
    const { held } = this;
    this.held = null;
    if (held)
      await within(this.deps.clock, CALL_MS_MAX, held.lease.revoke()).catch(() => undefined);
  }
}
