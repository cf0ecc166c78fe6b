/** A running exchange as a drill meets it: a gateway for clients, and what operators see and wish of its nodes. */
import { decodeSymbol, kindOfName, marketName } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "../../services/cli/cli-error.js";
import { Cluster, type ClusterPlaces, type ClusterState } from "../../services/cli/cluster.js";
import { dataDirectory, isRunning, readRunFile } from "../../services/cli/run-file.js";
import { ExchangeClient } from "../../services/client/exchange-client.js";
import { loadConfig } from "../../services/common/config.js";

const ADDRESS = /^[A-Za-z0-9._-]+:[1-9]\d{0,4}$/;

export class Target {
  /** The gateway's, as host:port. */
  readonly address: string;
  readonly client: ExchangeClient;
  readonly cluster: Cluster;
  readonly places: ClusterPlaces;
  readonly instruments: ReadonlyMap<string, Instrument>;

  private constructor(
    address: string,
    connections: Pick<Target, "client" | "cluster" | "places">,
    instruments: readonly Instrument[],
  ) {
    this.address = address;
    this.client = connections.client;
    this.cluster = connections.cluster;
    this.places = connections.places;
    this.instruments = new Map(instruments.map((each) => [each.symbol, each]));
  }

  /** Connects to the gateway and to what operators look at; both have to be of one exchange. */
  static async reach(address: string, dataDir: string | undefined): Promise<Target> {
    if (!ADDRESS.test(address)) {
      throw new CliError(
        "NOT_AN_ADDRESS",
        `--against is "${address}"; it is the gateway's gRPC address, like 127.0.0.1:41537`,
      );
    }
    const client = ExchangeClient.connect(address, { accounts: "all" });
    let cluster: Cluster | undefined;
    try {
      // Whoever mistypes the address is told so, before it is asked where else to look.
      await ready(client, address);
      const places = placesOf(address, dataDir);
      cluster = new Cluster(places);
      const instruments = await client.listInstruments();
      agree(instruments, await cluster.look(), places);
      return new Target(address, { client, cluster, places }, instruments);
    } catch (error) {
      client.close();
      await cluster?.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.client.close();
    await this.cluster.close();
  }
}

/** From the run file where the exchange runs on this machine, else from the settings that its processes have, too. */
function placesOf(address: string, dataDir: string | undefined): ClusterPlaces {
  const directory = dataDirectory(dataDir);
  if (isRunning(directory)) {
    const run = readRunFile(directory);
    if (run.grpc === address) return run;
  }
  const { values, sources } = loadConfig();
  if (sources.etcdUrl !== "default" && sources.postgresUrl !== "default") {
    return { urls: { etcd: values.etcdUrl, postgres: values.postgresUrl }, processes: [] };
  }
  throw new CliError(
    "OPERATOR_ADDRESSES_MISSING",
    `a gateway does not say who leads what, and no exchange with the gateway ${address} runs on ${directory}. ` +
      "Name its folder by --data-dir, or set PALISADE_ETCD_URL and PALISADE_POSTGRES_URL as its nodes have them",
  );
}

async function ready(client: ExchangeClient, address: string): Promise<void> {
  try {
    await client.ready();
  } catch (error) {
    throw new CliError(
      "GATEWAY_UNREACHABLE",
      `no gateway answers at ${address} (${(error as Error).message})`,
    );
  }
}

/** What is wished in another exchange's etcd would strike that one. */
function agree(
  instruments: readonly Instrument[],
  { actors }: ClusterState,
  { urls }: ClusterPlaces,
): void {
  const traded = instruments.map(({ symbol }) => marketName(symbol));
  const led = actors.map(({ actor }) => actor).filter((actor) => kindOfName(actor) === "market");
  const odd = [
    ...traded.filter((each) => !led.includes(each)),
    ...led.filter((each) => !traded.includes(each)),
  ];
  if (odd.length === 0) return;
  throw new CliError(
    "OTHER_EXCHANGE",
    `the gateway and the database are not of one exchange: only one of them has ${odd.map(decodeSymbol).join(", ")}. ` +
      `Look at PALISADE_ETCD_URL (${urls.etcd}) and PALISADE_POSTGRES_URL`,
  );
}
