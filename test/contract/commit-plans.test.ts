import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commitText, mayMiss } from "../../services/adapters/postgres/commit-text.js";
import { PARTS, type PartTable } from "../../services/adapters/postgres/tables.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";

const NOTHING_BESIDES = { hasConfirmed: false, releases: false, isLast: false };
const LOOKED_UP = Object.values(PARTS).flatMap((parts) => parts.filter(mayMiss));
/** Of the actor of a table that several share. */
const FEW_ROWS = 17;

describe("the plan of a commit", () => {
  let databases: TestDatabases;
  let database: TestDatabase;
  beforeAll(async () => {
    databases = await TestDatabases.start();
    database = await databases.make();
    await fill(database);
  });
  afterAll(async () => {
    await database.close();
    await databases.stop();
  });

  it.each(LOOKED_UP.map((part) => [part.part, part] as const))(
    "of the part %s looks each row up by its whole key, though there were few when it was made",
    async (_, part) => {
      const plan = await planOf(database, part);
      expect(plan).toContain("Index Cond");
      for (const column of part.key) expect(conditionsOf(plan)).toContain(`${column} = `);
      expect(plan).not.toContain("Join Filter");
    },
  );
});

/** As many rows as a young exchange has, of two actors, and statistics of them. */
async function fill(database: TestDatabase): Promise<void> {
  const actors = `generate_series(1, 2) AS actor, generate_series(1, ${FEW_ROWS}) AS n`;
  const statements = [
    `INSERT INTO book (actor, order_id, account, side, price, leaves, shown, priority) SELECT actor, n, 1, 1, 1, 1, 1, n FROM ${actors}`,
    `INSERT INTO order_terms (actor, order_id, owner, type, time_in_force, stop_price, display, expires, pair, self_trade, post_only) SELECT actor, n, 1, 1, 1, 0, 0, 0, 0, 0, 0 FROM ${actors}`,
    `INSERT INTO accounts (account, actor, opened) SELECT n * 2 + actor, actor, 0 FROM ${actors}`,
    `INSERT INTO balances (actor, account, asset, total, held) SELECT actor, n * 2 + actor, 1, 1, 0 FROM ${actors}`,
    `INSERT INTO orders (order_id, actor, account, client_order_id, instrument, side, type, time_in_force, price, quantity, filled, leaves, status,
       code, first_sequence, last_sequence, created, updated)
     SELECT n * 1024 + actor, actor, n, 'id' || n || actor, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0 FROM ${actors}`,
    "ANALYZE",
  ];
  for (const statement of statements) await database.pool.query(statement);
}

/** In a session as nodes have it. */
async function planOf(database: TestDatabase, part: PartTable): Promise<string> {
  const text = commitText([part], NOTHING_BESIDES);
  const parameters = new Set(text.match(/\$\d+/g)).size;
  const client = await database.pool.connect();
  try {
    await client.query(`PREPARE commit_of AS ${text}`);
    const nulls = Array.from({ length: parameters }, () => "NULL").join(", ");
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN EXECUTE commit_of (${nulls})`,
    );
    await client.query("DEALLOCATE commit_of");
    return partOf(rows.map((row) => row["QUERY PLAN"]).join("\n"), part.part);
  } finally {
    client.release();
  }
}

/** What the plan says of one part, without those that follow. */
function partOf(plan: string, part: string): string {
  const [, own = ""] = plan.split(`CTE part_${part}\n`);
  return own.split(/\n +(?:CTE|InitPlan) /)[0]!;
}

const conditionsOf = (plan: string): string => plan.match(/Index Cond: .*/g)?.join("\n") ?? "";
