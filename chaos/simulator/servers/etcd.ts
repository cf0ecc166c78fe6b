/**
 * etcd in memory, as far as leases need it: keys with revisions, transactions, leases that run out in virtual time, and
 * watches. It may lose its quorum, forget everything, or be set back to what it was.
 */
import { leadershipOf } from "../../../services/adapters/etcd/lease-view.js";
import { noteKind } from "../world/trace.js";
import type { LeadershipSeen } from "../world/witness.js";
import type { World } from "../world/world.js";
import { SimServer } from "./server.js";
import type { EtcdSnapshot, EtcdSwitches } from "./switches.js";

const KEY = noteKind("key", (revision) => `revision ${revision}`);
const LEASE = noteKind("lease", (id) => String(id));
const RESTORED = noteKind("restored", (revision) => `revision ${revision}`);

const FIRST_LEASE = 7_001;
/** etcd looks for leases that have run out this often. */
const EXPIRY_SCAN_US = 500_000;
/** What waits for a quorum is done when there is one again, or not. */
const DONE_LATE_CHANCE = 0.5;

export const NO_LEASE = "0";

export interface StoredKey {
  readonly key: string;
  readonly value: string;
  readonly lease: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** A key as a revision left it; null: it went. */
export interface KeyChange {
  readonly key: string;
  readonly revision: number;
  readonly now: StoredKey | null;
}

interface Lease {
  readonly id: string;
  readonly ttlUs: number;
  deadlineUs: number;
}

/** Somebody who hears of changes from a revision on. */
export interface KeyWatch {
  readonly prefix: string;
  readonly from: number;
  readonly hear: (change: KeyChange) => void;
}

interface State {
  readonly revision: number;
  readonly keys: ReadonlyMap<string, StoredKey>;
  readonly leases: readonly Lease[];
  readonly history: readonly KeyChange[];
}

export class SimEtcd extends SimServer implements EtcdSwitches {
  private quorum = true;
  private revision = 1;
  private keys = new Map<string, StoredKey>();
  private history: KeyChange[] = [];
  private readonly leases = new Map<string, Lease>();
  private leasesGiven = FIRST_LEASE;
  private readonly watches = new Set<KeyWatch>();
  private waiting: (() => void)[] = [];

  constructor(world: World) {
    super(world, "etcd");
  }

  get hasQuorum(): boolean {
    return this.quorum;
  }

  set hasQuorum(quorum: boolean) {
    if (quorum === this.quorum) return;
    this.quorum = quorum;
    if (!quorum) return;
    this.extendLeases();
    const { waiting } = this;
    this.waiting = [];
    for (const work of waiting) if (this.random.chance(DONE_LATE_CHANCE)) this.accept(work);
  }

  override accept(work: () => void): "done" | "waits" | "refused" {
    if (this.quorum || !this.isUp) return super.accept(work);
    this.keptWaiting += 1;
    this.waiting.push(work);
    return "waits";
  }

  override stop(): void {
    super.stop();
    this.watches.clear();
    this.waiting = [];
  }

  override start(): void {
    super.start();
    this.extendLeases();
  }

  get currentRevision(): number {
    return this.revision;
  }

  get(key: string): StoredKey | undefined {
    return this.keys.get(key);
  }

