/** How a drill at a running exchange ends before its time, and a game day with it: at stages that are small fakes. */
import { describe, expect, it } from "vitest";
import { DRAIN } from "../../chaos/against/drills/drain.js";
import type { Ground, LiveDrill, Stage, Struck } from "../../chaos/against/drills/drill.js";
import { type DayRun, runGameDay, type StepLine } from "../../chaos/against/game-day.js";
import type { Probe, ProbeOrder } from "../../chaos/against/probe.js";
import { type LiveReport, liveReport } from "../../chaos/against/report.js";
import { Rounds } from "../../chaos/against/rounds.js";
import { parseGameDay } from "../../chaos/against/schedule.js";
import type { Target } from "../../chaos/against/target.js";
import { Undo } from "../../chaos/against/undo.js";
import type { CommandResult } from "../../proto/gen/exchange/v1/exchange.js";
import { InterruptedError } from "../../chaos/interrupt.js";
import { CliError } from "../../services/cli/cli-error.js";
import type { ClusterState } from "../../services/cli/cluster.js";

const SYMBOL = "AAPL";
const WISHES = {
  cordoned: new Set<string>(),
  drained: new Set<string>(),
  moves: new Map<string, string>(),
  withoutStandby: new Set<string>(),
};

/** An exchange, a probe and a drill that leaves a lamp lit until it is taken back. */
class Scene {
  readonly lines: string[] = [];
  readonly controller = new AbortController();
  readonly undo: Undo;
  isLit = false;
  canBeUndone = true;
  /** Whether the exchange can be looked at, and under which token another actor is led. */
  isSeen = true;
  otherToken = 1;
  /** For how long the probe's oldest order has had no end. */
  oldestMs = 0;
  cancelled = 0;
  readonly orders: ProbeOrder[] = [];
  answer: Partial<CommandResult> = { code: "OK", token: 1 };

  constructor() {
    this.undo = new Undo((line) => this.lines.push(line), 100);
  }

  state(): ClusterState {
    if (!this.isSeen) throw new Error("etcd is away");
    const led = (actor: string, token: number) => ({
      actor,
      node: "node-1",
      holder: "node-1",
      token,
    });
    const actors = [led("market.AAPL", 1), led("market.MSFT", this.otherToken), led("ledger.1", 1)];
    return { nodes: [], actors, wishes: WISHES };
  }

  async report(strike: (stage: Stage) => Promise<Struck>, rounds = 3): Promise<LiveReport> {
    const drill: LiveDrill = {
      ...DRAIN,
      name: "lamp",
      plan: () => ({
        actors: ["market.AAPL"],
        nodes: [],
        symbols: [SYMBOL],
        does: ["light it"],
        undone: ["put it out"],
        strike: async (stage) => {
          this.undo.note(this.lamp());
          this.isLit = true;
          return strike(stage);
        },
      }),
    };
    const work = {
      drill,
      options: { against: "127.0.0.1:1", account: 9, rounds, abortAfterMs: 500 },
      target: this.target(),
      probe: this.probe(),
      run: {
        log: (line: string) => void this.lines.push(line),
        signal: this.controller.signal,
        undo: this.undo,
      },
      ground: async (): Promise<Ground> => ({
        state: this.state(),
        radius: { actors: ["market.AAPL"], symbols: [SYMBOL], nodes: [] },
        shard: "ledger.1",
      }),
    };
    return liveReport((await new Rounds(work).outcome([])).findings);
  }

  private lamp() {
    return {
      what: "the lamp is lit",
      byHand: "npx palisade lamp off",
      undo: async () => {
        if (this.canBeUndone) this.isLit = false;
      },
      isUndone: async () => !this.isLit,
    };
  }

  private target(): Target {
    const client = {
      balances: async () => ({ balances: [], sequence: 0 }),
      openOrders: async () => [],
      cancelAll: async () => void (this.cancelled += 1),
      getOrder: async () => ({ order: { orderId: 1, status: 0 } }),
    };
    const cluster = { look: async () => this.state() };
    return { client, cluster, places: { processes: [] } } as unknown as Target;
  }

  private probe(): Probe {
    const probe = {
      account: 9,
      firstSequence: 1,
      orders: this.orders,
      events: [],
      heardMs: new Map(),
      failure: null,
      send: () => {
        const order = {
          ...ENDED,
          answer: this.answer,
          endedMs: this.answer.code === "OK" ? 1 : null,
        };
        this.orders.push(order as ProbeOrder);
        return order;
      },
      play: () => undefined,
      rest: async () => this.oldestMs === 0,
    };
    Object.defineProperty(probe, "oldestMs", { get: () => this.oldestMs });
    return probe as unknown as Probe;
  }
}

