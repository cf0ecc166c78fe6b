import { describe, expect, it } from "vitest";
import type { Host } from "../../services/host/host.js";
import { handoverPauseMs, Moves, type MovesDependencies } from "../../services/node/moves.js";
import {
  ASK_AGAIN_AFTER_MS,
  HANDOVER_PAUSE_MS,
  HANDOVER_PAUSES_MS_MAX,
  LEAVE_MS_MAX,
} from "../../services/node/limits.js";
import type { View } from "../../services/node/placement.js";
import { handoverSubject } from "../../services/ports/subjects.js";

/** How many of so many actors a node that ends gives away in its time, and when it has given away the last. */
function leave(actors: number, handoverMs: number): { given: number; elapsedMs: number } {
  let elapsedMs = 0;
  let given = 0;
  while (given < actors && elapsedMs + handoverMs <= LEAVE_MS_MAX) {
    elapsedMs += handoverMs;
    given += 1;
    if (given < actors) elapsedMs += handoverPauseMs(LEAVE_MS_MAX - elapsedMs, actors - given);
  }
  return { given, elapsedMs };
}

it("a node that stays rests as long after each handover, and less where it leads much", () => {
  for (const led of [0, 1, 20]) expect(handoverPauseMs(Infinity, led)).toBe(HANDOVER_PAUSE_MS);
  for (const led of [100, 1_000]) {
    expect(handoverPauseMs(Infinity, led) * led).toBeCloseTo(HANDOVER_PAUSES_MS_MAX);
  }
});

it("a node that ends rests as long where it leads little", () => {
  expect(leave(4, 20)).toEqual({ given: 4, elapsedMs: 4 * 20 + 3 * HANDOVER_PAUSE_MS });
});

it("a node that ends gives away all that it could without a rest", () => {
  for (const [actors, handoverMs] of [
    [100, 5],
    [200, 30],
    [335, 20],
    [500, 10],
  ] as const) {
    const { given, elapsedMs } = leave(actors, handoverMs);
    expect(given).toBe(actors);
    expect(elapsedMs).toBeLessThan(LEAVE_MS_MAX);
  }
});

describe("who asks for actors", () => {
  const node = "node-3";
  const hostOf = (name: string, actor: number, isFree = true) =>
    ({ name, actor, isFree, isWarm: true }) as unknown as Host;

  /** What is asked for, in turn, by a node that is given nothing. */
  function asked(hosts: readonly Host[], looks: number, urgent: readonly string[] = []): string[] {
    const subjects: string[] = [];
    const bus = {
      subscribe: () => () => undefined,
      publish: (subject: string) => subjects.push(subject),
    };
    const placement = {
      shouldAsk: () => true,
      isUrgent: (name: string) => urgent.includes(name),
    };
    const moves = new Moves({ node, bus, placement } as unknown as MovesDependencies);
    for (let look = 0; look < looks; look++) {
      const view = { nowMs: look * ASK_AGAIN_AFTER_MS, wishes: { withoutStandby: new Set() } };
      moves.ask(hosts, view as unknown as View);
    }
    return subjects.map((subject) => subject.slice(handoverSubject("").length));
  }

  it("asks for each of them in turn when it is not answered", () => {
    const hosts = [hostOf("ledger.1", 1), hostOf("market.A", 2), hostOf("market.B", 3)];
    const turn = hosts.map(({ name }) => name);
    expect(asked(hosts, 9)).toEqual([...turn, ...turn, ...turn]);
  });

  it("asks first for what has to come, and for the rest when there is no more of that", () => {
    const hosts = [hostOf("ledger.1", 1), hostOf("market.A", 2), hostOf("market.B", 3)];
    expect(asked(hosts, 4, ["market.A", "market.B"])).toEqual([
      "market.A",
      "market.B",
      "market.A",
      "market.B",
    ]);
    // Who never gives them is asked as all others are after a while, or the rest would never come.
    expect(asked(hosts, 12, ["market.A", "market.B"]).slice(6)).toEqual([
      "ledger.1",
      "market.A",
      "market.B",
      "ledger.1",
      "market.A",
      "market.B",
    ]);
    const came = [
      hostOf("ledger.1", 1),
      hostOf("market.A", 2, false),
      hostOf("market.B", 3, false),
    ];
    expect(asked(came, 2, ["market.A", "market.B"])).toEqual(["ledger.1", "ledger.1"]);
  });
});
