/** What the number of symbols, or of accounts, does to a saturated exchange: a short run on a new exchange for each. */
import type { Scene } from "../../chaos/scene.js";
import { shapeOf, WARM_UP_SECONDS, WINDOW_ORDERS } from "./e2e.js";
import { type Measured, onExchange, SHAPE, type Shape, type Verdict } from "./on-exchange.js";
import { ACCOUNTS, type PhaseReport, runPhase } from "./phase.js";
import { failuresOf, leftOver } from "./phase-verdict.js";

export type SweepKind = "symbols" | "accounts";

export interface SweepOptions {
  readonly sweep: SweepKind;
  readonly seconds?: number;
  readonly nodes?: number;
  readonly ledgerShards?: number;
  readonly postgresInstances?: number;
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

const SIZES: Readonly<Record<SweepKind, readonly number[]>> = {
  symbols: [1, 10, 100, 1_000],
  accounts: [100, 1_000, 10_000, 100_000],
};
/** Were every account to own every symbol, funding would take hours. */
const SYMBOLS_PER_ACCOUNT: Readonly<Record<SweepKind, number>> = { symbols: 10, accounts: 1 };
const SECONDS_MAX = 20;
const SHORT_SECONDS = 1;
const SHORT_SIZES = 2;
/** NATS sets the whole of every inbox aside. */
const INBOX_MIB = "4";
const MANY_SYMBOLS = 100;

interface SweepRow extends PhaseReport, Measured {
  readonly accounts: number;
}

export interface SweepReport {
  readonly name: "sweep";
  readonly sweep: SweepKind;
  readonly rows: readonly (SweepRow & Verdict)[];
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Measures exchanges that it starts, one after the other. */
export async function runSweep(options: SweepOptions): Promise<SweepReport> {
  const { sweep, seconds: asked = SECONDS_MAX, short = false, log = () => {} } = options;
  const seconds = Math.min(asked, short ? SHORT_SECONDS : SECONDS_MAX);
  const rows: (SweepRow & Verdict)[] = [];
  for (const size of SIZES[sweep].slice(0, short ? SHORT_SIZES : undefined)) {
    log(`${size} ${sweep}`);
    const symbols = sweep === "symbols" ? size : SHAPE.symbols;
    const accounts = sweep === "accounts" ? size : ACCOUNTS;
    const measure = (scene: Scene) => saturate(scene, { sweep, accounts, seconds, short });
    const shape = { ...shapeOf(options), symbols, ...roomFor(symbols) };
    rows.push(await onExchange(shape, { short, log }, measure));
  }
  const failures = rows.flatMap((row) => row.failures);
  return { name: "sweep", sweep, rows, failures, ok: rows.every(({ ok }) => ok) };
}

function roomFor(symbols: number): Pick<Shape, "env"> {
  return symbols > MANY_SYMBOLS ? { env: { PALISADE_INBOX_MIB: INBOX_MIB } } : {};
}

async function saturate(
  scene: Scene,
  {
    sweep,
    accounts,
    seconds,
    short,
  }: Required<Pick<SweepOptions, "sweep" | "seconds" | "short">> & {
    readonly accounts: number;
  },
): Promise<SweepRow> {
  const symbolsPerAccount = SYMBOLS_PER_ACCOUNT[sweep];
  const load = { ordersPerSecond: 0, window: WINDOW_ORDERS, symbolsPerAccount };
  const shorter = {
    seconds: Math.min(seconds, WARM_UP_SECONDS),
    accounts: Math.min(accounts, ACCOUNTS),
  };
  const warmUp = await runPhase(scene, { name: "vw", ...load, ...shorter });
  const phase = await runPhase(scene, { name: "vs", ...load, seconds, accounts });
  const failures = [...leftOver("warm-up", warmUp), ...failuresOf("saturated", phase, short)];
  return { ...phase, accounts, short, failures };
}