const ENDED = {
  clientOrderId: "a",
  symbol: SYMBOL,
  sentMs: 0,
  acceptedMs: 1,
  lostAnswers: 0,
  refusal: null,
};
const STRUCK: Struck = { failures: [], summary: "lit" };
/** Longer than any test: only what ends a drill gets it out of here. */
const forever = (stage: Stage): Promise<Struck> => stage.pause(60_000).then(() => STRUCK);

describe("a drill at a running exchange", () => {
  it("takes back what each round has done", async () => {
    const scene = new Scene();
    const report = await scene.report(async () => STRUCK, 1);
    expect(report).toMatchObject({ rounds: 1, aborted: null, undone: true, bit: true });
    expect(scene.lines.filter((line) => line === "undone: the lamp is lit")).toHaveLength(1);
  });

  it("takes it back when somebody ends it in the midst of a round", async () => {
    const scene = new Scene();
    const report = await scene.report((stage) => {
      scene.controller.abort("it got SIGINT");
      return forever(stage);
    });
    expect(report).toMatchObject({ aborted: "it got SIGINT", undone: true, ok: false, rounds: 0 });
    expect(scene.isLit).toBe(false);
    expect(scene.lines).toContain("undone: the lamp is lit");
    // Who has ended it is told by whoever takes the signal.
    expect(scene.lines.join()).not.toContain("ending the drill");
    expect(scene.undo.left).toEqual([]);
  });

  it("ends by itself when an actor is hurt that it does not touch", async () => {
    const scene = new Scene();
    const report = await scene.report((stage) => {
      scene.otherToken = 2;
      return forever(stage);
    });
    expect(report.aborted).toMatch(/HURT_OUTSIDE: market.MSFT has another leader.*token 2/);
    expect([report.undone, report.ok, scene.isLit]).toEqual([true, false, false]);
    // Whoever looks on reads why, before what is taken back.
    const why = scene.lines.indexOf(`ending the drill: ${report.aborted}`);
    expect(why).toBeGreaterThanOrEqual(0);
    expect(scene.lines.indexOf("undone: the lamp is lit")).toBeGreaterThan(why);
  });

  it("ends by itself when the exchange cannot be seen", async () => {
    const scene = new Scene();
    const report = await scene.report((stage) => {
      scene.isSeen = false;
      return forever(stage);
    });
    expect(report.aborted).toBe("EXCHANGE_NOT_SEEN: etcd is away");
    expect(scene.isLit).toBe(false);
  });

  it("ends by itself when its probe is not answered, and cancels what is open", async () => {
    const scene = new Scene();
    const report = await scene.report((stage) => {
      scene.oldestMs = 501;
      return forever(stage);
    });
    expect(report.aborted).toMatch(/PROBE_UNANSWERED: .*500 ms/);
    expect([report.undone, scene.cancelled, scene.isLit]).toEqual([true, 1, false]);
  });

  it("says what it could not take back, and begins no other round", async () => {
    const scene = new Scene();
    scene.canBeUndone = false;
    const report = await scene.report(async () => STRUCK);
    expect(report).toMatchObject({ rounds: 1, undone: false, ok: false });
    expect(report.aborted).toMatch(/NOT_UNDONE: the lamp is lit.*npx palisade lamp off/);
    expect(scene.lines).toContain(`ending the drill: ${report.aborted}`);
    expect(scene.undo.left.map(({ what }) => what)).toContain("the lamp is lit");
  });

  it("does nothing when its first order comes to nothing", async () => {
    const scene = new Scene();
    scene.answer = { code: "INSUFFICIENT_FUNDS", message: "no money" };
    await expect(scene.report(forever)).rejects.toThrow(/PROBE_UNANSWERED.*INSUFFICIENT_FUNDS/);
    expect(scene.lines.filter((line) => line.includes("lamp"))).toEqual([]);
  });

  it("does nothing at an exchange that is not the gateway's", async () => {
    const scene = new Scene();
    scene.answer = { code: "OK", token: 7 };
    await expect(scene.report(forever)).rejects.toThrow(/OTHER_EXCHANGE: ledger.1.*token 7/);
  });
});

