import { describe, expect, it } from "vitest";
import type { LogLine } from "../../chaos/checker/client-logs.js";
import { availabilityOf } from "../../chaos/evidence/availability.js";
import { ClientStory } from "../../chaos/evidence/client-view.js";
import { latencySeries } from "../../chaos/evidence/latency.js";
import { leaderChangesOf } from "../../chaos/evidence/leader-changes.js";
import { drillPage } from "../../chaos/page/drill-page.js";
import { html } from "../../chaos/page/markup.js";
import { roundView } from "../../chaos/page/round-view.js";
import { duration, linear, logarithmic } from "../../chaos/page/scale.js";
import { headline, lines } from "../../chaos/page/verdict.js";
import { Timeline, type TimelineKind } from "../../chaos/stage/timeline.js";
import { recordLike } from "../helpers/drill-record.js";

describe("a timeline", () => {
  it("says what happened in which round, and when, from its beginning on", () => {
    const timeline = new Timeline();
    timeline.begin();
    const nowMs = performance.now();
    timeline.beginRound();
    timeline.add("struck", "it", nowMs + 50);
    timeline.beginRound();
    const [, struck, again] = timeline.events;
    expect(struck).toMatchObject({ kind: "struck", round: 1, what: "it" });
    expect(struck!.atMs).toBeGreaterThanOrEqual(50);
    expect(struck!.atMs).toBeLessThan(150);
    expect(again).toMatchObject({ kind: "began", round: 2, what: "" });
    timeline.begin();
    expect(timeline.events).toEqual([]);
    expect(Math.abs(timeline.startedAt - Date.now())).toBeLessThan(1_000);
  });
});

describe("availability", () => {
  it("is the share of seconds with an answer within one, by symbol", () => {
    const beats = [4, 1_000, 1_001, null, null, 4].map((answerMs, second) => ({
      symbol: "A",
      atMs: second * 1_000,
      answerMs,
    }));
    expect(availabilityOf([...beats, { symbol: "B", atMs: 5, answerMs: 1 }])).toEqual([
      { symbol: "A", asked: 6, answered: 3, longestOutage: 3 },
      { symbol: "B", asked: 1, answered: 1, longestOutage: 0 },
    ]);
    expect(availabilityOf([])).toEqual([]);
  });
});

describe("latency over time", () => {
  const order = (sentMs: number, answerMs: number | null, fillMs: number | null = null) => ({
    sentMs,
    answerMs,
    fillMs,
  });

  it("counts an order where it was sent, and leaves out what is outside", () => {
    const orders = [
      order(0, 2),
      order(99, 4, 9),
      order(99, 1_000),
      order(100, null),
      order(250, 1),
    ];
    const { bucketMs, buckets } = latencySeries(orders, 200);
    expect(bucketMs).toBe(100);
    expect(buckets).toEqual([
      {
        atMs: 0,
        sent: 3,
        answered: 3,
        answerP50: 4,
        answerMax: 1_000,
        fillP50: 9,
        fillMax: 9,
      },
      {
        atMs: 100,
        sent: 1,
        answered: 0,
        answerP50: null,
        answerMax: null,
        fillP50: null,
        fillMax: null,
      },
    ]);
  });

  it("has wider buckets for a longer drill", () => {
    expect(latencySeries([], 40_000).bucketMs).toBe(100);
    expect(latencySeries([], 40_001).bucketMs).toBe(250);
    const day = latencySeries([order(86_399_999, 1)], 86_400_000);
    expect(day.buckets.length).toBeLessThanOrEqual(400);
    expect(day.buckets.at(-1)).toMatchObject({ sent: 1, answered: 1 });
  });
});

describe("a client's story", () => {
  const T = 1_000_000;
  const id = (n: number) => ({ account: 1, clientOrderId: `c-${n}` });
  const sent = (n: number, at: number, crosses = true): LogLine => ({
    kind: "submitted",
    ...id(n),
    crosses,
    at: T + at,
  });
  const accepted = (n: number, at: number, sequence = n): LogLine => ({
    kind: "accepted",
    ...id(n),
    orderId: n,
    sequence,
    token: sequence === 0 ? 0 : 1,
    at: T + at,
  });
  const no = (kind: string, n: number, code: string, at: number): LogLine => ({
    kind,
    ...id(n),
    code,
    at: T + at,
  });
  const filled = (n: number, at: number): LogLine => ({
    kind: "event",
    account: 1,
    sequence: 50 + n,
    token: 1,
    content: ["filled", n, n, "A", 1, 1, 0],
    at: T + at,
  });

  function tell(told: readonly LogLine[]): ClientStory {
    const story = new ClientStory("load1", T, T + 1_000);
    for (const line of told) story.take(line);
    return story;
  }

  it("has what it sent and was told, once, and how long it was told nothing", () => {
    const { view, waited } = tell([
      sent(1, 0),
      accepted(1, 2),
      accepted(1, 3),
      filled(1, 4),
      sent(2, 500, false),
      accepted(2, 900, 0),
      filled(2, 901),
      sent(3, 910),
      no("refused", 3, "NO_LEADER", 911),
      sent(4, 920),
      no("rejected", 4, "VOIDED", 925),
      no("rejected", 4, "VOIDED", 926),
      sent(5, 930),
      { kind: "end", at: T + 990 },
    ]);
    expect(view).toEqual({
      client: "load1",
      sent: 5,
      accepted: 2,
      filled: 2,
      refused: { NO_LEADER: 1 },
      rejected: { VOIDED: 1 },
      askedFound: 1,
      askedVoided: 1,
      unanswered: 1,
      longestSilenceMs: 400,
      slowestAnswerMs: 400,
    });
    expect(waited.map(({ answerMs }) => answerMs)).toEqual([2, 400, 1, 5, null]);
    expect(waited.map(({ fillMs }) => fillMs)).toEqual([4, null, null, null, null]);
  });

  it("is of orders that were sent while the drill went on, whenever they were answered", () => {
    const told = [sent(1, -9), accepted(1, 1), sent(2, 999), sent(3, 1_001), accepted(2, 2_000)];
    expect(tell(told).view).toMatchObject({ sent: 1, accepted: 1, longestSilenceMs: 1_001 });
  });
});

