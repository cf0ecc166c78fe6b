/**
 * What a failure costs: leaders killed and moved under load by the drills' own code, a market with a large book taken over
 * cold and warm, and a node killed that leads a third of a thousand markets.
 */
import { runDrill } from "../../chaos/drill.js";
import type { DrillReport } from "../../chaos/report.js";
import { type CrowdReport, measureCrowd } from "./crowd.js";
import { type LargeBookReport, measureLargeBook } from "./large-book.js";
import { type Machine, machineOf } from "./machine.js";
import { below, type Target } from "./targets.js";

export interface FailoverOptions {
  /** Small sizes, for tests: they show that it works, and no number of it means anything. */
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

const TARGETS = {
  killMsP99: 500,
  moveMsP99: 50,
  coldRecovery1MSeconds: 3,
  warmRecovery1MMs: 500,
} as const;

interface Sizes {
  readonly killRounds: number;
  readonly moveRounds: number;
  readonly restingOrders: number;
  readonly recoveryRounds: number;
  readonly markets: number;
  readonly idleMs: number;
}

const FULL: Sizes = {
  killRounds: 50,
  moveRounds: 50,
  restingOrders: 1_000_000,
  recoveryRounds: 3,
  markets: 1_000,
  idleMs: 30_000,
};

const SHORT: Sizes = {
  killRounds: 1,
  moveRounds: 1,
  restingOrders: 20_000,
  recoveryRounds: 1,
  markets: 12,
  idleMs: 1_000,
};

export interface FailoverReport extends LargeBookReport, CrowdReport {
  readonly name: "failover";
  /** Was it only tried? Then none of its numbers means anything. */
  readonly short: boolean;
  /** From the kill to a client's receipt of the first fill of an order sent after it. */
  readonly killMsP50: number;
  readonly killMsP99: number;
  /** Without matching, around a planned move of a market or of a ledger shard. */
  readonly moveMsP50: number;
  readonly moveMsP99: number;
  readonly killRounds: number;
  readonly moveRounds: number;
  /** Of no disk: each exchange has servers of its own. */
  readonly machine: Machine;
  readonly targets: readonly Target[];
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Measures exchanges that it starts, one after the other. */
export async function runFailover(options: FailoverOptions = {}): Promise<FailoverReport> {
  const { short = false, log = () => {} } = options;
  const sizes = short ? SHORT : FULL;
  const kill = await runDrill("kill-leader", { rounds: sizes.killRounds, log });
  const move = await runDrill("move-leader", { rounds: sizes.moveRounds, log });
  const book = await measureLargeBook(sizes.restingOrders, sizes.recoveryRounds, log);
  const crowd = await measureCrowd(sizes.markets, sizes.idleMs, log);
  const failures = [kill, move].flatMap(failuresOf);
  const measured = {
    killMsP50: kill["resumeMsP50"]!,
    killMsP99: kill["resumeMsP99"]!,
    moveMsP50: move["gapMsP50"]!,
    moveMsP99: move["gapMsP99"]!,
    ...book,
  };
  return {
    name: "failover",
    short,
    ...measured,
    ...crowd,
    killRounds: sizes.killRounds,
    moveRounds: sizes.moveRounds,
    machine: machineOf(undefined),
    targets: Object.entries(TARGETS).map(([name, wanted]) =>
      below(name, wanted, measured[name as keyof typeof TARGETS]),
    ),
    failures,
    ok: failures.length === 0,
  };
}

function failuresOf({ name, ok, failures }: DrillReport): string[] {
  return ok ? [] : [`${name} failed`, ...failures.map((failure) => `${name}: ${failure}`)];
}