describe("a game day", () => {
  const WELL = { ok: true, undone: true, lost: 0, duplicated: 0 };
  const BAD = { ...WELL, ok: false, failures: ["it was noticed"] };
  const dayOf = (onFailure: "stop" | "continue", step: object = {}) => {
    const steps = [1, 2, 3].map((rounds) => ({
      drill: "burst",
      symbols: [SYMBOL],
      rounds,
      ...(rounds === 1 && step),
    }));
    return parseGameDay(JSON.stringify({ name: "d", onFailure, steps }), "d.json");
  };

  async function run(
    day: ReturnType<typeof dayOf>,
    drill: (step: number) => Partial<LiveReport> | Error,
    controller = new AbortController(),
    undo = new Undo(() => undefined),
    said: string[] = [],
  ) {
    const told: StepLine[] = [];
    const dayRun: DayRun = {
      log: (line) => void said.push(line),
      signal: controller.signal,
      undo,
      tell: (line) => void told.push(line),
      drill: async ({ rounds }) => {
        const found = drill(rounds);
        if (found instanceof Error) throw found;
        return { name: "burst", ...found } as LiveReport;
      },
    };
    const surroundings = { against: "127.0.0.1:1", account: 9, abortAfterMs: 1_000 };
    const report = await runGameDay(day, surroundings, dayRun);
    expect(told.map(({ step }) => step)).toEqual(told.map((_, at) => at + 1));
    return report;
  }

  it("does its steps in order, and sums them up", async () => {
    const report = await run(dayOf("stop"), (step) => ({ ...WELL, lost: step === 2 ? 1 : 0 }));
    expect(report).toMatchObject({
      done: 3,
      failed: 0,
      notRun: 0,
      lost: 1,
      undone: true,
      ok: true,
    });
  });

  it("says of a step that it begins late, and why", async () => {
    const said: string[] = [];
    const day = dayOf("stop");
    await run(day, () => WELL, undefined, undefined, said);
    expect(said).toEqual([]);
    const [first, second, third] = day.steps;
    const late = { ...day, steps: [first!, { ...second!, at: -20_000 }, third!] };
    await run(late, () => WELL, undefined, undefined, said);
    expect(said).toEqual([expect.stringMatching(/^step 2, burst, begins 20 s late: it was due /)]);
  });

  it("stops at a step that has failed, or goes on, as it is told", async () => {
    const second = (step: number) => (step === 2 ? BAD : WELL);
    const stopped = await run(dayOf("stop"), second);
    expect(stopped).toMatchObject({ done: 2, failed: 1, notRun: 1, aborted: null, ok: false });
    const whole = await run(dayOf("continue"), second);
    expect(whole).toMatchObject({ done: 3, failed: 1, notRun: 0, undone: true, ok: false });
  });

  it("counts a step that was refused as failed", async () => {
    const refused = new CliError("EXCHANGE_NOT_HEALTHY", "node-1 is gone");
    const second = (step: number) => (step === 2 ? refused : WELL);
    expect(await run(dayOf("stop"), second)).toMatchObject({ done: 2, failed: 1, notRun: 1 });
    expect(await run(dayOf("continue"), second)).toMatchObject({ done: 3, failed: 1, ok: false });
  });

  it("does not go on where a step could not be taken back, whatever it is told", async () => {
    const first = () => ({ ...BAD, undone: false });
    const report = await run(dayOf("continue"), first);
    expect(report).toMatchObject({ done: 1, notRun: 2, undone: false, ok: false });
  });

  it.each([
    ["refused", new CliError("PROBE_UNANSWERED", "no answer"), 1],
    ["ended", new InterruptedError("it got SIGINT"), 0],
  ])("does not go on where a step was %s and has left something", async (_, error, done) => {
    const undo = new Undo(() => undefined);
    const refused = () => {
      undo.note({
        what: "orders open",
        byHand: "npx palisade cancel-all 9",
        undo: async () => undefined,
        isUndone: async () => false,
      });
      return error;
    };
    const report = await run(dayOf("continue"), refused, new AbortController(), undo);
    expect(report).toMatchObject({ done, notRun: 3 - done, undone: false, ok: false });
  });

  it("ends at once when somebody ends it: in a step, in a pause, before a step's time", async () => {
    const ending = { aborted: "it got SIGINT", ok: false };
    const controller = new AbortController();
    const inStep = await run(
      dayOf("continue"),
      () => {
        controller.abort("it got SIGINT");
        return { ...BAD, aborted: "it got SIGINT" };
      },
      controller,
    );
    expect(inStep).toMatchObject({ ...ending, done: 1, notRun: 2, undone: true });
    for (const step of [{ pause: "1h" }, { at: "+1h" }]) {
      const later = new AbortController();
      setTimeout(() => later.abort("it got SIGINT"), 20);
      const report = await run(dayOf("continue", step), () => WELL, later);
      expect(report).toMatchObject({ ...ending, failed: 0, done: "pause" in step ? 1 : 0 });
    }
  });
});