describe("changes of leader", () => {
  it("are of whom leads in the end, from when it began to claim", () => {
    const change = (node: string, to: string, timeMs: number, token = 0) => ({
      node,
      actor: "market.A",
      from: "",
      to,
      token,
      reason: "",
      timeMs,
    });
    const found = leaderChangesOf(
      [
        change("node-2", "claiming", 110),
        change("node-3", "claiming", 111),
        change("node-3", "idle", 112),
        change("node-2", "leading", 150, 4),
        change("node-2", "fenced", 190, 4),
      ],
      100,
    );
    expect(found).toEqual([
      { actor: "market.A", node: "node-2", token: 4, claimedAtMs: 10, atMs: 50 },
    ]);
  });
});

describe("what a round's drawing shows", () => {
  it("is the time around what happened, with the gap and who led", async () => {
    const record = await recordLike();
    const view = roundView(record, 2);
    expect(view).toMatchObject({
      zeroMs: 7_000,
      gap: { fromMs: 7_000, toMs: 7_312 },
      faults: [{ fromMs: 7_000, toMs: 10_000, of: "" }],
      unmoved: 0,
    });
    expect(view.shown.fromMs).toBeLessThan(7_000);
    expect(view.shown.toMs).toBeGreaterThan(10_000);
    const [ledger] = view.actors;
    const reigns = ledger!.reigns.map(({ node, token }) => `${node} ${token}`);
    expect(reigns).toEqual(["node-2 2", "null 3", "node-3 3"]);
    expect(view.symbols.map(({ symbol }) => symbol)).toEqual(["SYM0", "SYM1"]);
  });

  it("is the whole round when nothing happened", async () => {
    const record = await recordLike({ actors: [] });
    const timeline = record.timeline.filter(({ kind }) => kind === "began" || kind === "whole");
    const view = roundView({ ...record, timeline }, 1);
    expect(view).toMatchObject({ shown: { fromMs: 0, toMs: 5_900 }, gap: null, faults: [] });
  });

  it("has each of several faults for as long as it lasted, and the pause of who moved", async () => {
    const record = await recordLike();
    const told = (kind: TimelineKind, atMs: number, of?: string) => ({
      kind,
      round: 1,
      atMs,
      what: kind === "still" ? "market.A" : "",
      ...(of !== undefined && { of }),
    });
    const timeline = [
      told("began", 0),
      told("struck", 100, "freeze-nats"),
      told("struck", 300, "kill-leader"),
      told("healed", 900, "freeze-nats"),
      told("healed", 1_400, "kill-leader"),
      told("resumed", 1_500),
      told("whole", 2_000),
    ];
    expect(roundView({ ...record, timeline }, 1)).toMatchObject({
      faults: [
        { of: "freeze-nats", fromMs: 100, toMs: 900 },
        { of: "kill-leader", fromMs: 300, toMs: 1_400 },
      ],
      gap: { fromMs: 100, toMs: 1_500 },
      stoodStill: null,
    });
    const moved = [
      told("struck", 100),
      told("bitten", 400),
      told("still", 210),
      told("again", 250),
    ];
    expect(roundView({ ...record, timeline: moved }, 1)).toMatchObject({
      faults: [{ of: "", fromMs: 100, toMs: 400 }],
      gap: { fromMs: 210, toMs: 250 },
      stoodStill: "market.A",
    });
  });
});

