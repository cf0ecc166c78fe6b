/** `start`: runs the exchange on this machine, with participants that trade, until it is told to stop. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChecker } from "../../chaos/run-checker.js";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { audit } from "../audit/audit.js";
import { ExchangeClient } from "../client/exchange-client.js";
import { describeConfig, type LoadedConfig, loadConfig } from "../common/config.js";
import { SETTINGS } from "../common/settings.js";
import { INSTRUMENTS } from "../participants/instruments.js";
import { Participants } from "../participants/participants.js";
import { type Exchange, POSTGRES_INSTANCES_MAX, startExchange } from "../supervisor/exchange.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { EXIT_FAILED, EXIT_INTERRUPTED } from "./exit-codes.js";
import { printJson, progress } from "./output.js";
import { dataDirectory, removeRunFile, writeRunFile } from "./run-file.js";
import { onParentGone } from "./parent-gone.js";
import { Status } from "./status.js";
import { ENDING_SIGNALS } from "../common/signals.js";

export interface StartOptions {
  readonly fresh?: boolean;
  readonly dataDir?: string;
  /** Runs that long (`20s`, `5m`), audits, and ends. */
  readonly for?: string;
  /** How many PostgreSQL instances. */
  readonly postgresInstances?: string;
  readonly json?: boolean;
  /** Says what is set, and starts nothing. */
  readonly printConfig?: boolean;
}

/** What no process of an exchange that is started here is given. */
const OF_SINGLE_PROCESSES = [
  "natsUrl",
  "etcdUrl",
  "postgresUrl",
  "httpPort",
  "node",
  "slot",
  "peerListen",
  "peerPort",
  "peerHost",
  "weight",
  "inboxMib",
  "leaseTtlSeconds",
] as const;
/** Signals within so long are one wish to end. */
const SAME_SIGNAL_MS = 1_000;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** What `--for` ends with, as one line of JSON. */
interface StartReport {
  readonly orders: number;
  readonly fills: number;
  readonly ordersPerSecond: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly conserved: boolean;
  readonly leaders: Readonly<Record<string, { readonly node: string; readonly token: number }>>;
}

/** Resolves to the exit code when the exchange has stopped. */
export async function start(options: StartOptions): Promise<number> {
  const runMs = options.for === undefined ? undefined : duration(options.for);
  if (options.json && runMs === undefined && !options.printConfig) {
    throw new CliError(
      "JSON_WITHOUT_END",
      "--json is what a run ends with; give it an end: --for 20s",
    );
  }
  const flags = options.dataDir === undefined ? {} : { dataDir: options.dataDir };
  const config = loadConfig(process.env, flags);
  if (options.printConfig) process.stdout.write(`${describeConfig(config)}\n`);
  for (const name of OF_SINGLE_PROCESSES) {
    if (config.sources[name] === "default") continue;
    progress(
      `${SETTINGS[name].variable} is for single processes; start runs its own and passes it over`,
    );
  }
  if (options.printConfig) return 0;
  const interrupted = interruption();
  const exchange = await startExchange({
    dataDir: dataDirectory(options.dataDir),
    fresh: options.fresh ?? false,
    postgresInstances: instancesOf(options.postgresInstances),
    restartDead: true,
    log: progress,
    onChange: () => isUp && writeRunFile(exchange),
  });
  let isUp = true;
  const logs = runMs === undefined ? undefined : mkdtempSync(join(tmpdir(), "palisade-clients-"));
  let participants: Participants | undefined;
  try {
    writeRunFile(exchange);
    const instruments = await list(exchange);
    participants = await trade(exchange, instruments, config, logs);
    addresses(exchange);
    const status = new Status(exchange, participants, options.json !== true);
    await Promise.race([interrupted, ...(runMs === undefined ? [] : [pause(runMs)])]);
    const seconds = status.stop();
    if (logs === undefined) return 0;
    progress("the flow stops; waiting for the last reports");
    return await judge(exchange, participants, seconds, logs, options);
  } finally {
    isUp = false;
    participants?.close();
    progress("draining and stopping everything");
    removeRunFile(exchange.dataDir);
    await exchange.stop();
    if (logs !== undefined) rmSync(logs, { recursive: true, force: true });
    progress("stopped");
  }
}

