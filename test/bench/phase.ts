/** One phase of a benchmark: load processes that send to an exchange for some time, and what came of it. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Latencies } from "../../services/participants/latencies.js";
import { LoadProcess, type LoadResult } from "../../chaos/load/process.js";
import { untilQuiet } from "../../chaos/quiet.js";
import type { Scene } from "../../chaos/scene.js";
import { cpuBetween, cpuTimes } from "./cpu.js";
import { type Families, familiesOf, memoryOf } from "./memory.js";
import { hundredths, thousandths } from "./rounding.js";
import { costBetween, countersOf, type ServersCost } from "./servers-cost.js";
import { type Waits, waitsOf } from "./waits.js";
import { wakesBetween, wakesOf } from "./wakes.js";
import { writtenBetween, writtenBytes } from "./written.js";

/** Of all load processes together, unless a phase says otherwise. */
export const ACCOUNTS = 1_000;
/** Where no number means anything: to open and fund the others takes longer than such a run. */
export const SHORT_ACCOUNTS = 100;
const FIRST_ACCOUNT = 1_000;
const LOAD_PROCESSES = 2;
const QUIET_LIMIT_MS = 60_000;
/** In an open loop latencies count after so long, when the code of the new load processes is compiled. */
export const LEAD_IN_SECONDS = 1;
const MS_PER_SECOND = 1_000;
const MICROSECONDS_PER_SECOND = 1_000_000;
const BYTES_PER_MIB = 1_048_576;

export interface Phase {
  /** Stands in the client order ids: two phases on one exchange have two names. */
  readonly name: string;
  readonly seconds: number;
  /** Of all processes together; 0 saturates. */
  readonly ordersPerSecond: number;
  /** Orders without a report at once, of all processes together, when saturating. */
  readonly window: number;
  /** When saturating, never more than this rate, of all processes together. */
  readonly atMostPerSecond?: number;
  readonly accounts?: number;
  /** How many symbols an account owns and trades; absent: all. */
  readonly symbolsPerAccount?: number;
  readonly firstAccount?: number;
  /** Milliseconds from one look at what is due, or what there is room for, to the next; absent: one. */
  readonly paceMs?: number;
  /** Order-entry streams of each process; absent: one. */
  readonly streams?: number;
  /** From when latencies count; absent: from when orders were due. */
  readonly timedFrom?: "due" | "sent";
  /** How long orders are sent before latencies count; of the time above. */
  readonly leadInSeconds?: number;
  /** Do the load processes keep when each order was sent and answered? */
  readonly keepsMoments?: boolean;
  /** Where the clients write down what they are told; absent: nowhere. */
  readonly logs?: string;
}

/** What one phase measured. */
export interface PhaseReport extends ServersCost, Waits {
  readonly seconds: number;
  /** Orders that were due a second; 0: as many as the window let. */
  readonly offeredPerSecond: number;
  /** Orders whose client received their final or resting report while orders were being sent, a second. */
  readonly ordersPerSecond: number;
  /** Of an open loop's orders that were due a moment before the end, those that were reported by then; null: none was due. */
  readonly reportedShare: number | null;
  readonly orders: number;
  readonly fills: number;
  /** As clients are told of them: two of each trade. */
  readonly fillsPerOrder: number;
  /** Of the crossing orders that were accepted, those that met somebody; null: there were none. */
  readonly crossingTradedShare: number | null;
  readonly cancels: number;
  readonly crossingShare: number;
  readonly cancelShare: number;
  /** Commands of one message of an order-entry stream, and bytes of such a message for each of them. */
  readonly commandsPerMessage: number;
  readonly bytesPerCommand: number;
  /** Orders that the ledger did not accept (they count as reported), and those that a gateway did not take. */
  readonly rejected: number;
  readonly refused: number;
  readonly unreported: number;
  /** Orders that the load processes sent late, or not at all: by their own fault, and because their streams were lost. */
  readonly lateSends: number;
  readonly dueWhileLost: number;
  readonly inboxesEmptyMs: number;
  /** Processor time per reported order, in microseconds; empty where none was. */
  readonly cpuMicrosecondsPerOrder: Readonly<Record<string, number>>;
  /** What each process handed to the kernel by calls to write, per reported order; without those that cannot be looked at. */
  readonly writtenBytesPerOrder: Readonly<Record<string, number>>;
  /** How often each process was woken, its threads together, per reported order; without those that cannot be looked at. */
  readonly wakesPerOrder: Readonly<Record<string, number>>;
  /** Resident when the last order was sent. */
  readonly rssMib: Readonly<Record<string, number>>;
}

