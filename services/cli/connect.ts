/** How commands reach a running exchange: by the addresses they are given, else by its run file. */
import type { Command } from "commander";
import { ExchangeClient } from "../client/exchange-client.js";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "./cli-error.js";
import { closest } from "../common/closest.js";
import { dataDirectory, readRunFile } from "./run-file.js";

export interface ConnectFlags {
  readonly dataDir?: string;
  readonly grpc?: string;
  readonly json?: boolean;
}

/** Adds the options of a command that talks to the gateway. */
export function withConnection(command: Command): Command {
  return command
    .option("--grpc <host:port>", "the gateway; default: that of the exchange started here")
    .option("--data-dir <folder>", "the data directory of the exchange started here")
    .option("--json", "print one line of JSON");
}

/** Does the work with a client that may act for every account, and closes it. */
export async function withClient<T>(
  flags: ConnectFlags,
  work: (client: ExchangeClient) => Promise<T>,
): Promise<T> {
  const address = flags.grpc ?? readRunFile(dataDirectory(flags.dataDir)).grpc;
  const client = ExchangeClient.connect(address, { accounts: "all" });
  try {
    await client.ready().catch(() => {
      throw new CliError("GATEWAY_UNREACHABLE", `no gateway answers at ${address}`);
    });
    return await work(client);
  } finally {
    client.close();
  }
}

/** The definition of a symbol; an unknown one is an error that names what is near. */
export async function instrumentOf(client: ExchangeClient, symbol: string): Promise<Instrument> {
  const instruments = await client.listInstruments();
  const found = instruments.find((each) => each.symbol === symbol);
  if (found) return found;
  const symbols = instruments.map((each) => each.symbol);
  const near = closest(symbol, symbols);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are: ${symbols.join(", ")}`;
  throw new CliError("UNKNOWN_SYMBOL", `no instrument is called "${symbol}"; ${hint}`);
}
