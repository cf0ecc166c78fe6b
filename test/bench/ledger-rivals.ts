/** Runs the plain ways of `ledger-strategies.ts`: clients that each have one change under way, and the queue's worker. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { Latencies } from "../../services/participants/latencies.js";
import { randomNumbers } from "../helpers/orderflow.js";
import { Changes } from "./ledger-changes.js";
import { STRATEGIES, type Strategy, TABLES, type Tally } from "./ledger-strategies.js";

/** Each with a connection. */
const CLIENTS = 16;
const SEED = 2;
const IDLE_MS = 1;
const MS_PER_SECOND = 1_000;
const HUNDREDTHS = 100;

export interface StrategyRun extends Readonly<Tally> {
  readonly changesPerSecond: number;
  /** From the change's beginning to the client's answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface StrategyReport {
  readonly name: string;
  readonly uniform: StrategyRun;
  readonly hot: StrategyRun;
}

export interface RivalsReport {
  readonly strategies: readonly StrategyReport[];
  readonly failures: readonly string[];
}

/** Runs all, one after the other, for so many seconds on each of two sets of accounts; the hot ones are among the others. */
export async function measureRivals(
  postgresUrl: string,
  accounts: readonly number[],
  hot: readonly number[],
  seconds: number,
  log: (line: string) => void,
): Promise<RivalsReport> {
  const clients: pg.Client[] = [];
  try {
    for (let n = 0; n <= CLIENTS; n++) {
      const client = new pg.Client({ connectionString: postgresUrl });
      clients.push(client);
      await client.connect();
    }
    const [worker, ...others] = clients as [pg.Client, ...pg.Client[]];
    await worker.query(TABLES);
    await worker.query("INSERT INTO rivals.accounts (account) SELECT unnest($1::bigint[])", [
      accounts,
    ]);
    const strategies: StrategyReport[] = [];
    const failures: string[] = [];
    for (const strategy of STRATEGIES) {
      const on = async (set: string, numbers: readonly number[]) => {
        const changes = new Changes(`${strategy.name}-${set}`, numbers, randomNumbers(SEED));
        const run = await runOne(strategy, changes, worker, others, seconds);
        log(`${strategy.name}, ${set}: ${run.changesPerSecond} changes/s`);
        const wrong = await disagreement(worker);
        if (wrong) failures.push(`${strategy.name}, ${set}: ${wrong}`);
        return run;
      };
      const report = { uniform: await on("uniform", accounts), hot: await on("hot", hot) };
      strategies.push({ name: strategy.name, ...report });
    }
    await worker.query("DROP SCHEMA rivals CASCADE");
    return { strategies, failures };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** Counts what is made when the time is over; what is queued then is made too, but does not count. */
async function runOne(
  strategy: Strategy,
  changes: Changes,
  worker: pg.Client,
  clients: readonly pg.Client[],
  seconds: number,
): Promise<StrategyRun> {
  const tally: Tally = { conflicts: 0, retries: 0 };
  const latencies = new Latencies();
  const waiting = new Map<string, () => void>();
  const startedMs = performance.now();
  const endsMs = startedMs + seconds * MS_PER_SECOND;
  let made = 0;
  let clientsLeft = clients.length;
  const count = (changesMade: number) => {
    if (performance.now() <= endsMs) made += changesMade;
  };
  const trade = async (client: pg.Client) => {
    while (performance.now() < endsMs) {
      const change = changes.next();
      const beganMs = performance.now();
      // The worker may be done before the client knows that its change is queued.
      const done = new Promise<void>((wake) => waiting.set(change.key, wake));
      const isMade = await strategy.change(client, change, tally);
      if (isMade) count(1);
      else if (!strategy.answersEarly) await done;
      if (isMade) waiting.delete(change.key);
      latencies.record(performance.now() - beganMs);
    }
    clientsLeft -= 1;
  };
  const work = async () => {
    for (;;) {
      const keys = (await strategy.work?.(worker)) ?? [];
      count(keys.length);
      for (const key of keys) {
        waiting.get(key)?.();
        waiting.delete(key);
      }
      if (keys.length === 0 && clientsLeft === 0) return;
      if (keys.length === 0) await sleep(IDLE_MS);
    }
  };
  await Promise.all([work(), ...clients.map(trade)]);
  return {
    changesPerSecond: Math.round(made / seconds),
    p50Ms: hundredths(latencies.percentile(50)),
    p99Ms: hundredths(latencies.percentile(99)),
    ...tally,
  };
}

/** What the tables say against each other, or null: every balance is the sum of its journal, which has no gap. */
async function disagreement(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ account: string }>(
    `SELECT account FROM rivals.accounts LEFT JOIN (
       SELECT account, sum(amount) AS amount, count(*) AS changes, max(sequence) AS last
       FROM rivals.journal GROUP BY account) AS found USING (account)
     WHERE balance <> coalesce(amount, 0) OR version <> coalesce(changes, 0) OR version <> coalesce(last, 0)
     LIMIT 1`,
  );
  return rows[0] ? `account ${rows[0].account} is not what its journal says` : null;
}

function hundredths(value: number): number {
  return Math.round(value * HUNDREDTHS) / HUNDREDTHS;
}
