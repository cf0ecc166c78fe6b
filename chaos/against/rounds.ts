/**
 * The rounds of a drill at a running exchange, while a probe trades and a watch looks on. What a round has done is taken back
 * at its end, however that comes; at last what the probe was told is judged.
 */
import type { Balance } from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "../../services/cli/cli-error.js";
import { actorOf } from "../../services/cli/cluster.js";
import { commandThrough } from "../../services/cli/whereabouts.js";
import { InterruptedError, reasonOf, throwIfInterrupted, unlessInterrupted } from "../interrupt.js";
import { setTimeout as sleep } from "node:timers/promises";
import { isSoWithin } from "../stage/patience.js";
import {
  type Ground,
  type LiveDrill,
  type Plan,
  planWithin,
  type Stage,
  type Struck,
} from "./drills/drill.js";
import { evidenceOf } from "./evidence.js";
import { WAIT_MS_MAX, whatAils } from "./health.js";
import { Operator } from "./operator.js";
import { pausesOf } from "./pauses.js";
import type { Probe } from "./probe.js";
import type { LiveOutcome } from "./record.js";
import { type LiveFindings, type LiveRound, planLines, type RoundSpan, textOf } from "./report.js";
import type { Target } from "./target.js";
import type { Undo } from "./undo.js";
import { judge } from "./verdict.js";
import { unanswered, Watch } from "./watch.js";

export interface LiveRun {
  /** Takes lines of progress. */
  readonly log: (line: string) => void;
  /** Ends it early, with everything taken back. */
  readonly signal: AbortSignal;
  /** Where what is to be taken back is noted. */
  readonly undo: Undo;
}

interface Work {
  readonly drill: LiveDrill;
  readonly options: {
    readonly against: string;
    readonly account: number;
    readonly rounds: number;
    readonly abortAfterMs: number;
  };
  readonly target: Target;
  readonly probe: Probe;
  readonly run: LiveRun;
  /** How things are now. */
  readonly ground: () => Promise<Ground>;
}

/** What is usual is measured for so long before the drill strikes, and what comes after for as long. */
const USUAL_MS = 1_000;
const AFTER_MS = 1_000;

export class Rounds {
  private readonly work: Work;
  private readonly ownAbort = new AbortController();
  private readonly signal: AbortSignal;
  private readonly rounds: LiveRound[] = [];
  private unfinished: LiveFindings["unfinished"] = null;

  constructor(work: Work) {
    this.work = work;
    this.signal = AbortSignal.any([work.run.signal, this.ownAbort.signal]);
  }

  /** `before`: what the account had. Throws `CliError` when the probe cannot trade even before anything is done. */
  async outcome(before: readonly Balance[]): Promise<LiveOutcome> {
    const { drill, options, target, probe, run } = this.work;
    this.noteOrders();
    const aborted = await this.reasonOfEnd();
    // Whoever aborts says why at once.
    if (aborted !== null && !this.signal.aborted) this.logEnd(aborted);
    const notUndone = await run.undo.run();
    // Who has ended it early does not wait for the exchange to rest.
    const ails =
      aborted === null ? await whatAils(target, WAIT_MS_MAX, run.log).catch(messageOf) : [];
    const evidence = await evidenceOf(target.client, probe, before).catch(messageOf);
    const isKnown = !Array.isArray(evidence);
    const findings = {
      drill,
      against: options.against,
      rounds: this.rounds,
      roundsAsked: options.rounds,
      unfinished: this.unfinished,
      orders: probe.orders,
      verdict: isKnown ? judge(evidence) : null,
      aborted,
      notUndone,
      otherFailures: [...ails, ...(isKnown ? [] : evidence)],
    };
    return { findings, evidence: isKnown ? evidence : null, heard: [...probe.heardMs] };
  }

  /** Does everything; why it ended before its time, or null. */
  private async reasonOfEnd(): Promise<string | null> {
    const { options, target, run } = this.work;
    try {
      await this.tryOut();
    } catch (error) {
      await run.undo.run();
      throw error;
    }
    try {
      for (let number = 1; number <= options.rounds; number++) {
        const notUndone = await this.round(number);
        if (notUndone !== undefined) return notUndone;
        if (number === options.rounds) break;
        const ails = await unlessInterrupted(this.signal, whatAils(target, WAIT_MS_MAX, run.log));
        if (ails.length > 0) return `EXCHANGE_NOT_HEALTHY: ${ails.join("; ")}`;
      }
      return null;
    } catch (error) {
      return error instanceof InterruptedError ? reasonOf(this.signal) : messageOf(error)[0]!;
    }
  }