/** What is looked at while a phase goes on. */
interface Looked {
  readonly cpu: ReadonlyMap<string, number>;
  readonly written: ReadonlyMap<string, number>;
  readonly wakes: ReadonlyMap<string, number>;
  readonly rssMib: Readonly<Record<string, number>>;
  readonly inboxesEmptyMs: number;
}

/** Looks at an exchange while orders are sent to it. */
export interface Onlooker {
  /** Orders are sent from now on; `sent`: how many were, as of the last second. */
  begin(sent: () => number): void;
  /** No more are; or a phase could not be done to its end, begun or not. */
  end(): void;
}

/** Sends for the time of the phase, then waits until everything is reported and taken. */
export async function runPhase(
  scene: Scene,
  phase: Phase,
  onlooker?: Onlooker,
): Promise<PhaseReport> {
  const loads = startLoads(scene, phase);
  try {
    await Promise.all([...loads.values()].map((load) => load.ready()));
    const pids = new Map([...loads].map(([name, load]) => [name, load.pid]));
    const before = await countersOf(scene);
    const familiesBefore = familiesOf(scene.exchange, pids);
    const writtenBefore = writtenBytes(familiesBefore);
    const wakesBefore = wakesOf(familiesBefore);
    const cpuBefore = cpuTimes(scene.exchange, pids);
    for (const load of loads.values()) load.go();
    onlooker?.begin(() => sentBy(loads));
    await sleep(phase.seconds * MS_PER_SECOND);
    for (const load of loads.values()) load.stop();
    await Promise.all([...loads.values()].map((load) => load.stopped()));
    onlooker?.end();
    const cpu = cpuBetween(cpuBefore, cpuTimes(scene.exchange, pids));
    const familiesAfter = familiesOf(scene.exchange, pids);
    const written = writtenBetween(writtenBefore, writtenBytes(familiesAfter));
    const wakes = wakesBetween(wakesBefore, wakesOf(familiesAfter));
    const rssMib = rssOf(familiesAfter);
    const inboxesEmptyMs = await untilQuiet(scene, QUIET_LIMIT_MS);
    const results = await Promise.all([...loads.values()].map((load) => load.result()));
    const measured = summary(phase, results, { cpu, written, wakes, rssMib, inboxesEmptyMs });
    const after = await countersOf(scene);
    return { ...measured, ...costBetween(before, after, measured.orders) };
  } finally {
    onlooker?.end();
    for (const load of loads.values()) load.kill();
  }
}

function sentBy(loads: ReadonlyMap<string, LoadProcess>): number {
  return [...loads.values()].reduce((sum, { counts }) => sum + (counts?.submitted ?? 0), 0);
}

/** The load processes of a phase by name, not told to go yet. */
export function startLoads(scene: Scene, phase: Phase): Map<string, LoadProcess> {
  const loads = new Map<string, LoadProcess>();
  const accounts = (phase.accounts ?? ACCOUNTS) / LOAD_PROCESSES;
  for (let index = 0; index < LOAD_PROCESSES; index++) {
    const name = `${phase.name}${index + 1}`;
    const request = {
      grpc: scene.exchange.grpc,
      name,
      seed: index + 1,
      firstAccount: (phase.firstAccount ?? FIRST_ACCOUNT) + index * accounts,
      accounts,
      symbols: scene.symbols,
      symbolsPerAccount: phase.symbolsPerAccount ?? 0,
      ordersPerSecond: partOf(phase.ordersPerSecond, index),
      window: phase.window / LOAD_PROCESSES,
      atMostPerSecond: partOf(phase.atMostPerSecond ?? 0, index),
      leadInSeconds: phase.leadInSeconds ?? 0,
      paceMs: phase.paceMs ?? 1,
      streams: phase.streams ?? 1,
      timedFrom: phase.timedFrom ?? "due",
      keepsMoments: phase.keepsMoments ?? false,
      ...(phase.logs !== undefined && { logFile: join(phase.logs, `${name}.jsonl`) }),
    };
    loads.set(`load-${index + 1}`, new LoadProcess(request));
  }
  return loads;
}

