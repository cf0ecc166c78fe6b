/** A database that was set back, on a real PostgreSQL: who led before commits nothing, and who leads next begins anew. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { audit } from "../../services/audit/audit.js";
import { reincarnate } from "../../services/migrate/reincarnate.js";
import { FencedError } from "../../services/ports/store.js";
import { Committer, holderOf, SYMBOL, tradeABit, Venue } from "./actors.js";
import { TestDatabases } from "./postgres.js";

const SHARD = 1;
let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

it("voids what was claimed before and ends all inboxes, and not while somebody is connected", async () => {
  const database = await databases.make();
  const { incarnation: life } = holderOf("node-1");
  const before = new PostgresStore(database.url, life);
  const market = await database.addMarket(marketName(SYMBOL));
  await database.query("INSERT INTO assets (name, decimals) VALUES ('TSMC', 0), ('TWD', 2)");
  await database.query("INSERT INTO instruments VALUES ($1, $2, 1, 2, 2, 0, 1, 1, 1, 100)", [
    market,
    SYMBOL,
  ]);
  await tradeABit(await Venue.open(before, market));
  const led = await Committer.claim(before, SHARD);
  await led.commit();

  await database.close();
  await expect(reincarnate(database.url)).rejects.toThrow(
    `EXCHANGE_RUNS: connected to this database are palisade:${life}; stop all nodes`,
  );
  await expect(led.commit()).resolves.toBeDefined();
  await before.close();

  expect(await reincarnate(database.url)).toEqual({ incarnation: 2, actors: 3 });
  const store = new PostgresStore(database.url, life);
  try {
    // It holds the highest token that there is, and the batch before is its own.
    const zombie = new Committer(store, led.record, led.actor);
    await expect(zombie.commit()).rejects.toThrow(FencedError);
    const next = await Committer.claim(store, SHARD);
    const { batch, position, token } = led.record;
    const begun = { incarnation: 2, batch, position, streamCreated: "" };
    expect(next.record).toMatchObject({ ...begun, token: token + 1 });
    await next.commit();
  } finally {
    await store.close();
  }
  expect(await audit(database.url)).toMatchObject({ ok: true, firstViolation: null });
  expect(await reincarnate(database.url)).toEqual({ incarnation: 3, actors: 3 });
});
