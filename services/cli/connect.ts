/** A client of the running exchange, for one command. */
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../client/exchange-client.js";
import { CliError } from "./cli-error.js";
import { gatewayOf, type Whereabouts } from "./whereabouts.js";

export async function withClient<T>(
  where: Whereabouts,
  work: (client: ExchangeClient) => Promise<T>,
): Promise<T> {
  const client = await connectTo(gatewayOf(where));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Resolves as soon as the gateway answers. Rejects with `CliError` when it does not. */
export async function connectTo(address: string): Promise<ExchangeClient> {
  const client = ExchangeClient.connect(address, { accounts: "all" });
  try {
    await client.ready();
    return client;
  } catch (error) {
    client.close();
    throw new CliError(
      "GATEWAY_UNREACHABLE",
      `no gateway answers at ${address} (${(error as Error).message}); see that it runs, and that this is its gRPC address`,
    );
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
