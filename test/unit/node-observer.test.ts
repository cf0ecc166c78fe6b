/** A node's counters of what its actors have done: each order counts once, whoever leads and whenever it is asked for. */
import { beforeEach, expect, it } from "vitest";
import { registry } from "../../services/common/metrics.js";
import { MetricsObserver } from "../../services/node/observer.js";
import { Teller } from "../helpers/ledger.js";

const PROCESSED = "exchange_orders_processed_total";
const AWAY = "exchange_server_away";
const NAME = "ledger.1";
const BATCH = { commands: 1, commitMs: 1 };

let observer: MetricsObserver;
let isEtcdAway = false;

beforeEach(() => {
  // Its own alone: other tests share the registry, and a counter's series of labels would be gone.
  for (const name of [PROCESSED, AWAY]) registry.getSingleMetric(name)!.reset();
  isEtcdAway = false;
  observer = new MetricsObserver();
});

function scrape(): void {
  const nothing = () => ({});
  const away = () => ({ nats: false, etcd: isEtcdAway, postgres: false });
  observer.measure({ states: nothing, backlogs: nothing, standbys: nothing, away });
}

async function processed(): Promise<number> {
  const metric = await registry.getSingleMetric(PROCESSED)!.get();
  return metric.values.reduce((sum, { value }) => sum + value, 0);
}

it("counts what is committed when it is asked for, once", async () => {
  const teller = new Teller({ quote: 1_000_000 });
  for (const clientOrderId of ["a", "b", "c"]) {
    teller.placed({ clientOrderId });
    observer.committed(NAME, teller.shard, BATCH);
  }
  scrape();
  scrape();
  expect(await processed()).toBe(3);
});

it("counts no order again that an actor commits while it is given away", async () => {
  const teller = new Teller({ quote: 1_000_000 });
  teller.placed({ clientOrderId: "a" });
  observer.committed(NAME, teller.shard, BATCH);
  scrape();
  observer.became(NAME, "draining", "for node-2");
  teller.placed({ clientOrderId: "b" });
  observer.committed(NAME, teller.shard, BATCH);
  observer.became(NAME, "released", "for node-2");
  scrape();
  expect(await processed()).toBe(2);
});

it("says of each server from the start on whether it is away", async () => {
  const away = async () => {
    const { values } = await registry.getSingleMetric(AWAY)!.get();
    return values.map(({ labels, value }) => [labels["server"], value]);
  };
  const allThere = [
    ["nats", 0],
    ["etcd", 0],
    ["postgres", 0],
  ];
  expect(await away()).toEqual(allThere);
  isEtcdAway = true;
  scrape();
  expect(await away()).toEqual([
    ["nats", 0],
    ["etcd", 1],
    ["postgres", 0],
  ]);
  isEtcdAway = false;
  scrape();
  expect(await away()).toEqual(allThere);
});
