/** The keys in etcd, and the few calls on them that are needed: each is one round trip, with a deadline of its own. */
import type { Etcd3, ICompare, IKeyValue, IRequestOp } from "etcd3";
import type { Clock } from "../../ports/clock.js";
import { within } from "./within.js";

/** What a node waits for an answer: it leads on meanwhile, and asks again. */
export const CALL_MS_MAX = 1_000;
/** The lease of a key that is under none. */
export const NO_LEASE = "0";

export interface KeyRow {
  readonly key: string;
  readonly value: string;
  /** The lease it is under; `NO_LEASE`: under none. */
  readonly lease: string;
  /** The revision that put it there. */
  readonly revision: number;
}

/** What became of a key: put there by this call, or as it was before. Null: it is not there. */
export interface PutResult {
  readonly won: boolean;
  readonly row: KeyRow | null;
}

export function keyRow({ key, value, lease, mod_revision }: IKeyValue): KeyRow {
  return {
    key: key.toString(),
    value: value.toString(),
    lease,
    revision: Number(mod_revision),
  };
}

export const isAbsent = (key: string): ICompare => ({
  key: Buffer.from(key),
  target: "Create",
  result: "Equal",
  create_revision: 0,
});

export const isUnder = (key: string, lease: string): ICompare => ({
  key: Buffer.from(key),
  target: "Lease",
  result: "Equal",
  lease,
});

export const isNotUnder = (key: string, lease: string): ICompare => ({
  ...isUnder(key, lease),
  result: "NotEqual",
});

export const isOfRevision = (key: string, revision: number): ICompare => ({
  key: Buffer.from(key),
  target: "Mod",
  result: "Equal",
  mod_revision: revision,
});

const put = ({ key, value, lease }: Omit<KeyRow, "revision">): IRequestOp => ({
  request_put: { key: Buffer.from(key), value: Buffer.from(value), lease },
});

const get = (key: string): IRequestOp => ({ request_range: { key: Buffer.from(key) } });

export class LeaseKeys {
  private readonly client: Etcd3;
  private readonly clock: Clock;
  private readonly callMsMax: number;
  /** When the first question was asked since the last answer that came in time; null: none was asked since. */
  private waitingSinceMs: number | null = null;

  constructor(client: Etcd3, clock: Clock, callMsMax: number) {
    this.client = client;
    this.clock = clock;
    this.callMsMax = callMsMax;
  }

  async all(prefix: string): Promise<{ readonly rows: KeyRow[]; readonly revision: number }> {
    const found = await this.answerTo(this.client.getAll().prefix(prefix).exec());
    return { rows: found.kvs.map(keyRow), revision: Number(found.header.revision) };
  }

  async get(key: string): Promise<KeyRow | null> {
    const found = await this.answerTo(this.client.get(key).exec());
    return found.kvs[0] ? keyRow(found.kvs[0]) : null;
  }

  /** Puts a key that is absent, or of which all of something else holds; otherwise gives what there is. */
  async putIfAbsentOr(
    row: Omit<KeyRow, "revision">,
    holds: readonly ICompare[],
  ): Promise<PutResult> {
    const orElse = { compare: [...holds], success: [put(row)], failure: [get(row.key)] };
    const done = await this.answerTo(
      this.client.kv.txn({
        compare: [isAbsent(row.key)],
        success: [put(row)],
        failure: [{ request_txn: orElse }],
      }),
    );
    const inner = done.responses[0]!.response_txn;
    if (done.succeeded || inner.succeeded) {
      return { won: true, row: { ...row, revision: Number(done.header.revision) } };
    }
    const [there] = inner.responses[0]!.response_range.kvs;
    return { won: false, row: there ? keyRow(there) : null };
  }

  /** Puts a key if all of something holds; null when it does not. */
  async putIf(row: Omit<KeyRow, "revision">, holds: readonly ICompare[]): Promise<KeyRow | null> {
    const done = await this.answerTo(
      this.client.kv.txn({ compare: [...holds], success: [put(row)] }),
    );
    return done.succeeded ? { ...row, revision: Number(done.header.revision) } : null;
  }

  /** Deletes a key if all of something holds; gives the revision at which it went, or null when it does not hold. */
  async removeIf(key: string, holds: readonly ICompare[]): Promise<number | null> {
    const done = await this.answerTo(
      this.client.kv.txn({
        compare: [...holds],
        success: [{ request_delete_range: { key: Buffer.from(key) } }],
      }),
    );
    return done.succeeded ? Number(done.header.revision) : null;
  }

  /** How long ago that was, in milliseconds; 0: none was asked since. */
  get waitingForAnswerMs(): number {
    return this.waitingSinceMs === null ? 0 : this.clock.now() - this.waitingSinceMs;
  }

  /** Waits for an answer for as long as one may take. */
  answerTo<T>(work: Promise<T>): Promise<T> {
    this.waitingSinceMs ??= this.clock.now();
    const answer = within(this.clock, this.callMsMax, work);
    const answered = () => {
      this.waitingSinceMs = null;
    };
    answer.then(answered, () => undefined);
    return answer;
  }
}
