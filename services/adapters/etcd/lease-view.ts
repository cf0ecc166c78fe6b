/** Who is alive and who leads what, as last seen. It stays as it is while etcd is away. */
import type { Leadership } from "../../ports/lease-store.js";

export interface KeyRow {
  readonly key: string;
  readonly value: string;
  /** The revision that put it there. */
  readonly revision: number;
}

export class LeaseView {
  private nodeInfo = new Map<string, string>();
  private leadership = new Map<string, Leadership>();
  private readonly prefix: string;
  private readonly handlers = new Set<() => void>();
  /** The latest revision that the view contains. */
  private revision = 0;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get nodes(): ReadonlyMap<string, string> {
    return this.nodeInfo;
  }

  get leaders(): ReadonlyMap<string, Leadership> {
    return this.leadership;
  }

  onChange(handler: () => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  put(row: KeyRow): void {
    if (row.revision < this.revision) return;
    this.revision = row.revision;
    this.set(row);
    this.changed();
  }

  remove(key: string, revision: number): void {
    if (revision < this.revision) return;
    this.revision = revision;
    const [kind, name] = this.split(key);
    if (kind === "nodes") this.nodeInfo.delete(name);
    if (kind === "leaders") this.leadership.delete(name);
    this.changed();
  }

  /** Takes a whole reading. An older revision is taken too: etcd may have been restored from a backup. */
  replace(rows: readonly KeyRow[], revision: number): void {
    this.revision = revision;
    this.nodeInfo = new Map();
    this.leadership = new Map();
    for (const row of rows) this.set(row);
    this.changed();
  }

  private set({ key, value, revision }: KeyRow): void {
    const [kind, name] = this.split(key);
    if (kind === "nodes") this.nodeInfo.set(name, value);
    if (kind === "leaders") this.leadership.set(name, { actorName: name, node: value, revision });
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
