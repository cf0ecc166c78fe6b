import { afterAll, beforeAll, expect, it } from "vitest";
import { openPool, withConnection } from "../../services/adapters/postgres/connections.js";
import { type Columns, copyRows } from "../../services/adapters/postgres/copy.js";
import { startTestPostgres, type TestServer } from "../helpers/servers.js";

const ROWS = 4_000;
/** As wide as an order. */
const NAMES = Array.from({ length: 40 }, (_, at) => `n${at}`);
const COLUMNS: Columns = Object.fromEntries(NAMES.map((name) => [name, "integer"]));
const QUERY = `SELECT ${NAMES.map((name) => `n AS ${name}`).join(", ")} FROM generate_series(1, ${ROWS}) n`;
const BUSY_MS_PER_ROW = 0.1;
/** A page whose time is over, and what the socket had given by then. */
const ROWS_PER_TURN_MAX = 800;

let postgres: TestServer;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres?.stop());

it("gives the event loop back while many rows come, however long it takes to take them in", async () => {
  const pool = openPool(postgres.url, "copy", 1);
  const taken: number[] = [];
  let longest = 0;
  let atLastTurn = 0;
  let isOver = false;
  const watch = () => {
    longest = Math.max(longest, taken.length - atLastTurn);
    atLastTurn = taken.length;
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);
  try {
    await withConnection(pool, (client) =>
      copyRows(client, QUERY, COLUMNS, (rows) => {
        const until = performance.now() + rows.length * BUSY_MS_PER_ROW;
        while (performance.now() < until);
        taken.push(...rows.map(({ n0 }) => Number(n0)));
      }),
    );
  } finally {
    isOver = true;
    await pool.end();
  }
  expect(taken).toEqual(Array.from({ length: ROWS }, (_, at) => at + 1));
  expect(longest).toBeLessThanOrEqual(ROWS_PER_TURN_MAX);
});