async function list(exchange: Exchange): Promise<Instrument[]> {
  progress(`listing ${INSTRUMENTS.map(({ symbol }) => symbol).join(", ")}`);
  const client = ExchangeClient.connect(exchange.grpc, { accounts: "all" });
  try {
    await client.ready();
    // What is listed already stays as it is: it may be of another time.
    const listed = new Map((await client.listInstruments()).map((each) => [each.symbol, each]));
    return await Promise.all(
      INSTRUMENTS.map(async (each) => listed.get(each.symbol) ?? client.createInstrument(each)),
    );
  } finally {
    client.close();
  }
}

async function trade(
  exchange: Exchange,
  instruments: readonly Instrument[],
  { values }: LoadedConfig,
  logs: string | undefined,
): Promise<Participants> {
  progress("opening and funding the participants' accounts");
  const participants = await Participants.open({
    grpc: exchange.grpc,
    instruments,
    ordersPerSecond: values.flowOrdersPerSecond,
    seed: values.flowSeed,
    ...(logs === undefined ? {} : { logFile: join(logs, "participants.jsonl") }),
  });
  if (values.flowOrdersPerSecond > 0) participants.start();
  return participants;
}

function addresses(exchange: Exchange): void {
  const gateway = exchange.process("gateway-1");
  progress(`
  gRPC        ${exchange.grpc}
  WebSocket   ${exchange.ws}
  metrics     http://127.0.0.1:${gateway.ports.http}/metrics (and of each process: ${join(exchange.dataDir, "run.json")})
  PostgreSQL  ${exchange.urls.postgres}
  NATS        ${exchange.urls.nats}
  etcd        ${exchange.urls.etcd}

  There is no authentication yet: everything listens on loopback only.
  Try: npx palisade leaders · npx palisade watch 2330.TW · npx palisade kill node-1${elsewhere(exchange.dataDir)}
  Ctrl-C drains and stops everything; the next start goes on with the same data.
`);
}

/** How other commands find an exchange that is not where they look. */
function elsewhere(dataDir: string): string {
  if (dataDir === dataDirectory()) return "";
  return `\n  Each command needs --data-dir ${dataDir}, or PALISADE_DATA_DIR to say so.`;
}

/** Waits until it is quiet, then lets the checker and the audit say what became of it all. */
async function judge(
  exchange: Exchange,
  participants: Participants,
  seconds: number,
  logs: string,
  options: StartOptions,
): Promise<number> {
  const { submitted } = participants.counts;
  const isQuiet = await participants.rest();
  participants.close();
  const checked = await runChecker(logs, exchange.urls.postgres, "any");
  const audited = await audit(exchange.urls.postgres);
  const leaders = [...(await exchange.leaders())].map(([name, leader]) => [
    decodeSymbol(name),
    leader,
  ]);
  const report: StartReport = {
    orders: submitted,
    fills: participants.trades,
    ordersPerSecond: Math.round(submitted / seconds),
    lost: checked.lost,
    duplicated: checked.duplicated,
    conserved: checked.conserved && audited.conserved,
    leaders: Object.fromEntries(leaders),
  };
  if (options.json) printJson(report);
  else progress(JSON.stringify(report, null, 2));
  for (const line of checked.examples) progress(line);
  if (audited.firstViolation) progress(JSON.stringify(audited.firstViolation));
  if (!isQuiet) progress(`${participants.tracker.outstanding} orders never had their report`);
  return isQuiet && checked.ok && audited.ok ? 0 : EXIT_FAILED;
}

const ASKED_BY = {
  SIGINT: "Ctrl-C, `npx palisade stop` or another SIGINT",
  SIGTERM: "a SIGTERM",
  SIGHUP: "the end of its terminal",
};

/**
 * Resolves on the first Ctrl-C or other such signal, and says what came. A later one ends everything at once, without draining; but
 * not one that comes right behind: npm passes on a Ctrl-C that the terminal has sent here as well.
 */
function interruption(): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const interrupt = (reason: string): void => {
      if (firstMs === undefined) progress(reason);
      firstMs ??= performance.now();
      if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
      resolve();
    };
    for (const signal of ENDING_SIGNALS) {
      process.on(signal, () => interrupt(`ending: ${ASKED_BY[signal]}`));
    }
    onParentGone(() => interrupt("ending: npm, which had started it, is gone"));
  });
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function instancesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return parseWhole(text, 1, POSTGRES_INSTANCES_MAX, "number of PostgreSQL instances");
}

/** `20s`, `5m`, `1h` in milliseconds. */
function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined || Number(number) === 0) {
    throw new CliError("NOT_A_DURATION", `--for is "${text}"; write it like 20s, 5m or 1h`);
  }
  return Number(number) * UNIT_MS[unit]!;
}