  /** Keys under a prefix, in the order of their names. */
  all(prefix: string): StoredKey[] {
    const found = [...this.keys.values()].filter(({ key }) => key.startsWith(prefix));
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The revision at which what is put or deleted next is changed. */
  nextRevision(): number {
    this.revision += 1;
    return this.revision;
  }

  hasLease(id: string): boolean {
    const lease = this.leases.get(id);
    return lease !== undefined && lease.deadlineUs > this.world.scheduler.nowUs;
  }

  put(key: string, value: string, lease: string, revision: number): void {
    const createRevision = this.keys.get(key)?.createRevision ?? revision;
    const stored = { key, value, lease, createRevision, modRevision: revision };
    this.keys.set(key, stored);
    const handedAt = leadershipOf("", { value, revision }).handedAt;
    this.changed({ key, revision, now: stored }, handedAt === null ? "claimed" : "handed-over");
  }

  remove(key: string, revision: number, why: LeadershipSeen["why"]): void {
    if (this.keys.delete(key)) this.changed({ key, revision, now: null }, why);
  }

  grant(ttlSeconds: number): string {
    const id = String(this.leasesGiven++);
    const ttlUs = ttlSeconds * 1_000_000;
    this.leases.set(id, { id, ttlUs, deadlineUs: this.world.scheduler.nowUs + ttlUs });
    this.note(LEASE, Number(id), "granted");
    this.awaitExpiry(id);
    return id;
  }

  /** False: there is no such lease. */
  keepAlive(id: string): boolean {
    if (!this.hasLease(id)) return false;
    const lease = this.leases.get(id)!;
    lease.deadlineUs = this.world.scheduler.nowUs + lease.ttlUs;
    return true;
  }

  revoke(id: string): void {
    if (!this.leases.delete(id)) return;
    this.note(LEASE, Number(id), "gone");
    const under = [...this.keys.values()].filter(({ lease }) => lease === id);
    if (under.length === 0) return;
    const revision = this.nextRevision();
    for (const { key } of under) this.remove(key, revision, "lease-gone");
  }

  /** Tells what has changed since, and what changes. The returned function ends it. */
  watch(watch: KeyWatch): () => void {
    for (const change of this.history) {
      if (change.revision >= watch.from && change.key.startsWith(watch.prefix)) watch.hear(change);
    }
    this.watches.add(watch);
    return () => this.watches.delete(watch);
  }

  forgetLeases(): void {
    for (const id of this.leases.keys()) this.revoke(id);
  }

  snapshot(): EtcdSnapshot {
    const leases = [...this.leases.values()].map((lease) => ({ ...lease }));
    const { revision, keys, history } = this;
    const state: State = { revision, keys: new Map(keys), leases, history: [...history] };
    return state;
  }

  restore(to: EtcdSnapshot): void {
    this.startAnew(to as State, "restored");
  }

  wipe(): void {
    this.startAnew({ revision: 1, keys: new Map(), leases: [], history: [] }, "wiped");
  }

  /** What there is after a restart on another disk: every connection breaks, leases begin anew. */
  private startAnew(state: State, why: "restored" | "wiped"): void {
    const isUp = !this.isDown;
    this.stop();
    const before = this.keys;
    this.revision = state.revision;
    this.keys = new Map(state.keys);
    this.history = [...state.history];
    this.leases.clear();
    for (const lease of state.leases) {
      this.leases.set(lease.id, { ...lease });
      this.awaitExpiry(lease.id);
    }
    this.note(RESTORED, state.revision, why);
    for (const key of new Set([...before.keys(), ...this.keys.keys()])) {
      const now = this.keys.get(key) ?? null;
      if (now?.modRevision !== before.get(key)?.modRevision) this.tellLeadership(key, now, why);
    }
    if (isUp) this.start();
  }

  /** A server that has started, or found its quorum again, gives every lease its whole time. */
  private extendLeases(): void {
    const { nowUs } = this.world.scheduler;
    for (const lease of this.leases.values()) {
      lease.deadlineUs = Math.max(lease.deadlineUs, nowUs + lease.ttlUs);
    }
  }

  private awaitExpiry(id: string): void {
    const lease = this.leases.get(id);
    if (!lease) return;
    const { scheduler } = this.world;
    const lookAtUs = lease.deadlineUs + this.random.whole(0, EXPIRY_SCAN_US);
    scheduler.at(lookAtUs, () => {
      if (this.leases.get(id) !== lease) return;
      const mayLook = this.isUp && this.quorum;
      if (mayLook && lease.deadlineUs <= scheduler.nowUs) this.revoke(id);
      else if (mayLook) this.awaitExpiry(id);
      else scheduler.after(EXPIRY_SCAN_US, () => this.awaitExpiry(id));
    });
  }

  private changed(change: KeyChange, why: LeadershipSeen["why"]): void {
    const { key, revision, now } = change;
    this.note(KEY, revision, `${key} ${now?.value ?? "-"}`);
    this.history.push(change);
    this.tellLeadership(key, now, why);
    for (const watch of this.watches) {
      if (revision >= watch.from && key.startsWith(watch.prefix)) watch.hear(change);
    }
  }

  private tellLeadership(key: string, now: StoredKey | null, why: LeadershipSeen["why"]): void {
    const actorName = /\/leaders\/(.+)$/.exec(key)?.[1];
    if (actorName === undefined) return;
    const leadership =
      now && leadershipOf(actorName, { value: now.value, revision: now.modRevision });
    const { witness, scheduler } = this.world;
    witness.leadership({ atUs: scheduler.nowUs, actorName, leadership, why });
  }

  private note(kind: ReturnType<typeof noteKind>, number: number, detail: string): void {
    const { trace, scheduler } = this.world;
    trace.note(scheduler.nowUs, kind, this.name, number, 0, detail);
  }
}
