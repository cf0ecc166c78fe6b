/** A client of the running exchange, for one command. */
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../client/exchange-client.js";
import { CliError } from "./cli-error.js";
import { dataDirectory, readRunFile } from "./run-file.js";

export async function withClient<T>(
  dataDir: string | undefined,
  work: (client: ExchangeClient) => Promise<T>,
): Promise<T> {
  const { grpc } = readRunFile(dataDirectory(dataDir));
  const client = ExchangeClient.connect(grpc, { accounts: "all" });
  try {
    await client.ready();
    return await work(client);
  } finally {
    client.close();
  }
}

/** Throws `CliError` that lists what there is. */
export async function instrumentOf(client: ExchangeClient, symbol: string): Promise<Instrument> {
  const instruments = await client.listInstruments();
  const found = instruments.find((each) => each.symbol === symbol);
  if (found) return found;
  const known = instruments.map((each) => each.symbol).join(", ");
  throw new CliError("UNKNOWN_SYMBOL", `there is no ${symbol}; there are: ${known}`);
}
