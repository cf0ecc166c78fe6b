import type { PhaseReport } from "../bench/phase.js";

/** Of an open loop that went well, for ten seconds. */
export function phaseReport(
  offeredPerSecond: number,
  changed: Partial<PhaseReport> = {},
): PhaseReport {
  return {
    seconds: 10,
    offeredPerSecond,
    ordersPerSecond: offeredPerSecond,
    reportedShare: 1,
    acceptMsP50: 5,
    acceptMsP99: 20,
    accepted99PercentMs: 20,
    fillMsP50: 10,
    fillMsP99: 40,
    orders: offeredPerSecond * 10,
    fills: offeredPerSecond * 10,
    fillsPerOrder: 1,
    crossingTradedShare: 1,
    cancels: offeredPerSecond * 4,
    crossingShare: 0.5,
    cancelShare: 0.29,
    commandsPerMessage: 1,
    bytesPerCommand: 60,
    rejected: 0,
    refused: 0,
    unreported: 0,
    lateSends: 0,
    dueWhileLost: 0,
    inboxesEmptyMs: 50,
    cpuMicrosecondsPerOrder: {},
    writtenBytesPerOrder: {},
    rssMib: {},
    walBytesPerOrder: 2_000,
    rowsWrittenPerOrder: {},
    batchesPerOrder: {},
    commandsPerBatch: {},
    ...changed,
  };
}
