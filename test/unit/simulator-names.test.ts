import { expect, it } from "vitest";
import { FIRST_MARKET_ID } from "../../actors/kernel/ids.js";
import { History } from "../../chaos/simulator/checks/history.js";
import { OneWriterCheck } from "../../chaos/simulator/checks/one-writer.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import { ACTORS, actorName } from "../../chaos/simulator/cluster/names.js";

it("every actor of a run has the name that plans have", () => {
  const ids = [1, 2, ...[0, 1, 2, 3].map((n) => FIRST_MARKET_ID + n)];
  expect(ids.map(actorName)).toEqual(ACTORS);
  expect([3, 0, FIRST_MARKET_ID + 4].map(actorName)).toEqual(["actor 3", "actor 0", "actor 1029"]);
});

it("a violation says by their names who has sent what", () => {
  const history = new History();
  history.actor(2, "ledger.2", "ledger");
  const names = [2, 7, -1, -2, -99].map((source) => history.nameOf(source));
  expect(names).toEqual([
    "ledger.2",
    "actor 7",
    "the slot of gateway-1",
    "the slot of gateway-2",
    "slot 99",
  ]);
  const verdict = new Verdict(() => 0);
  const market = history.actor(FIRST_MARKET_ID, "market.ALFA", "market");
  market.holder = "node-1#1";
  const nothing = new Uint8Array(0);
  const batch = {
    actor: { id: market.id, name: market.name, kind: market.kind, tables: {} },
    number: 1,
    token: 0,
    anchor: 0,
    streamCreated: "",
    positionBefore: 0,
    positionAfter: 0,
    positionStored: "",
    time: 0,
    hash: 0,
    commands: nothing,
    eventBatch: 0,
    effects: { rows: {}, state: nothing, sends: new Map(), events: null, replies: null },
    links: [{ peer: 2, token: 1, received: 4, sent: 0 }],
    outbox: [],
    confirmed: [],
    successor: null,
  } as unknown as Parameters<History["read"]>[0];
  new OneWriterCheck(history, verdict).commit(history.read(batch, "node-1#1"), market);
  expect(verdict.violation?.message).toBe(
    "market.ALFA: the mark of ledger.2 moved to 4 and nothing was applied",
  );
});
