/** A running exchange as a drill meets it: a gateway for clients, and what operators see and wish of its nodes. */
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "../../services/cli/cli-error.js";
import { Cluster } from "../../services/cli/cluster.js";
import { connectTo } from "../../services/cli/connect.js";
import { expectSameExchange, identityAt } from "../../services/cli/same-exchange.js";
import { addressOf, type FoundPlaces, placesOf } from "../../services/cli/whereabouts.js";
import type { ExchangeClient } from "../../services/client/exchange-client.js";

const TOO_OLD =
  "the gateway does not say which exchange it serves, as it is of an earlier version. Nothing was done. Update it, or name another";

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
      // What is wished in another exchange's etcd would strike that one.
      const identity = await identityAt(places.urls.postgres);
      const said = await client.exchange();
      if (said === "") throw new CliError("GATEWAY_TOO_OLD", TOO_OLD);
      expectSameExchange("the gateway", said, identity);
      await cluster.look();
      return new Target(address, { client, cluster, places }, await client.listInstruments());
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
