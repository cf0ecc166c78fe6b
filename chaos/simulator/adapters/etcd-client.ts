/**
 * What the lease store uses of the etcd client, on the etcd of a run: so the production code of leases, with its
 * deadlines, its rejoining and its watch, runs as it is.
 */
import { type Etcd3, EtcdLeaseInvalidError } from "etcd3";
import { type KeyChange, NO_LEASE, type SimEtcd, type StoredKey } from "../servers/etcd.js";
import type { SimProcess } from "../world/process.js";
import { Caller } from "./caller.js";

/** Longer than the lease store waits for any answer: it gives up by itself. */
const CALL_TIMEOUT_MS = 5_000;

export interface Compare {
  readonly key: Uint8Array;
  readonly target: "Create" | "Lease" | "Mod";
  readonly result: "Equal" | "NotEqual";
  readonly create_revision?: number;
  readonly mod_revision?: number;
  readonly lease?: string;
}

interface Request {
  readonly request_put?: { key: Uint8Array; value: Uint8Array; lease: string };
  readonly request_range?: { key: Uint8Array };
  readonly request_delete_range?: { key: Uint8Array };
  readonly request_txn?: Transaction;
}

export interface Transaction {
  readonly compare: readonly Compare[];
  readonly success?: readonly Request[];
  readonly failure?: readonly Request[];
}

interface TransactionAnswer {
  readonly succeeded: boolean;
  readonly header: { readonly revision: string };
  readonly responses: readonly object[];
}

export class SimEtcdClient {
  private readonly process: SimProcess;
  private readonly etcd: SimEtcd;
  private readonly caller: Caller;
  private readonly watchers = new Set<SimWatcher>();

  constructor(process: SimProcess, etcd: SimEtcd) {
    this.process = process;
    this.etcd = etcd;
    this.caller = new Caller(process, etcd, true);
    const disconnect = etcd.connect({ broken: () => this.breakWatchers() });
    process.onEnd(() => {
      disconnect();
      for (const watcher of this.watchers) watcher.end();
    });
  }

  /** As the production code knows it. */
  asEtcd3(): Etcd3 {
    return this as unknown as Etcd3;
  }

  readonly kv = {
    txn: (transaction: Transaction): Promise<TransactionAnswer> =>
      this.call("transaction", () => transact(this.etcd, transaction)),
  };

  get(key: string) {
    return { exec: () => this.range("get", () => [this.etcd.get(key)]) };
  }

  getAll() {
    return {
      prefix: (prefix: string) => ({
        exec: () => this.range("list", () => this.etcd.all(prefix)),
      }),
    };
  }

  lease(ttlSeconds: number) {
    const { etcd } = this;
    let id = NO_LEASE;
    return {
      on: () => undefined,
      grant: async (): Promise<string> => {
        id = await this.call("grant", () => etcd.grant(ttlSeconds));
        return id;
      },
      keepaliveOnce: () =>
        this.call("keepalive", () => {
          if (!etcd.keepAlive(id)) throw new EtcdLeaseInvalidError(id);
        }),
      revoke: () => this.call("revoke", () => etcd.revoke(id)),
    };
  }

  watch() {
    return {
      prefix: (prefix: string) => ({
        startRevision: (from: string) => ({
          watcher: () => {
            const watcher = new SimWatcher(this.process, this.etcd, prefix, Number(from));
            this.watchers.add(watcher);
            watcher.start(this.caller);
            return watcher;
          },
        }),
      }),
    };
  }

  close(): void {
    for (const watcher of this.watchers) watcher.end();
  }

  private breakWatchers(): void {
    for (const watcher of this.watchers) watcher.break();
    this.watchers.clear();
  }

  private range(what: string, find: () => (StoredKey | undefined)[]) {
    return this.call(what, () => ({
      kvs: find().flatMap((found) => (found ? [asKeyValue(found)] : [])),
      header: { revision: String(this.etcd.currentRevision) },
    }));
  }

  private call<T>(what: string, work: () => T): Promise<T> {
    const silent = (why: string) => new Error(`etcd: ${why}`);
    return this.caller.call({ what, timeoutMs: CALL_TIMEOUT_MS, silent }, work);
  }
}

type Heard = "put" | "delete" | "connected" | "disconnected" | "error";

/** A watch, which ends with its connection: who wants another asks for it. */
export class SimWatcher {
  private readonly process: SimProcess;
  private readonly etcd: SimEtcd;
  private readonly prefix: string;
  private readonly from: number;
  private readonly channel;
  private readonly handlers = new Map<Heard, ((data: never) => void)[]>();
  private unwatch: () => void = () => undefined;
  private isOver = false;

