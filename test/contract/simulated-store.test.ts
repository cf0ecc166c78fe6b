/** The simulator's Postgres is held to the contracts of the real one. */
import { afterAll, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { SimReads } from "../../chaos/simulator/adapters/sim-reads.js";
import { SimStore } from "../../chaos/simulator/adapters/sim-store.js";
import { SimPostgres } from "../../chaos/simulator/servers/postgres.js";
import { LiveScheduler } from "../../chaos/simulator/world/live-scheduler.js";
import { World } from "../../chaos/simulator/world/world.js";
import { PARTS } from "../../services/adapters/postgres/tables.js";
import type { Row } from "../../services/ports/store.js";
import { SHARDS, SYMBOL } from "./actors.js";
import { describeClientOrderIds } from "./client-order-ids-contract.js";
import { describeAccountReads } from "./reads-accounts-contract.js";
import { describeStandingReads } from "./reads-standing-contract.js";
import { DEFINITION, type ReadsBench } from "./reads-bench.js";
import { describeMarketReads } from "./reads-markets-contract.js";
import type { StoreBench } from "./store-bench.js";
import { describeClaims } from "./store-claims-contract.js";
import { describeCommits } from "./store-commit-contract.js";
import { describeCommitsTogether } from "./store-together-contract.js";
import { describeRecovery } from "./store-recovery-contract.js";

const schedulers: LiveScheduler[] = [];
let seeds = 0;

afterAll(() => {
  for (const scheduler of schedulers) scheduler.stop();
});

function liveWorld(): World {
  const scheduler = new LiveScheduler();
  schedulers.push(scheduler);
  seeds += 1;
  return new World(seeds, { scheduler });
}

/** Every row of every table, as Postgres would give it: bytes as buffers, array literals as arrays. */
function contentsOf(postgres: SimPostgres): Record<string, readonly Row[]> {
  const names = ["actors", "exchange", ...postgres.tables.names];
  return Object.fromEntries(names.map((name) => [name, postgres.rows(name).map(asStored)]));
}

const ARRAYS = Object.values(PARTS)
  .flat()
  .flatMap(({ casts }) => Object.keys(casts ?? {}));

function asStored(row: Row): Row {
  const stored = Object.entries(row).map(([name, value]) =>
    ARRAYS.includes(name) ? [name, JSON.parse(`[${String(value).slice(1, -1)}]`)] : [name, value],
  );
  return Object.fromEntries(stored) as Row;
}

async function openStores(): Promise<StoreBench> {
  const world = liveWorld();
  const postgres = new SimPostgres(world, { ledgerShards: SHARDS });
  return {
    store: new SimStore(world.start("node-1"), postgres),
    rival: new SimStore(world.start("node-2"), postgres),
    addMarket: async (name) => postgres.addMarket(name),
    contents: async () => contentsOf(postgres),
    reincarnate: async () => postgres.reincarnate(),
    close: async () => undefined,
  };
}

async function openReads(): Promise<ReadsBench> {
  const world = liveWorld();
  const postgres = new SimPostgres(world, { ledgerShards: SHARDS });
  return {
    reads: new SimReads(world.start("gateway-1"), postgres),
    rival: new SimReads(world.start("gateway-2"), postgres),
    store: new SimStore(world.start("node-1"), postgres),
    contents: async () => contentsOf(postgres),
    close: async () => undefined,
  };
}

describeCommits("the simulator's Postgres", openStores);
describeCommitsTogether("the simulator's Postgres", openStores);
describeClaims("the simulator's Postgres", openStores);
describeClientOrderIds("the simulator's Postgres", openStores);
describeRecovery("the simulator's Postgres", openStores);
describeAccountReads("the simulator's Postgres", openReads);
describeStandingReads("the simulator's Postgres", openReads);
describeMarketReads("the simulator's Postgres", openReads);

it("gives a new market the exchange's incarnation", async () => {
  const world = liveWorld();
  const postgres = new SimPostgres(world, { ledgerShards: SHARDS });
  postgres.reincarnate();
  const { id } = await new SimReads(world.start("gateway-1"), postgres).createInstrument(
    DEFINITION,
  );
  expect(postgres.rows("actors").find(({ actor }) => actor === id)).toMatchObject({
    name: marketName(SYMBOL),
    incarnation: 2,
  });
});