  /** One order for each symbol: they have to come back, by the ledger shard that the database knows. */
  private async tryOut(): Promise<void> {
    const { probe, options, ground } = this.work;
    const { state, radius, shard } = await ground();
    const orders = radius.symbols.map((symbol) => probe.send(symbol));
    await isSoWithin(options.abortAfterMs, async () => {
      throwIfInterrupted(this.signal);
      return orders.every(
        ({ endedMs, refusal, answer }) =>
          endedMs !== null || refusal !== null || (answer !== null && answer.code !== "OK"),
      );
    });
    for (const { symbol, endedMs, answer, refusal } of orders) {
      if (endedMs === null) {
        const why =
          refusal ??
          (answer && answer.code !== "OK" ? `${answer.code}: ${answer.message}` : "no answer");
        throw new CliError(
          "PROBE_UNANSWERED",
          `the probe's first order for ${symbol} came to nothing (${why})`,
        );
      }
      const { token } = actorOf(state, shard);
      if (answer!.token !== token) {
        throw new CliError(
          "OTHER_EXCHANGE",
          `${shard} answers at the gateway under token ${answer!.token}, and has token ${token} in the database: ` +
            "they are of two exchanges, or it was moved just now",
        );
      }
    }
  }

  /** Gives why no other round may follow; undefined: it may. */
  private async round(number: number): Promise<string | undefined> {
    const { drill, options, probe, run } = this.work;
    const ground = await this.work.ground();
    const plan = planWithin(drill, ground, number);
    const text = textOf(plan);
    const title = `round ${number} of ${options.rounds}`;
    run.log(`${title}: ${planLines(text).join("; ")}`);
    const watch = this.watch(ground, plan);
    const begunMs = performance.now();
    const spanNow = () => ({
      begunMs,
      struckMs: begunMs + USUAL_MS,
      untilMs: performance.now(),
    });
    probe.play(plan.symbols, drill.pace);
    try {
      await this.pause(USUAL_MS);
      const { struck, notUndone } = await this.strikeAndUndo(plan);
      await this.pause(AFTER_MS);
      const span = spanNow();
      const hasEnded = await probe.rest(options.abortAfterMs);
      const samples = { ...this.samples(plan, span), ...struck.samples };
      this.rounds.push({ ...struck, plan: text, span, samples });
      run.log(`${title}: ${[struck.summary, ...struck.failures].join("; ")}`);
      return hasEnded ? notUndone[0] : unanswered(options.abortAfterMs);
    } catch (error) {
      this.unfinished = { plan: text, span: spanNow() };
      throw error;
    } finally {
      watch.end();
    }
  }

  private async strikeAndUndo(plan: Plan): Promise<{ struck: Struck; notUndone: string[] }> {
    const { undo } = this.work.run;
    const { mark } = undo;
    let notUndone: string[] = [];
    let struck: Struck;
    try {
      struck = await plan.strike(this.stage());
    } finally {
      notUndone = await undo.run(mark);
    }
    return { struck, notUndone };
  }

  private stage(): Stage {
    const { target, probe, options, run } = this.work;
    return {
      operator: new Operator(target, run.undo, this.signal),
      probe,
      address: options.against,
      pause: (ms) => this.pause(ms),
      isSo: (limitMs, accepts) =>
        isSoWithin(limitMs, async () => {
          throwIfInterrupted(this.signal);
          return accepts();
        }),
    };
  }

  private pause(ms: number): Promise<void> {
    return unlessInterrupted(this.signal, sleep(ms));
  }

  private watch({ state }: Ground, plan: Plan): Watch {
    const { target, probe, options } = this.work;
    return new Watch({
      cluster: target.cluster,
      probe,
      abortAfterMs: options.abortAfterMs,
      before: state,
      mayChange: new Set(plan.actors),
      abort: (reason) => {
        this.logEnd(reason);
        this.ownAbort.abort(reason);
      },
    });
  }

  private logEnd(reason: string): void {
    this.work.run.log(`ending the drill: ${reason}`);
  }

  /** What is measured in every round, whatever is done. */
  private samples({ symbols }: Plan, span: RoundSpan) {
    const { orders, heardMs } = this.work.probe;
    const { struckMs, untilMs } = span;
    const since = orders.filter(({ sentMs }) => sentMs >= struckMs && sentMs < untilMs);
    const durations = (of: "acceptedMs" | "endedMs") =>
      since.flatMap((order) => (order[of] === null ? [] : [order[of] - order.sentMs]));
    return {
      ...pausesOf(symbols, span, heardMs),
      accepted: durations("acceptedMs"),
      ended: durations("endedMs"),
    };
  }

  private noteOrders(): void {
    const { target, probe, options, run } = this.work;
    const { account } = options;
    run.undo.note({
      what: `orders of account ${account} open`,
      byHand: commandThrough(options.against, `cancel-all ${account}`),
      async undo() {
        if (await probe.rest(options.abortAfterMs)) return;
        await target.client.cancelAll({ account });
      },
      isUndone: async () => (await target.client.openOrders(account)).length === 0,
    });
  }
}

function messageOf(error: unknown): string[] {
  return [error instanceof Error ? error.message : String(error)];
}
