/**
 * Who is alive, who leads what, and what is wished, as last seen. It stays as it is while etcd is away. What is seen
 * comes by three ways that overtake each other: readings of everything, a watch, and the answers to this node's own
 * calls; so what is newer is known by etcd's revision, key by key.
 */
import type { Leadership } from "../../ports/lease-store.js";
import type { KeyRow } from "./lease-keys.js";

/** A key from a revision on; the value is null when the key went. */
interface Change {
  readonly value: string | null;
  readonly lease: string;
  readonly revision: number;
}

/** The value of a leader's key. */
export function leaderValue(node: string, handedAt: number | null): string {
  return JSON.stringify(handedAt === null ? { node } : { node, handedAt });
}

/** What is not such a value is a node's name alone: the key can be seen, and taken over, all the same. */
export function leadershipOf(
  actorName: string,
  { value, revision }: Pick<KeyRow, "value" | "revision">,
): Leadership {
  try {
    const { node, handedAt } = JSON.parse(value) as Partial<Leadership>;
    if (typeof node === "string") {
      const token = Number.isSafeInteger(handedAt) ? handedAt! : null;
      return { actorName, node, revision, handedAt: token };
    }
  } catch {
    // As below.
  }
  return { actorName, node: value, revision, handedAt: null };
}

export class LeaseView {
  private nodeInfo = new Map<string, string>();
  private nodeLeases = new Map<string, string>();
  private leadership = new Map<string, Leadership>();
  private wished = new Map<string, string>();
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

  get wishes(): ReadonlyMap<string, string> {
    return this.wished;
  }

  /** The latest revision that the view has heard of. */
  get revision(): number {
    return this.latestRevision;
  }

  /** The lease that a node is alive by. */
  leaseOf(node: string): string | undefined {
    return this.nodeLeases.get(node);
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  put({ key, value, lease, revision }: KeyRow): void {
    this.take(key, { value, lease, revision });
  }

  remove(key: string, revision: number): void {
    this.take(key, { value: null, lease: "", revision });
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
    this.nodeLeases = new Map();
    this.leadership = new Map();
    this.wished = new Map();
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

  private set(key: string, { value, lease, revision }: Change): void {
    this.latestRevision = Math.max(this.latestRevision, revision);
    const [kind, name] = this.split(key);
    if (kind === "nodes") {
      setOrDelete(this.nodeInfo, name, value);
      setOrDelete(this.nodeLeases, name, value === null ? null : lease);
    } else if (kind === "leaders") {
      const leadership = value === null ? null : leadershipOf(name, { value, revision });
      setOrDelete(this.leadership, name, leadership);
    } else if (kind === "wishes") {
      setOrDelete(this.wished, name, value);
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

function setOrDelete<T>(map: Map<string, T>, name: string, value: T | null): void {
  if (value === null) map.delete(name);
  else map.set(name, value);
}
