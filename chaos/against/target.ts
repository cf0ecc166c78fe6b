/** A running exchange as a drill meets it: a gateway for clients, and what operators see and wish of its nodes. */
import { decodeSymbol, kindOfName, marketName } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "../../services/cli/cli-error.js";
import { Cluster, type ClusterState } from "../../services/cli/cluster.js";
import { connectTo } from "../../services/cli/connect.js";
import { addressOf, type FoundPlaces, placesOf } from "../../services/cli/whereabouts.js";
import type { ExchangeClient } from "../../services/client/exchange-client.js";

export class Target {
  /** The gateway's, as host:port. */
  readonly address: string;
  readonly client: ExchangeClient;
  readonly cluster: Cluster;
  readonly places: FoundPlaces;
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
    // Whoever mistypes the address is told so, before it is asked where else to look.
    const client = await connectTo(addressOf(address, "--against"));
    let cluster: Cluster | undefined;
    try {
      const places = placesOf({ gateway: address, dataDir });
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

/** What is wished in another exchange's etcd would strike that one. */
function agree(
  instruments: readonly Instrument[],
  { actors }: ClusterState,
  { urls }: FoundPlaces,
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
