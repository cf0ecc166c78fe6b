/** Nodes of the version before in a simulated run: what they write, what they cannot read, and what is held against whom. */
import { describe, expect, it } from "vitest";
import { encodeAnnouncement } from "../../actors/kernel/event-frame.js";
import { Links } from "../../actors/kernel/links.js";
import { olderBus } from "../../chaos/simulator/before/older-bus.js";
import { restoreOlder } from "../../chaos/simulator/before/older-market.js";
import { olderObserver } from "../../chaos/simulator/before/older-observer.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import { Tally } from "../../chaos/simulator/cluster/tally.js";
import type { Bus } from "../../services/ports/log.js";
import { emptyRecord } from "../../services/ports/store.js";
import { Market } from "../../actors/market/market.js";
import { BOOK_BEFORE, HASH_BEFORE, STATE_BEFORE } from "../helpers/market-before.js";

const RECORD = {
  ...emptyRecord(1_025, "market.X", "market"),
  incarnation: 1,
  token: 1,
  anchor: 1,
};
const OLDER = "node-1#1";
const TODAY = "node-2#2";

describe("a market of the version before", () => {
  const load = (state: Uint8Array) => {
    const market = restoreOlder({ ...RECORD, state }, new Links());
    market.loadPage("book", BOOK_BEFORE);
    market.finishLoading();
    return market;
  };

  it("stores what was stored then, byte for byte, with the hash of then", () => {
    const market = load(Buffer.from(STATE_BEFORE, "hex"));
    expect(market.stateHash()).toBe(HASH_BEFORE);
    expect(Buffer.from(market.takeEffects().state).toString("hex")).toBe(STATE_BEFORE);
    expect(market.stateHash()).toBe(HASH_BEFORE);
  });

  it("reads no state of today's, and begins where nothing was stored", () => {
    const { state } = Market.create(RECORD.id).takeEffects();
    expect(() => load(state)).toThrow("market state version 2");
    const fresh = restoreOlder(RECORD, new Links());
    fresh.finishLoading();
    expect(fresh.takeEffects().state[0]).toBe(1);
  });
});

describe("a node of the version before", () => {
  const standing = { actor: RECORD.id, name: RECORD.name, node: "node-1", token: 1, batch: 1 };
  const announcement = { ...standing, eventBatch: 1, anchor: 1, marks: [] };
  const plain = encodeAnnouncement({ ...announcement, lags: [] });
  const late = encodeAnnouncement({ ...announcement, lags: [{ receiver: 1, ms: 5_000 }] });

  it("says nothing of lags, and does not understand who does", () => {
    const said: Uint8Array[] = [];
    const heard: Uint8Array[] = [];
    let hear: (data: Uint8Array, subject: string) => void = () => undefined;
    const bus: Bus = {
      publish: (_, data) => said.push(data),
      subscribe: (_, handler) => {
        hear = handler;
        return () => undefined;
      },
      onReconnect: () => () => undefined,
      roundTrip: () => Promise.resolve(),
    };
    const older = olderBus(bus);
    const subject = `announce.${RECORD.name}`;
    for (const data of [plain, late]) older.publish(subject, data);
    expect(said).toEqual([plain, plain]);
    older.subscribe("announce.>", (data) => heard.push(data));
    for (const data of [plain, late]) hear(data, subject);
    expect(heard).toEqual([plain, new Uint8Array(0)]);
  });

  it("may stop at what today's has written, and at nothing else", () => {
    const reason = "MalformedError: market state version 2";
    const stopped = (writers: readonly string[], why = reason) => {
      const verdict = new Verdict(() => 0);
      const tally = new Tally(verdict);
      tally.versions.startedOlder(OLDER);
      for (const writer of writers) tally.versions.wrote(RECORD.name, writer);
      olderObserver(tally).became(RECORD.name, "stopped", why);
      return verdict.violation?.rule;
    };
    expect(stopped([OLDER, TODAY])).toBeUndefined();
    expect(stopped([OLDER])).toBe("live");
    expect(stopped([OLDER, TODAY], "InvariantError: no")).toBe("live");
  });

  it("may fail to follow a leader of the other version, and none of its own", () => {
    const diverged = (writers: readonly string[], isOlder: boolean) => {
      const verdict = new Verdict(() => 0);
      const tally = new Tally(verdict);
      tally.versions.startedOlder(OLDER);
      for (const writer of writers) tally.versions.wrote(RECORD.name, writer);
      (isOlder ? olderObserver(tally) : tally).diverged(RECORD.name);
      return verdict.violation?.rule;
    };
    expect(diverged([OLDER, TODAY], true)).toBeUndefined();
    expect(diverged([OLDER], false)).toBeUndefined();
    expect(diverged([OLDER], true)).toBe("R6");
    expect(diverged([TODAY], false)).toBe("R6");
  });
});
