import { describe, expect, it } from "vitest";
import type { Announcement } from "../../actors/kernel/event-frame.js";
import { Roster, type Standing } from "../../services/common/roster.js";
import { ManualClock } from "../helpers/manual-clock.js";

const market: Standing = { actor: 1025, name: "market.X", anchor: 2, token: 5 };
const word: Announcement = { ...market, node: "n", batch: 3, eventBatch: 2, marks: [], lags: [] };

function setUp(inPostgres: Standing[]) {
  const clock = new ManualClock();
  const believed: number[] = [];
  const moved: number[] = [];
  const refused: string[] = [];
  let readings = 0;
  const roster = new Roster(clock, {
    read: async () => {
      readings += 1;
      return [...inPostgres];
    },
    believed: ({ token }) => believed.push(token),
    moved: (actor) => moved.push(actor),
    refused: (_, reason) => refused.push(reason),
  });
  return { clock, roster, believed, moved, refused, inPostgres, readings: () => readings };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("who leads what", () => {
  it("is believed at once when Postgres has said it, and asked for when it is ahead", async () => {
    const { roster, believed, moved, readings, inPostgres, clock } = setUp([market]);
    roster.hear(word);
    expect(believed).toEqual([]);
    await settled();
    expect(believed).toEqual([5]);
    expect(moved).toEqual([1025]);
    roster.hear(word);
    expect(believed).toEqual([5, 5]);

    clock.advance(100);
    inPostgres[0] = { ...market, token: 6, anchor: 3 };
    roster.hear({ ...word, token: 6, anchor: 3 });
    await settled();
    expect(believed).toEqual([5, 5, 6]);
    expect(moved).toEqual([1025, 1025]);
    expect(roster.find(1025)).toEqual(inPostgres[0]);
    expect(readings()).toBe(2);
  });

  it("is not what a deposed leader says", () => {
    const { roster, believed, refused } = setUp([market]);
    roster.learn([market]);
    roster.hear({ ...word, token: 4, anchor: 9 });
    roster.hear({ ...word, anchor: 1 });
    expect(believed).toEqual([]);
    expect(refused).toEqual([]);
    expect(roster.find(1025)).toEqual(market);
  });

  it("is not what nobody has committed: a token or an anchor from the future, no actor, another's name", async () => {
    const { roster, believed, refused, moved, clock } = setUp([market]);
    roster.learn([market]);
    for (const lie of [
      { ...word, token: 99 },
      { ...word, anchor: 3 },
      { ...word, actor: 7, name: "market.Y" },
      { ...word, name: "ledger.1" },
    ]) {
      roster.hear(lie);
      await settled();
      clock.advance(100);
    }
    expect(refused.length).toBe(4);
    expect(believed).toEqual([]);
    expect(moved).toEqual([1025]);
    expect(roster.find(1025)).toEqual(market);
    roster.hear(word);
    expect(believed).toEqual([5]);
  });

  it("is asked for once for many, and not again and again", async () => {
    const { roster, readings, clock } = setUp([market]);
    for (let n = 0; n < 100; n++) roster.hear({ ...word, actor: 2_000 + n });
    await settled();
    for (let n = 0; n < 100; n++) roster.hear({ ...word, actor: 2_000 + n });
    await settled();
    expect(readings()).toBe(1);
    clock.advance(100);
    await settled();
    expect(readings()).toBe(2);
  });

  it("is asked for again when Postgres was away", async () => {
    const clock = new ManualClock();
    let isAway = true;
    const believed: number[] = [];
    const roster = new Roster(clock, {
      read: async () => {
        if (isAway) throw new Error("away");
        return [market];
      },
      believed: ({ token }) => believed.push(token),
      moved: () => undefined,
      refused: () => undefined,
    });
    roster.hear(word);
    await settled();
    isAway = false;
    clock.advance(100);
    roster.hear(word);
    await settled();
    expect(believed).toEqual([5]);
  });
});
