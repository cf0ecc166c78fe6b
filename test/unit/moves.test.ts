import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Host } from "../../services/host/host.js";
import { handoverPauseMs, Moves, type MovesDependencies } from "../../services/node/moves.js";
import {
  ASK_AGAIN_AFTER_MS,
  FIRST_HANDOVERS,
  FIRST_HANDOVERS_PAUSE_MS,
  HANDOVER_PAUSE_MS,
  LEAVE_MS_MAX,
} from "../../services/node/limits.js";
import { encodeHandoverRequest } from "../../services/node/heartbeat.js";
import type { View } from "../../services/node/placement.js";
import { handoverSubject } from "../../services/ports/subjects.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** How many of so many actors a node that ends gives away to one process in its time, and when it has given away the last. */
function leave(actors: number, handoverMs: number): { given: number; elapsedMs: number } {
  let elapsedMs = 0;
  let given = 0;
  while (given < actors && elapsedMs + handoverMs <= LEAVE_MS_MAX) {
    elapsedMs += handoverMs;
    given += 1;
    if (given < actors)
      elapsedMs += handoverPauseMs(LEAVE_MS_MAX - elapsedMs, actors - given, given);
  }
  return { given, elapsedMs };
}

it("a node that stays rests for longer after the first handovers to a process", () => {
  for (const led of [0, 1, 1_000]) {
    expect(handoverPauseMs(Infinity, led, 1)).toBe(FIRST_HANDOVERS_PAUSE_MS);
    expect(handoverPauseMs(Infinity, led, FIRST_HANDOVERS)).toBe(FIRST_HANDOVERS_PAUSE_MS);
    expect(handoverPauseMs(Infinity, led, FIRST_HANDOVERS + 1)).toBe(HANDOVER_PAUSE_MS);
  }
});

it("a node that ends rests as long where it leads little", () => {
  expect(leave(4, 20)).toEqual({ given: 4, elapsedMs: 4 * 20 + 3 * FIRST_HANDOVERS_PAUSE_MS });
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
  function asked(
    hosts: readonly Host[],
    looks: number,
    urgent: readonly string[] = [],
    lost: readonly string[] = [],
  ): string[] {
    const subjects: string[] = [];
    const bus = {
      subscribe: () => () => undefined,
      publish: (subject: string) => subjects.push(subject),
    };
    const placement = {
      shouldAsk: () => true,
      isUrgent: (name: string) => urgent.includes(name),
    };
    const isLost = ({ name }: Host) => lost.includes(name);
    const moves = new Moves({ node, bus, placement, isLost } as unknown as MovesDependencies);
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

  it("does not ask for what it could not read, however urgent", () => {
    const hosts = [hostOf("ledger.1", 1), hostOf("market.A", 2)];
    expect(asked(hosts, 2, ["market.A"], ["market.A"])).toEqual(["ledger.1", "ledger.1"]);
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

describe("who is asked for actors", () => {
  const [from, to] = ["node-1", "node-3"];

  /** Gives what is asked for; what is given in which order, and how long it rests after each. */
  async function given(
    asked: readonly string[],
    urgent: readonly string[] = [],
  ): Promise<{ names: string[]; numbers: number[] }> {
    const [names, numbers]: [string[], number[]] = [[], []];
    const handlers: ((data: Uint8Array, subject: string) => void)[] = [];
    const clock = new ManualClock();
    const hosts = new Map(
      asked.map((name, at): [string, { state: string }] => [
        name,
        {
          name,
          actor: at + 1,
          state: "leading",
          isFree: false,
          handOver(this: { state: string }) {
            this.state = "released";
            names.push(name);
            return Promise.resolve();
          },
        } as { state: string },
      ]),
    );
    const info = { incarnation: "life-1" };
    const deps = {
      node: from,
      bus: {
        subscribe: (_: string, handler: (typeof handlers)[number]) => {
          handlers.push(handler);
          return () => undefined;
        },
      },
      clock,
      placement: { mayGive: () => true, mustGive: (name: string) => urgent.includes(name) },
      hostOf: (name: string) => hosts.get(name),
      view: () => ({ members: new Map([[to, { info }]]) }),
      pauseMs: (number: number) => {
        numbers.push(number);
        return 1;
      },
    };
    const moves = new Moves(deps as unknown as MovesDependencies);
    asked.forEach((name, at) => {
      handlers[0]!(encodeHandoverRequest({ actor: at + 1, node: to }), handoverSubject(name));
    });
    for (let turns = 0; turns < asked.length; turns++) {
      await nextTurn();
      clock.advance(1);
    }
    await nextTurn();
    moves.close();
    return { names, numbers };
  }

  it("gives in the order in which it was asked, and counts what a process was given", async () => {
    const names = ["ledger.1", "market.A", "market.B"];
    expect(await given(names)).toEqual({ names, numbers: [1, 2, 3] });
  });

  it("gives first what must move, whoever asked before", async () => {
    const { names } = await given(["ledger.1", "market.A", "market.B"], ["market.B"]);
    expect(names).toEqual(["ledger.1", "market.B", "market.A"]);
  });
});
