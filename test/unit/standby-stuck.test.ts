/** A standby that is to lead while what it reads does not come: its connection may be dead, and nobody leads meanwhile. */
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { BOOK_BEFORE, HASH_BEFORE, STATE_BEFORE } from "../helpers/market-before.js";
import { ManualClock } from "../helpers/manual-clock.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { FollowingTurns } from "../../services/host/following-turns.js";
import { PROMOTION_STUCK_AFTER_MS } from "../../services/host/limits.js";
import { Standby } from "../../services/host/standby.js";
import { emptyRecord, type LoggedBatch, type Store } from "../../services/ports/store.js";

const RECORD = {
  ...emptyRecord(1_025, "market.X", "market"),
  incarnation: 1,
  token: 3,
  batch: 7,
  hash: HASH_BEFORE,
  state: Uint8Array.from(Buffer.from(STATE_BEFORE, "hex")),
};
const STANDING = { batch: 7, links: [], outbox: [], now: 0 };

type Page = Parameters<Store["load"]>[2];

/** One that is promoted while it reads, and says when that is over and what came of it. */
async function promoted(store: Pick<Store, "load" | "batches">) {
  const clock = new ManualClock();
  const deps = {
    store,
    bus: { subscribe: () => () => undefined },
    clock,
    followingTurns: new FollowingTurns(clock),
    logger: pino({ level: "silent" }),
    observer: { diverged: () => undefined },
  };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  await turn();
  const outcome: { actor?: unknown } = {};
  void standby
    .promote({ ...RECORD, token: 4 }, Promise.resolve(STANDING), [])
    .then((actor) => (outcome.actor = actor));
  const pass = async (ms: number) => {
    await turn();
    clock.advance(ms);
    await turn();
  };
  return { outcome, pass };
}

describe("a standby that is promoted while it reads", () => {
  it("is no use once nothing of its rows has come for a while", async () => {
    const { outcome, pass } = await promoted({
      load: () => new Promise(() => undefined),
      batches: () => Promise.resolve([]),
    });
    await pass(PROMOTION_STUCK_AFTER_MS - 1);
    expect(outcome).toEqual({});
    await pass(1);
    expect(outcome).toEqual({ actor: null });
  });

  it("is no use once nothing of the batch log has come for a while", async () => {
    const { outcome, pass } = await promoted({
      load: (_, begin, page) => {
        const loaded = { record: RECORD, links: [] };
        begin(loaded);
        page("book", BOOK_BEFORE);
        return Promise.resolve(loaded);
      },
      batches: () => new Promise<LoggedBatch[]>(() => undefined),
    });
    await pass(PROMOTION_STUCK_AFTER_MS);
    expect(outcome).toEqual({ actor: null });
  });

  it("is waited for as long as more comes", async () => {
    const loaded = { record: RECORD, links: [] };
    let page: Page = () => undefined;
    let end = () => undefined as void;
    const { outcome, pass } = await promoted({
      load: (_, begin, give) => {
        begin(loaded);
        page = give;
        return new Promise((resolve) => (end = () => resolve(loaded)));
      },
      batches: () => Promise.resolve([]),
    });
    for (const row of BOOK_BEFORE) {
      await pass(PROMOTION_STUCK_AFTER_MS - 1);
      page("book", [row]);
      await pass(1);
      expect(outcome).toEqual({});
    }
    end();
    await pass(0);
    expect(outcome.actor).toMatchObject({ id: RECORD.id });
  });
});