describe("a verdict in words", () => {
  it("says in one sentence what was proved, and what was not", async () => {
    const record = await recordLike();
    expect(headline(record)).toBe(
      "kill-leader, 2 rounds: nothing was lost, doubled or stale; " +
        "the first symbol traded again after 312 ms at most (bound 500 ms).",
    );
    expect(lines(record).every(({ outcome }) => outcome === "kept")).toBe(true);
    const checked = { ...record.found.checked, ok: false, lost: 2, duplicated: 1 };
    const wrong = await recordLike({ found: { checked } });
    expect(headline(wrong)).toContain("2 rounds: 2 lost, 1 doubled;");
    expect(lines(wrong).filter(({ outcome }) => outcome === "broken")).toHaveLength(2);
  });

  it("counts what clients were told, and says which counts are of orders", async () => {
    const { found: like } = await recordLike();
    const checked = { ...like.checked, counted: { ...like.checked.counted, accepted: 2_350 } };
    const load = { ...like.load, submitted: 2_139, resolved: 1_083 };
    const found = lines(await recordLike({ found: { checked, load } })).map((each) => each.found);
    expect(found[0]).toContain(
      "told 2,350 times that an order is accepted (by its answer and again by its account's event)",
    );
    expect(found).toContain(
      "2,139 orders under load; known only by asking, as the answer was lost on the way: 1,083",
    );
  });

  it("tells what is slow from what is wrong", async () => {
    const slow = lines(await recordLike({ resumeMs: 900 }));
    expect(slow.filter(({ outcome }) => outcome !== "kept")).toMatchObject([{ outcome: "beyond" }]);
  });

  it("does not praise a fault that did nothing", async () => {
    const like = await recordLike({ rounds: 1 });
    const rounds = [{ ...like.found.rounds[0]!, failures: ["nobody died"] }];
    const text = drillPage(await recordLike({ rounds: 1, found: { rounds } }));
    expect(text).toContain("✗ Nothing is proved");
    expect(text).toContain("the fault was not what it is for in every round");
    expect(text).toContain("nobody died");
  });
});

describe("a page of an exchange that did not come back", () => {
  it("says that a promise was broken, by what, and how to see it again", async () => {
    const broken = ["DRILL_NOT_RESUMED: nobody trades any more"];
    const first = drillPage(await recordLike({ rounds: 0, found: { broken } }));
    expect(first).toContain("✗ A promise was broken");
    expect(first).toContain(`<h1>kill-leader, 0 rounds: ${broken[0]}.</h1>`);
    expect(first).toContain("kill-leader --rounds 1 ");
    const third = drillPage(await recordLike({ rounds: 2, found: { broken } }));
    expect(third).toContain("✗ A promise was broken");
    expect(third).toContain("kill-leader --rounds 3 ");
    expect(drillPage(await recordLike({ rounds: 2 }))).toContain("kill-leader --rounds 2 ");
  });
});

describe("the head of a page", () => {
  it("says who led afterwards what changed its leader, under which token", async () => {
    expect(drillPage(await recordLike({ rounds: 1 }))).toContain(
      "In round 1: node-1 led ledger.1, market.SYM0; first fill after 312 ms. What had another leader at its end was led: " +
        "ledger.1 by node-2 (token 2), market.SYM0 by node-3 (token 2), market.SYM1 by node-1 (token 2).",
    );
    const actors = Array.from({ length: 12 }, (_, at) => `market.A${at}`);
    const many = drillPage(await recordLike({ rounds: 1, actors }));
    expect(many).toContain("market.A7 by node-3 (token 2), and 4 more.");
  });

  it("says which part was done of a drill that does something else in each round", async () => {
    const { found } = await recordLike();
    const drill = {
      ...found.drill,
      about: "a way spoiled, each round another: A, B, C",
      rounds: 3,
    };
    const text = async (rounds: number) =>
      drillPage(await recordLike({ rounds, found: { drill } }));
    expect(await text(1)).toContain(
      "A, B, C. Of that only the first 1 of 3 was done here: it takes 3 rounds to show all of it.",
    );
    expect(await text(0)).toContain("Of that nothing was done here");
    expect(await text(3)).not.toContain("was done here");
  });
});

describe("a page that is green", () => {
  it("says beside the availability that the verdict does not go by it, however low it is", async () => {
    const record = await recordLike();
    const beats = record.beats.map((beat) => ({ ...beat, answerMs: null }));
    const text = drillPage({ ...record, beats });
    expect(text).toContain("✓ Every promise was kept");
    const section = text.slice(text.indexOf("<h2>Availability</h2>")).split("<h2>")[1]!;
    expect(section).toContain("no part of the verdict");
    expect(section).toContain("0 %");
  });
});

describe("a page's text", () => {
  it("is escaped, unless it is markup", () => {
    const inner = html`<b>${"<&\"'>"}</b>`;
    expect(html`${inner}${[inner]}${null}${false}${0}`.text).toBe(
      `${"<b>&lt;&amp;&quot;&#39;&gt;</b>".repeat(2)}0`,
    );
  });

  it("has times as people say them", () => {
    const said = [0.25, 9.94, 312.4, 1_234, 12_340, 123_400].map(duration);
    expect(said).toEqual(["0.3 ms", "9.9 ms", "312 ms", "1.23 s", "12.3 s", "123 s"]);
  });

  it("has axes with round marks", () => {
    expect(linear([0, 10], [0, 100], 20).ticks).toEqual([0, 2, 4, 6, 8, 10]);
    expect(linear([-0.35, 0.8], [0, 100], 20).ticks).toEqual([0, 0.5]);
    const powers = logarithmic([0.4, 320], [100, 0]);
    expect(powers.ticks).toEqual([0.1, 1, 10, 100, 1_000]);
    expect(powers.at(10)).toBe(50);
  });
});
