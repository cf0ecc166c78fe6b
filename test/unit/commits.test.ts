/** Which commits go together, and what becomes of the others when one of them is refused or nobody knows. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  type CommitAnswer,
  CommitRefused,
  Commits,
  COMMITS_TOGETHER_BYTES_MAX,
  COMMITS_TOGETHER_MAX,
  type Transactions,
} from "../../services/adapters/postgres/commits.js";

const SMALL = 10;
const NOW = 1_764_000_000_000_000;
const STORED = "stored";

/** Says of each transaction what it is told to; without a word it stores. */
class ToldTransactions implements Transactions<number> {
  readonly made: { readonly actors: readonly number[]; readonly isPatient: boolean }[] = [];
  readonly outcomes: (Error | null)[] = [];

  async make(actors: readonly number[], isPatient: boolean): Promise<readonly CommitAnswer[]> {
    this.made.push({ actors, isPatient });
    await Promise.resolve();
    const outcome = this.outcomes.shift();
    if (outcome) throw outcome;
    return actors.map((actor) => ({ now: NOW + actor, fence: 1 }));
  }
}

const USED = new Error("an id is used");
const HELD = new Error("lock timeout");
const LOST = new Error("connection lost");

let transactions: ToldTransactions;
let commits: Commits<number>;

beforeEach(() => {
  transactions = new ToldTransactions();
  commits = new Commits(transactions);
});

/** Asks for all at once; what became of each, in their order. */
async function outcomesOf(actors: readonly number[], bytes = SMALL): Promise<unknown[]> {
  const asked = actors.map((actor) => commits.make({ actor, statement: actor, bytes }));
  const settled = await Promise.allSettled(asked);
  return settled.map((each, at) => {
    if (each.status === "rejected") return each.reason as Error;
    expect(each.value).toEqual({ now: NOW + actors[at]!, fence: 1 });
    return STORED;
  });
}

const made = () => transactions.made.map(({ actors }) => actors);

describe("commits", () => {
  it("are one transaction when they are asked for at once, in the order of their actors", async () => {
    expect(await outcomesOf([7, 1, 4])).toEqual([STORED, STORED, STORED]);
    expect(transactions.made).toEqual([{ actors: [1, 4, 7], isPatient: false }]);
  });

  it("are several when they are many, or when they are large", async () => {
    const many = Array.from({ length: COMMITS_TOGETHER_MAX + 1 }, (_, at) => at + 1);
    await outcomesOf(many);
    expect(made().map(({ length }) => length)).toEqual([COMMITS_TOGETHER_MAX, 1]);
    await outcomesOf([1, 2, 3], COMMITS_TOGETHER_BYTES_MAX / 2);
    expect(made().slice(2)).toEqual([[1, 2], [3]]);
    await outcomesOf([1, 2], 2 * COMMITS_TOGETHER_BYTES_MAX);
    expect(made().slice(4)).toEqual([[1], [2]]);
  });

  it("are made without one that is refused, however many there are", async () => {
    transactions.outcomes.push(
      new CommitRefused(1, USED, false),
      new CommitRefused(0, USED, false),
    );
    expect(await outcomesOf([1, 2, 3, 4])).toEqual([USED, USED, STORED, STORED]);
    expect(made()).toEqual([
      [1, 2, 3, 4],
      [1, 3, 4],
      [3, 4],
    ]);
    // It was sure that they are not there, so they go with the others again.
    await outcomesOf([1, 2, 3]);
    expect(made().at(-1)).toEqual([1, 2, 3]);
  });

  it("of a row that somebody holds wait for it alone, and once", async () => {
    transactions.outcomes.push(new CommitRefused(0, HELD, true));
    expect(await outcomesOf([1, 2])).toEqual([STORED, STORED]);
    expect(transactions.made).toEqual([
      { actors: [1, 2], isPatient: false },
      { actors: [1], isPatient: true },
      { actors: [2], isPatient: false },
    ]);
    transactions.outcomes.push(new CommitRefused(0, HELD, true), new CommitRefused(0, HELD, true));
    expect(await outcomesOf([1])).toEqual([HELD]);
    expect(transactions.made.slice(3).map(({ isPatient }) => isPatient)).toEqual([false, true]);
  });

  it("are all unknown when nobody knows, and go alone until one of theirs is stored", async () => {
    transactions.outcomes.push(LOST);
    expect(await outcomesOf([1, 2])).toEqual([LOST, LOST]);
    expect(await outcomesOf([1, 2, 3])).toEqual([STORED, STORED, STORED]);
    expect(made().slice(1)).toEqual([[1], [2], [3]]);
    await outcomesOf([1, 2, 3]);
    expect(made().slice(4)).toEqual([[1, 2, 3]]);
  });

  it("are unknown when what was waited for patiently is, and when a refusal is of none of them", async () => {
    transactions.outcomes.push(new CommitRefused(0, HELD, true), LOST);
    expect(await outcomesOf([1])).toEqual([LOST]);
    const ofNone = new CommitRefused(2, USED, false);
    transactions.outcomes.push(ofNone);
    expect(await outcomesOf([2, 3])).toEqual([ofNone, ofNone]);
    await outcomesOf([1, 2, 3]);
    expect(made().slice(3)).toEqual([[1], [2], [3]]);
  });
});
