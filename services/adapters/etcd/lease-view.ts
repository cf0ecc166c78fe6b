/**
 * Who is alive and who leads what, as last seen. It stays as it is while etcd is away. What is seen comes by three ways
 * that overtake each other: readings of everything, a watch, and the answers to this node's own claims; so what is
 * newer is known by etcd's revision, key by key.
 */
import type { Leadership } from "../../ports/lease-store.js";

export interface KeyRow {
  readonly key: string;
  readonly value: string;
  /** The revision that put it there. */
  readonly revision: number;
}

/** A key's value from a revision on; null when the key went. */
interface Change {
  readonly value: string | null;
  readonly revision: number;
}

export class LeaseView {
  private nodeInfo = new Map<string, string>();
  private leadership = new Map<string, Leadership>();
  private readonly prefix: string;
  private readonly handlers = new Set<() => void>();
  /** Where the last reading stood, and what is newer than it. */
  private readRevision = 0;
  private readonly changes = new Map<string, Change>();
  private latestRevision = 0;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get nodes(): ReadonlyMap<string, string> {
    return this.nodeInfo;
  }

  get leaders(): ReadonlyMap<string, Leadership> {
    return this.leadership;
  }

  /** The latest revision that the view has heard of. */
  get revision(): number {
    return this.latestRevision;
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  put({ key, value, revision }: KeyRow): void {
    this.take(key, { value, revision });
  }

  remove(key: string, revision: number): void {
    this.take(key, { value: null, revision });
  }

  /**
   * Takes a whole reading. One that is older than what was known before it was asked for is the truth all the same: etcd
   * was restored from a backup and counts anew.
   */
  replace(rows: readonly KeyRow[], revision: number, knownBefore: number): void {
    if (revision < knownBefore) this.changes.clear();
    // Another reading has overtaken this one.
    else if (revision < this.readRevision) return;
    this.readRevision = revision;
    this.latestRevision = revision;
    this.nodeInfo = new Map();
    this.leadership = new Map();
    for (const row of rows) this.set(row.key, row);
    for (const [key, change] of this.changes) {
      if (change.revision <= revision) this.changes.delete(key);
      else this.set(key, change);
    }
    this.changed();
  }

  private take(key: string, change: Change): void {
    const known = this.changes.get(key)?.revision ?? this.readRevision;
    if (change.revision <= known) return;
    this.changes.set(key, change);
    this.set(key, change);
    this.changed();
  }

  private set(key: string, { value, revision }: Change): void {
    this.latestRevision = Math.max(this.latestRevision, revision);
    const [kind, name] = this.split(key);
    if (kind === "nodes") {
      if (value === null) this.nodeInfo.delete(name);
      else this.nodeInfo.set(name, value);
    } else if (kind === "leaders") {
      if (value === null) this.leadership.delete(name);
      else this.leadership.set(name, { actorName: name, node: value, revision });
    }
  }

  private split(key: string): [string, string] {
    const rest = key.slice(this.prefix.length);
    const slash = rest.indexOf("/");
    return [rest.slice(0, slash), rest.slice(slash + 1)];
  }

  private changed(): void {
    for (const handler of this.handlers) handler();
  }
}
