/**
 * The commits of a process. Those that are asked for together go together: so they cost one round trip and one flush, whoever
 * they are of, and what they bring is told in one turn of the event loop too. Who makes a transaction of them is another's matter,
 * so that the simulator attacks what is decided here.
 */
import { assert } from "../../../actors/kernel/assert.js";

/**
 * More commits than this, or more than these bytes of them, are several transactions: whoever has little to commit is not to wait for
 * all who have much, and the answer has its time limit. A batch of some 500 orders goes by itself.
 */
export const COMMITS_TOGETHER_MAX = 32;
export const COMMITS_TOGETHER_BYTES_MAX = 256 * 1024;

/** What the server says of one of the commits. */
export interface CommitAnswer {
  /** Postgres's clock (µs). */
  readonly now: number;
  /** How many rows the fence let through: 1, or 0. */
  readonly fence: number;
}

/** `S` is what a transaction is made of. */
export interface Commit<S> {
  readonly actor: number;
  readonly statement: S;
  readonly bytes: number;
}

export interface Transactions<S> {
  /**
   * Makes one transaction, in the order of the statements, and gives an answer to each. Rejects with a `CommitRefused` where the server has
   * refused one of them, and with anything else where nobody knows. `isPatient`: it waits for a row that somebody else
   * holds as long as anybody does.
   */
  make(statements: readonly S[], isPatient: boolean): Promise<readonly CommitAnswer[]>;
}

/** The server has refused one commit of a transaction, and so stored none. */
export class CommitRefused extends Error {
  override readonly name = "CommitRefused";
  /** Which one, by its place. */
  readonly at: number;
  /** Somebody else had its row for longer than it was to be waited for. */
  readonly isRowHeld: boolean;
  override readonly cause: unknown;

  constructor(at: number, cause: unknown, isRowHeld: boolean) {
    super((cause as Error).message);
    this.at = at;
    this.cause = cause;
    this.isRowHeld = isRowHeld;
  }
}

interface Asked<S> extends Commit<S> {
  readonly resolve: (answer: CommitAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class Commits<S> {
  private readonly transactions: Transactions<S>;
  private gathered: Asked<S>[] = [];
  /** Actors of whose last commit the outcome was not known: should it be one that always fails so, it fails alone. */
  private readonly doubtful = new Set<number>();

  constructor(transactions: Transactions<S>) {
    this.transactions = transactions;
  }

  /** Rejects with what the server or its connection says of this one commit. */
  make({ actor, statement, bytes }: Commit<S>): Promise<CommitAnswer> {
    return new Promise((resolve, reject) => {
      if (this.gathered.length === 0) queueMicrotask(() => this.sendGathered());
      this.gathered.push({ actor, statement, bytes, resolve, reject });
    });
  }

  /** In the order of the actors: two nodes that commit for the same ones do not wait for each other in a circle. */
  private sendGathered(): void {
    const gathered = this.gathered.sort((a, b) => a.actor - b.actor);
    this.gathered = [];
    let group: Asked<S>[] = [];
    let bytes = 0;
    for (const asked of gathered) {
      if (this.doubtful.has(asked.actor)) {
        void this.send([asked]);
        continue;
      }
      const isFull =
        group.length === COMMITS_TOGETHER_MAX || bytes + asked.bytes > COMMITS_TOGETHER_BYTES_MAX;
      if (isFull && group.length > 0) {
        void this.send(group);
        group = [];
        bytes = 0;
      }
      group.push(asked);
      bytes += asked.bytes;
    }
    if (group.length > 0) void this.send(group);
  }

  private async send(group: readonly Asked<S>[], isPatient = false): Promise<void> {
    const statements = group.map(({ statement }) => statement);
    try {
      this.stored(group, await this.transactions.make(statements, isPatient));
    } catch (error) {
      this.failed(group, error, isPatient);
    }
  }

  private stored(group: readonly Asked<S>[], answers: readonly CommitAnswer[]): void {
    assert(answers.length === group.length, "each commit has its answer");
    for (const [at, { actor, resolve }] of group.entries()) {
      this.doubtful.delete(actor);
      resolve(answers[at]!);
    }
  }

  /** Where the server has refused one of them nothing is stored, and only that one is to suffer for it. */
  private failed(group: readonly Asked<S>[], error: unknown, wasPatient: boolean): void {
    const refused = error instanceof CommitRefused ? group[error.at] : undefined;
    if (!refused) {
      for (const { actor, reject } of group) {
        this.doubtful.add(actor);
        reject(error);
      }
      return;
    }
    const { isRowHeld, cause } = error as CommitRefused;
    if (isRowHeld && !wasPatient) void this.send([refused], true);
    else refused.reject(cause);
    const others = group.filter((asked) => asked !== refused);
    if (others.length > 0) void this.send(others);
  }
}
