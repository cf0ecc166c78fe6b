/**
 * Leases on etcd. Of the client only lease, transaction, range and watch are used: its elections have had two leaders.
 * What it says decides only when somebody takes over (R12).
 */
import { ConstantBackoff, noop } from "cockatiel";
import { Etcd3 } from "etcd3";
import type { Clock } from "../../ports/clock.js";
import type { Leadership, LeaseStore } from "../../ports/lease-store.js";
import { LeaseFollower } from "./lease-follower.js";
import {
  CALL_MS_MAX,
  isNotUnder,
  isOfRevision,
  isUnder,
  LeaseKeys,
  NO_LEASE,
} from "./lease-keys.js";
import { leadershipOf, leaderValue, LeaseView } from "./lease-view.js";
import { Membership } from "./membership.js";

/** Where the exchange of an etcd keeps its leases. */
export const LEASE_NAMESPACE = "exchange";

export interface EtcdOptions {
  /** Exchanges that share an etcd have different namespaces. */
  readonly namespace: string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  /** What an answer may take; without, as long as a node waits for one. */
  readonly callMsMax?: number;
}

const RECONNECT_AFTER_MS = 100;
/**
 * A connection whose other end has gone without a word is noticed by a ping that has no answer, and replaced. Etcd closes
 * connections that are pinged more often than every five seconds, or while nothing is asked; a node always watches.
 */
const PING_EVERY_MS = 6_000;
const PING_ANSWER_MS_MAX = 2_000;
/** No key has this revision. */
const NEVER_SEEN = 0;

export class EtcdLeaseStore implements LeaseStore {
  private readonly client: Etcd3;
  private readonly prefix: string;
  private readonly keys: LeaseKeys;
  private readonly view: LeaseView;
  private readonly follower: LeaseFollower;
  private readonly membership: Membership;

  /** By an address, or by a client that is there already; it is closed with the store. */
  constructor(
    server: string | Etcd3,
    { namespace, ttlSeconds, clock, callMsMax = CALL_MS_MAX }: EtcdOptions,
  ) {
    this.client = typeof server === "string" ? connectEtcd(server) : server;
    this.prefix = `/palisade/${namespace}/`;
    this.keys = new LeaseKeys(this.client, clock, callMsMax);
    this.view = new LeaseView(this.prefix);
    const { client, keys, prefix, view } = this;
    this.follower = new LeaseFollower(client, { keys, prefix, view, clock });
    const { follower } = this;
    this.membership = new Membership({ client, keys, prefix, view, follower, clock, ttlSeconds });
  }

  async join(node: string, info: string): Promise<void> {
    await this.membership.join(node, info);
    void this.follower.follow();
  }

  /** Reads everything once, without joining; resolves when it is in the view. */
  async look(): Promise<void> {
    await this.follower.list();
  }

  inform(info: string): Promise<void> {
    return this.membership.inform(info);
  }

  nodes(): ReadonlyMap<string, string> {
    return this.view.nodes;
  }

  leaders(): ReadonlyMap<string, Leadership> {
    return this.view.leaders;
  }

  wishes(): ReadonlyMap<string, string> {
    return this.view.wishes;
  }

  async wish(name: string, value: string | null): Promise<void> {
    const key = `${this.prefix}wishes/${name}`;
    if (value === null) {
      this.view.remove(key, (await this.keys.removeIf(key, []))!);
    } else {
      this.view.put((await this.keys.putIf({ key, value, lease: NO_LEASE }, []))!);
    }
  }

  onChange(handler: () => void): () => void {
    return this.view.onChange(handler);
  }

  onLost(handler: (reason: string) => void): () => void {
    return this.membership.onLost(handler);
  }

  waitingForAnswerMs(): number {
    return this.keys.waitingForAnswerMs;
  }

  async claim(actorName: string, seen?: Leadership): Promise<Leadership | null> {
    const { node, leaseId } = this.membership.current();
    const key = this.leaderKey(actorName);
    const { won, row } = await this.keys.putIfAbsentOr(
      { key, value: leaderValue(node, null), lease: leaseId },
      [isNotUnder(key, leaseId), isOfRevision(key, seen?.revision ?? NEVER_SEEN)],
    );
    if (row) this.view.put(row);
    // Ours already, under this very lease: an answer was lost, or it is asked for again, or it was handed over.
    return row && (won || row.lease === leaseId) ? leadershipOf(actorName, row) : null;
  }

  async handOver(actorName: string, to: string, token: number): Promise<number | null> {
    const { leaseId } = this.membership.current();
    const lease = this.view.leaseOf(to);
    if (lease === undefined || lease === NO_LEASE) return null;
    const key = this.leaderKey(actorName);
    const written = await this.keys.putIf({ key, value: leaderValue(to, token), lease }, [
      isUnder(key, leaseId),
      isUnder(`${this.prefix}nodes/${to}`, lease),
    ]);
    if (!written) return null;
    this.view.put(written);
    return written.revision;
  }

  async release(actorName: string): Promise<void> {
    const { leaseId } = this.membership;
    if (leaseId === null) return;
    const key = this.leaderKey(actorName);
    const revision = await this.keys.removeIf(key, [isUnder(key, leaseId)]);
    if (revision !== null) this.view.remove(key, revision);
  }

  async close(): Promise<void> {
    await Promise.all([this.follower.stop(), this.membership.close()]);
    this.client.close();
  }

  private leaderKey(actorName: string): string {
    return `${this.prefix}leaders/${actorName}`;
  }
}

function connectEtcd(url: string): Etcd3 {
  return new Etcd3({
    // The client takes a slash at the end for a part of the address.
    hosts: url.replace(/\/$/, ""),
    // By themselves the connection and the watch would wait ever longer before they are made again.
    grpcOptions: {
      "grpc.initial_reconnect_backoff_ms": RECONNECT_AFTER_MS,
      "grpc.max_reconnect_backoff_ms": RECONNECT_AFTER_MS,
      "grpc.keepalive_time_ms": PING_EVERY_MS,
      "grpc.keepalive_timeout_ms": PING_ANSWER_MS_MAX,
    },
    faultHandling: {
      host: () => noop,
      global: noop,
      watchBackoff: new ConstantBackoff(RECONNECT_AFTER_MS).next(),
    },
  });
}
