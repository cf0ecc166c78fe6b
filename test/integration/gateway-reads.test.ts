/** Clients that ask for more than the database can be asked at once, while it does not answer. */
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPool, query, withConnection } from "../../services/adapters/postgres/connections.js";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { QUEUES, READS_WAITING_MAX } from "../../services/common/queues.js";
import { ExchangeError } from "../../services/client/exchange-client.js";
import { TooManyReadsError } from "../../services/ports/reads.js";
import { GatewayStage } from "./gateway-stage.js";

const ACCOUNT = 51;
const TOO_MANY = 1_200;

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start(1);
});

afterAll(() => stage?.stop());

/** While nobody can read accounts. */
async function locked<T>(work: () => Promise<T>): Promise<T> {
  const client = await stage.cluster.pool.connect();
  try {
    await client.query("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE");
    return await work();
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
}

it("are refused at once where too many wait, and the others are answered", async () => {
  const gateway = await stage.startGateway();
  const all = stage.client(gateway, "all");
  await all.openAccount(ACCOUNT);
  const clients = [1, 2, 3].map(() => stage.apart(gateway, [ACCOUNT]));
  const outcomes: string[] = [];
  let asked: Promise<void>[] = [];
  await locked(async () => {
    asked = Array.from({ length: TOO_MANY }, async (_, n) => {
      try {
        const { sequence } = await clients[n % clients.length]!.balances(ACCOUNT);
        outcomes.push(sequence > 0 ? "OK" : "nothing");
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
        const { code, grpcStatus, kind, retryMs } = error;
        outcomes.push(code);
        if (code !== "DATABASE_BUSY") return;
        expect({ grpcStatus, kind }).toEqual({
          grpcStatus: status.RESOURCE_EXHAUSTED,
          kind: "not-published",
        });
        expect(retryMs).toBeGreaterThan(0);
      }
    });
    const giveUpAt = performance.now() + 3_000;
    while (outcomes.length === 0 && performance.now() < giveUpAt) {
      await new Promise((wake) => setTimeout(wake, 10));
    }
  });
  await Promise.all(asked);
  const busy = outcomes.filter((each) => each === "DATABASE_BUSY").length;
  expect(new Set(outcomes)).toEqual(new Set(["DATABASE_BUSY", "OK"]));
  expect(busy).toBeLessThanOrEqual(TOO_MANY - READS_WAITING_MAX);
  await gateway.stop();
}, 30_000);

it("a pool takes no more than may wait, by either way of asking, and goes on when there is room", async () => {
  const pool = openPool(stage.cluster.servers.urls.postgres, "bounded", 1, undefined, 2);
  const one = { name: "one", text: "SELECT 1 AS one" };
  await withConnection(pool, async () => {
    const waiting = [query(pool, one), query(pool, one)];
    await expect(query(pool, one)).rejects.toThrow(TooManyReadsError);
    await expect(pool.connect()).rejects.toThrow("2 readings wait");
    setImmediate(() => void Promise.all(waiting));
  });
  expect(await query(pool, one)).toEqual([{ one: 1 }]);
  await pool.end();
});

it("what gateways and feeds read is bounded as the table of queues says, and shown", async () => {
  expect(QUEUES["gateway-reads"].limit).toBe(READS_WAITING_MAX);
  expect(QUEUES["feed-reads"].limit).toBe(READS_WAITING_MAX);
  const reads = new PostgresReads(stage.cluster.servers.urls.postgres, "many");
  await locked(async () => {
    const asked = Array.from({ length: READS_WAITING_MAX + 10 }, () => reads.balances(ACCOUNT));
    const outcomes = Promise.allSettled(asked);
    expect(reads.waiting).toBe(READS_WAITING_MAX);
    const last = asked.at(-1)!;
    await expect(last).rejects.toThrow(TooManyReadsError);
    void outcomes;
  });
  await reads.close();
}, 30_000);
