/**
 * The plain ways to change balances in a database, to compare with: each makes the same journal (gapless by account, each
 * key once) and is as durable. `ledger-rivals.ts` runs them.
 */
import type pg from "pg";
import type { Change } from "./ledger-changes.js";

/** In a schema of their own. The journal's `sequence` is the account's version after the change. */
export const TABLES = `
  DROP SCHEMA IF EXISTS rivals CASCADE;
  CREATE SCHEMA rivals;
  CREATE TABLE rivals.accounts (
    account bigint PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 70);
  CREATE TABLE rivals.journal (
    account bigint NOT NULL,
    sequence bigint NOT NULL,
    key text NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (account, sequence),
    UNIQUE (account, key)
  );
  CREATE TABLE rivals.queue (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL,
    key text NOT NULL,
    amount bigint NOT NULL,
    UNIQUE (account, key)
  );`;

/** Changes that a worker takes from the queue at a time. */
const TAKEN_ROWS = 500;
const SERIALIZATION_FAILURE = "40001";
const LOCK_NOT_AVAILABLE = "55P03";

/** What stood in a client's way. */
export interface Tally {
  /** Somebody else had the row, or had changed it. */
  conflicts: number;
  /** How often a change was begun again. */
  retries: number;
}

export interface Strategy {
  readonly name: string;
  /** Resolves when the client has its answer: true, when the change is made; false, when the queue has it durably. */
  change(client: pg.Client, change: Change, tally: Tally): Promise<boolean>;
  /** Does some of what is queued; gives the keys that are done now. */
  work?(client: pg.Client): Promise<readonly string[]>;
  /** Is a queued change answered when it is queued, and not when it is made? */
  readonly answersEarly?: boolean;
}

const ADD = {
  name: "rivals-add",
  text: `UPDATE rivals.accounts SET balance = balance + $2, version = version + 1
    WHERE account = $1 RETURNING version`,
};
const RECORD = {
  name: "rivals-record",
  text: "INSERT INTO rivals.journal (account, sequence, key, amount) VALUES ($1, $2, $3, $4)",
};
const READ = {
  name: "rivals-read",
  text: "SELECT version FROM rivals.accounts WHERE account = $1",
};
const ADD_IF_UNCHANGED = {
  name: "rivals-add-if-unchanged",
  text: `WITH changed AS (
      UPDATE rivals.accounts SET balance = balance + $4, version = version + 1
      WHERE account = $1 AND version = $2 RETURNING version)
    INSERT INTO rivals.journal (account, sequence, key, amount) SELECT $1, version, $3, $4 FROM changed`,
};
const LOCK_BY_NUMBER = { name: "rivals-advisory", text: "SELECT pg_advisory_xact_lock($1)" };
const LOCK_AT_ONCE = {
  name: "rivals-lock",
  text: "SELECT 1 FROM rivals.accounts WHERE account = $1 FOR UPDATE NOWAIT",
};
const ENQUEUE = {
  name: "rivals-enqueue",
  text: `INSERT INTO rivals.queue (account, key, amount) SELECT $1, $2, $3
    WHERE NOT EXISTS (SELECT FROM rivals.journal WHERE account = $1 AND key = $2)`,
};
const TAKE = `DELETE FROM rivals.queue WHERE id IN (
    SELECT id FROM rivals.queue ORDER BY id LIMIT ${TAKEN_ROWS} FOR UPDATE SKIP LOCKED)
  RETURNING id, account, key, amount`;
/** All that was queued for an account becomes one change of its row. */
const FOLD = {
  name: "rivals-fold",
  text: `WITH taken AS (${TAKE}),
    sums AS (SELECT account, sum(amount) AS amount, count(*) AS changes FROM taken GROUP BY account),
    changed AS (
      UPDATE rivals.accounts SET balance = balance + sums.amount, version = version + sums.changes
      FROM sums WHERE accounts.account = sums.account
      RETURNING accounts.account, version - sums.changes AS before)
    INSERT INTO rivals.journal (account, sequence, key, amount)
    SELECT account, before + row_number() OVER (PARTITION BY account ORDER BY id), key, amount
    FROM taken JOIN changed USING (account)
    RETURNING key`,
};

async function transaction<T>(
  client: pg.Client,
  work: () => Promise<T>,
  level = "READ COMMITTED",
): Promise<T> {
  await client.query(`BEGIN ISOLATION LEVEL ${level}`);
  try {
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

function stateOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

async function add(client: pg.Client, { account, amount, key }: Change): Promise<void> {
  const { rows } = await client.query<{ version: number }>({ ...ADD, values: [account, amount] });
  await client.query({ ...RECORD, values: [account, rows[0]!.version, key, amount] });
}

async function enqueue(client: pg.Client, { account, amount, key }: Change): Promise<boolean> {
  await client.query({ ...ENQUEUE, values: [account, key, amount] });
  return false;
}

/** One after the other, as a queue's worker does it. */
function workRowByRow(client: pg.Client): Promise<readonly string[]> {
  return transaction(client, async () => {
    const { rows } = await client.query<Change>(TAKE);
    for (const change of rows) await add(client, change);
    return rows.map(({ key }) => key);
  });
}

const serializable: Strategy = {
  name: "transaction with retry",
  async change(client, change, tally) {
    for (;;) {
      try {
        await transaction(client, () => add(client, change), "SERIALIZABLE");
        return true;
      } catch (error) {
        if (stateOf(error) !== SERIALIZATION_FAILURE) throw error;
        tally.conflicts += 1;
        tally.retries += 1;
      }
    }
  },
};

const optimistic: Strategy = {
  name: "optimistic versions",
  async change(client, { account, amount, key }, tally) {
    for (;;) {
      const { rows } = await client.query<{ version: number }>({ ...READ, values: [account] });
      const values = [account, rows[0]!.version, key, amount];
      if ((await client.query({ ...ADD_IF_UNCHANGED, values })).rowCount === 1) return true;
      tally.conflicts += 1;
      tally.retries += 1;
    }
  },
};

const advisory: Strategy = {
  name: "advisory lock per account",
  async change(client, change) {
    await transaction(client, async () => {
      await client.query({ ...LOCK_BY_NUMBER, values: [change.account] });
      await add(client, change);
    });
    return true;
  },
};

const queued: Strategy = {
  name: "queue and a worker",
  change: enqueue,
  work: workRowByRow,
};

const eventual: Strategy = {
  name: "events applied eventually",
  change: enqueue,
  work: async (client) => (await client.query<{ key: string }>(FOLD)).rows.map(({ key }) => key),
  answersEarly: true,
};

const fallback: Strategy = {
  name: "fast path, queue as fallback",
  async change(client, change, tally) {
    try {
      await transaction(client, async () => {
        await client.query({ ...LOCK_AT_ONCE, values: [change.account] });
        await add(client, change);
      });
      return true;
    } catch (error) {
      if (stateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      tally.conflicts += 1;
      return enqueue(client, change);
    }
  },
  work: workRowByRow,
};

export const STRATEGIES: readonly Strategy[] = [
  serializable,
  optimistic,
  queued,
  advisory,
  eventual,
  fallback,
];