  constructor(process: SimProcess, etcd: SimEtcd, prefix: string, from: number) {
    this.process = process;
    this.etcd = etcd;
    this.prefix = prefix;
    this.from = from;
    this.channel = process.world.network.channel(etcd.name, process.name, true);
    this.channel.onBroken = () => this.break();
  }

  start(caller: Caller): void {
    const silent = (why: string) => new Error(`etcd: ${why}`);
    const asking = caller.call({ what: "watch", timeoutMs: CALL_TIMEOUT_MS, silent }, () => {
      const { currentRevision } = this.etcd;
      if (!this.isOver) this.unwatch = this.etcd.watch({ ...this.place(), hear: this.hear });
      return currentRevision;
    });
    asking.then(
      (revision) => this.emit("connected", { header: { revision: String(revision) } }),
      (error: unknown) => this.emit("disconnected", error),
    );
  }

  on(what: Heard, handler: (data: never) => void): this {
    this.handlers.set(what, [...(this.handlers.get(what) ?? []), handler]);
    return this;
  }

  removeAllListeners(what: Heard): this {
    this.handlers.delete(what);
    return this;
  }

  async cancel(): Promise<void> {
    this.end();
  }

  end(): void {
    this.isOver = true;
    this.unwatch();
  }

  /** The client notices that its connection is gone. */
  break(): void {
    if (this.isOver) return;
    this.unwatch();
    const notice = () => this.emit("disconnected", new Error("the connection broke"));
    this.channel.send(() => this.process.deliver(notice));
  }

  private place() {
    return { prefix: this.prefix, from: this.from };
  }

  private readonly hear = ({ key, revision, now }: KeyChange): void => {
    const gone = { key, value: "", lease: NO_LEASE, createRevision: 0, modRevision: revision };
    const row = asKeyValue(now ?? gone);
    this.channel.send(() => this.process.deliver(() => this.emit(now ? "put" : "delete", row)));
  };

  private emit(what: Heard, data: unknown): void {
    if (this.isOver) return;
    for (const handler of this.handlers.get(what) ?? []) handler(data as never);
  }
}

function asKeyValue({ key, value, lease, createRevision, modRevision }: StoredKey) {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    lease,
    create_revision: String(createRevision),
    mod_revision: String(modRevision),
  };
}

/** One transaction has one revision, if it changes anything. */
function transact(etcd: SimEtcd, transaction: Transaction): TransactionAnswer {
  expectLeases(etcd, transaction);
  let revision = 0;
  const change = () => (revision ||= etcd.nextRevision());
  const run = ({ compare, success, failure }: Transaction): Omit<TransactionAnswer, "header"> => {
    const succeeded = compare.every((each) => holds(etcd, each));
    const requests = (succeeded ? success : failure) ?? [];
    return { succeeded, responses: requests.map((request) => answer(request)) };
  };
  const answer = (request: Request): object => {
    const { request_put, request_range, request_delete_range, request_txn } = request;
    if (request_put) {
      const { key, value, lease } = request_put;
      etcd.put(textOf(key), textOf(value), lease, change());
    } else if (request_delete_range) {
      const key = textOf(request_delete_range.key);
      if (etcd.get(key)) etcd.remove(key, change(), "released");
    } else if (request_range) {
      const found = etcd.get(textOf(request_range.key));
      return { response_range: { kvs: found ? [asKeyValue(found)] : [] } };
    } else if (request_txn) {
      return { response_txn: run(request_txn) };
    }
    return {};
  };
  const done = run(transaction);
  return { ...done, header: { revision: String(revision || etcd.currentRevision) } };
}

/** Nothing can be put under a lease that is not there. */
function expectLeases(etcd: SimEtcd, { success, failure }: Transaction): void {
  for (const { request_put, request_txn } of [...(success ?? []), ...(failure ?? [])]) {
    if (request_txn) expectLeases(etcd, request_txn);
    const lease = request_put?.lease ?? NO_LEASE;
    if (lease !== NO_LEASE && !etcd.hasLease(lease)) throw new EtcdLeaseInvalidError(lease);
  }
}

function holds(etcd: SimEtcd, compare: Compare): boolean {
  const found = etcd.get(textOf(compare.key));
  let isEqual = false;
  if (compare.target === "Create") {
    isEqual = (found?.createRevision ?? 0) === compare.create_revision;
  } else if (compare.target === "Mod") {
    isEqual = (found?.modRevision ?? 0) === compare.mod_revision;
  } else {
    // A key that is not there is under no lease, and etcd compares it as such.
    isEqual = (found?.lease ?? NO_LEASE) === compare.lease;
  }
  return isEqual === (compare.result === "Equal");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
