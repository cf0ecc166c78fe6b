/**
 * A load process: `node dist/chaos/load/main.js '{"grpc":"HOST:PORT",…}'` (see `options.ts`). Says `ready` when its
 * accounts are funded, sends from when it reads `go` until it reads `rest`, says then that it has `stopped`, and what it has
 * measured when it knows; ends when it reads `stop` or its input ends.
 */
import { createInterface } from "node:readline";
import type { AccountPosition } from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../../services/client/exchange-client.js";
import { Holdings } from "./holdings.js";
import { Load } from "./load.js";
import { LoadOptions } from "./options.js";
import type { LoadLine } from "./process.js";
import { fund, subscribe, venueOf } from "../../services/participants/venue.js";

const PROGRESS_MS = 1_000;
const EXIT_FAILED = 1;

function say(line: LoadLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function fundAll(
  client: ExchangeClient,
  { firstAccount, accounts }: LoadOptions,
  { groups }: Holdings,
): Promise<AccountPosition[]> {
  const numbers = Array.from({ length: accounts }, (_, index) => firstAccount + index);
  const positions: AccountPosition[] = [];
  for (const [group, instruments] of groups.entries()) {
    const owners = numbers.filter((_, index) => index % groups.length === group);
    positions.push(...(await fund(client, owners, instruments, accounts)));
  }
  return positions;
}

async function main(): Promise<void> {
  const options = LoadOptions.parse(JSON.parse(process.argv[2] ?? "{}"));
  const client = ExchangeClient.connect(options.grpc, { accounts: "all" });
  await client.ready();
  const listed = await client.listInstruments();
  const instruments = listed.filter(({ symbol }) => options.symbols.includes(symbol));
  const holdings = new Holdings(instruments, options.symbolsPerAccount);
  const positions = await fundAll(client, options, holdings);
  const load = new Load(options, venueOf(client), holdings);
  load.subscribed(positions);
  const endSubscription = subscribe(client, positions, (events) => load.takeEvents(events));
  const progress = setInterval(() => say({ kind: "progress", counts: load.counts }), PROGRESS_MS);
  const stop = () => {
    load.halt();
    say({ kind: "stopped" });
  };
  say({ kind: "ready" });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "go") load.start();
    if (line === "rest") {
      stop();
      say({ kind: "result", result: await load.rest() });
    }
    if (line === "stop") break;
  }
  stop();
  const result = await load.stop();
  clearInterval(progress);
  endSubscription();
  client.close();
  process.stdout.write(`${JSON.stringify({ kind: "result", result })}\n`, () => process.exit(0));
}

// Whoever has started it may have ended before it: there is nobody to tell then.
process.stdout.on("error", () => process.exit(EXIT_FAILED));

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(EXIT_FAILED);
});
