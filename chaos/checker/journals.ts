/** What accounts' journals add up to: each is 1, 2, 3, … without a gap, and each balance is the sum of what its account's says. */
import { example } from "./client-logs.js";
import { each, type Source } from "./tables.js";

export interface JournalFaults {
  /** Rows that do not go on where the one before ended. */
  readonly journalGaps: number;
  readonly balancesUnlikeJournal: number;
}

interface Sum {
  total: bigint;
  held: bigint;
}

export async function judgeJournals(source: Source, examples: string[]): Promise<JournalFaults> {
  const last = new Map<number, number>();
  const sums = new Map<string, Sum>();
  let journalGaps = 0;
  await each(source, "journal", (row) => {
    const { account, first_sequence, last_sequence } = row;
    const before = last.get(account) ?? 0;
    if (first_sequence !== before + 1 || last_sequence < first_sequence) {
      journalGaps += 1;
      example(examples, `the journal of account ${account} has ${first_sequence} after ${before}`);
    }
    last.set(account, last_sequence);
    for (const [at, asset] of (row.assets ?? []).entries()) {
      const sum = sumOf(sums, `${account}/${asset}`);
      sum.total += BigInt(row.total_changes![at]!);
      sum.held += BigInt(row.held_changes![at]!);
    }
  });
  await each(source, "balances", ({ account, asset, total, held }) => {
    const sum = sumOf(sums, `${account}/${asset}`);
    sum.total -= BigInt(total);
    sum.held -= BigInt(held);
  });
  const wrong = [...sums].filter(([, { total, held }]) => total !== 0n || held !== 0n);
  for (const [of, { total, held }] of wrong) {
    example(
      examples,
      `account/asset ${of}: its journal comes to ${total} more, and holds ${held} more, than its balance`,
    );
  }
  return { journalGaps, balancesUnlikeJournal: wrong.length };
}

function sumOf(sums: Map<string, Sum>, key: string): Sum {
  const sum = sums.get(key) ?? { total: 0n, held: 0n };
  sums.set(key, sum);
  return sum;
}