/** Of a rate, by each load process; they add up to it. Zero has a meaning of its own, so a part of a rate is never zero. */
export function partOf(rate: number, index: number): number {
  return rate === 0 ? 0 : Math.max(1, Math.floor((rate + index) / LOAD_PROCESSES));
}

/** In MiB by name. */
export function rssOf(families: Families): Record<string, number> {
  const memory = memoryOf(families);
  const inMib = [...memory].map(([name, { rssBytes }]) => [
    name,
    hundredths(rssBytes / BYTES_PER_MIB),
  ]);
  return Object.fromEntries(inMib);
}

function summary(
  phase: Phase,
  results: readonly LoadResult[],
  { cpu, written, wakes, rssMib, inboxesEmptyMs }: Looked,
): Omit<PhaseReport, keyof ServersCost> {
  const total = (value: (result: LoadResult) => number) =>
    results.reduce((sum, result) => sum + value(result), 0);
  const accept = merged(results.map((result) => result.acceptLatency));
  const fill = merged(results.map((result) => result.fillLatency));
  const seconds = Math.max(...results.map((result) => result.seconds));
  const inTime = total((result) => result.reportedInTime);
  const orders = total((result) => result.submitted);
  const cancels = total((result) => result.cancels);
  const fills = total((result) => result.fills);
  const timed = total((result) => result.timed);
  const dueEarly = total((result) => result.dueEarly);
  const reportedOfDueEarly = total((result) => result.reportedOfDueEarly);
  const crossingAccepted = total((result) => result.crossingAccepted);
  const crossingTraded = total((result) => result.crossingTraded);
  return {
    seconds: hundredths(seconds),
    offeredPerSecond: phase.ordersPerSecond,
    ordersPerSecond: Math.round(inTime / seconds),
    reportedShare: dueEarly === 0 ? null : thousandths(reportedOfDueEarly / dueEarly),
    ...waitsOf(accept, fill, timed),
    orders,
    fills,
    fillsPerOrder: ratio(fills, orders),
    crossingTradedShare:
      crossingAccepted === 0 ? null : thousandths(crossingTraded / crossingAccepted),
    cancels,
    crossingShare: hundredths(total((result) => result.crossing) / orders),
    cancelShare: hundredths(cancels / (orders + cancels)),
    commandsPerMessage: ratio(
      total(({ sent }) => sent.commands),
      total(({ sent }) => sent.messages),
    ),
    bytesPerCommand: ratio(
      total(({ sent }) => sent.sampledBytes),
      total(({ sent }) => sent.sampledCommands),
    ),
    rejected: total((result) => result.rejected),
    refused: total((result) => result.refused),
    unreported: total((result) => result.unreported),
    lateSends: total((result) => result.lateSends),
    dueWhileLost: total((result) => result.dueWhileLost),
    inboxesEmptyMs: Math.round(inboxesEmptyMs),
    cpuMicrosecondsPerOrder: shares(cpu, inTime, hundredths),
    writtenBytesPerOrder: shares(written, inTime, Math.round),
    wakesPerOrder: shares(wakes, inTime, hundredths),
    rssMib,
  };
}

/** By name, of each order; empty where there was none. */
function shares(
  totals: ReadonlyMap<string, number>,
  orders: number,
  round: (share: number) => number,
): Record<string, number> {
  if (orders === 0) return {};
  return Object.fromEntries([...totals].map(([name, total]) => [name, round(total / orders)]));
}

function merged(encoded: readonly string[]): Latencies {
  const all = new Latencies();
  for (const each of encoded) all.add(new Latencies(each));
  return all;
}

/** What was at least a lead-in after the first of its kind; times are microseconds. */
export function afterLeadIn<T>(all: readonly T[], atMicros: (each: T) => number): T[] {
  const first = all.reduce((least, each) => Math.min(least, atMicros(each)), Infinity);
  const from = first + LEAD_IN_SECONDS * MICROSECONDS_PER_SECOND;
  return all.filter((each) => atMicros(each) >= from);
}

function ratio(part: number, of: number): number {
  return of === 0 ? 0 : hundredths(part / of);
}
