/** A standby that is told of batches while it reads the batch log. */
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { expect, it } from "vitest";
import { Links } from "../../actors/kernel/links.js";
import { Market } from "../../actors/market/market.js";
import { encodeBatchFrame } from "../../services/host/batch-frame.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { applyLogged } from "../../services/host/open-batch.js";
import { Standby } from "../../services/host/standby.js";
import type { ActorRecord, LoggedBatch, Store } from "../../services/ports/store.js";
import { ManualClock } from "../helpers/manual-clock.js";

const RECORD: ActorRecord = {
  id: 1_025,
  name: "market.X",
  kind: "market",
  incarnation: 1,
  token: 3,
  batch: 0,
  eventBatch: 0,
  anchor: 1,
  streamCreated: "now",
  position: 0,
  positionStored: "",
  time: 1_000,
  hash: 0,
  state: new Uint8Array(0),
};

/** The first batches of the market, which nobody sends anything. */
function batches(count: number): LoggedBatch[] {
  const market = Market.restore(RECORD, Links.restore([]));
  market.finishLoading();
  return Array.from({ length: count }, (_, at) => {
    const { id: actor, token } = RECORD;
    const commands = new Uint8Array(0);
    const logged = { actor, batch: at + 1, token, time: 2_000 + at, hash: 0, commands };
    applyLogged(market, logged);
    return { ...logged, hash: market.stateHash() };
  });
}

it("goes on with what it was told meanwhile, and reads nothing twice", async () => {
  const all = batches(5);
  let answer: (read: LoggedBatch[]) => void = () => undefined;
  let reads = 0;
  const store: Pick<Store, "load" | "batches"> = {
    load: (_, begin) => {
      const loaded = { record: RECORD, links: [] };
      begin(loaded);
      return Promise.resolve(loaded);
    },
    batches: () => {
      reads += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  let tell: (data: Uint8Array) => void = () => undefined;
  const bus = {
    subscribe: (_: string, handler: typeof tell) => {
      tell = handler;
      return () => undefined;
    },
  };
  const deps = { store, bus, clock: new ManualClock(), logger: pino({ level: "silent" }) };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  await turn();
  // The reading has begun before the third batch was committed, and ends after the fourth.
  for (const logged of all.slice(1, 4)) tell(encodeBatchFrame(logged));
  answer(all.slice(0, 2));
  await turn();
  expect(standby.progress).toEqual({ batch: 4, behind: 0, told: 0, isWarm: true });
  tell(encodeBatchFrame(all[4]!));
  expect(standby.progress).toEqual({ batch: 5, behind: 0, told: 0, isWarm: true });
  expect(reads).toBe(1);
});
