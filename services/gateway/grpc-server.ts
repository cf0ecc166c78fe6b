/** The gRPC server: the exchange's services, health and reflection. On loopback only, until there is authentication. */
import { type AddressInfo, createServer, type Server as TcpServer } from "node:net";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import {
  AccountServiceService,
  InstrumentServiceService,
  MarketServiceService,
  OrderServiceService,
  SurveillanceServiceService,
  TimeServiceService,
} from "../../proto/gen/exchange/v1/exchange.js";
import { portError } from "../common/http.js";
import { decodeEntryRequest, tolerant } from "./decode.js";
import { CALLS_PER_CONNECTION_MAX, CONNECTIONS_MAX, MESSAGE_BYTES_MAX } from "./limits.js";
import * as metrics from "./metrics.js";
import { addReflection } from "./reflection.js";

const LOOPBACK = "127.0.0.1";

/** The whole server, as the health service calls it. */
const WHOLE_SERVER = "";
const SERVICES = ["Instrument", "Account", "Order", "Market", "Surveillance", "Time"].map(
  (name) => `exchange.v1.${name}Service`,
);

export interface ServiceHandlers {
  readonly instruments: UntypedServiceImplementation;
  readonly accounts: UntypedServiceImplementation;
  readonly orders: UntypedServiceImplementation;
  readonly markets: UntypedServiceImplementation;
  readonly surveillance: UntypedServiceImplementation;
  readonly time: UntypedServiceImplementation;
}

export class GrpcServer {
  private readonly server: Server;
  /** The library's own would take any number of connections. */
  private readonly tcp: TcpServer;
  private open = 0;
  private readonly health: HealthImplementation;

  constructor(handlers: ServiceHandlers) {
    this.server = new Server({
      "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
      "grpc.max_concurrent_streams": CALLS_PER_CONNECTION_MAX,
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
    });
    const taken = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    this.tcp = createServer({ noDelay: true }, (socket) => {
      this.open += 1;
      socket.on("close", () => (this.open -= 1));
      taken.injectConnection(socket);
    });
    this.tcp.maxConnections = CONNECTIONS_MAX;
    this.tcp.on("drop", () => metrics.connectionsRefused.inc());
    const { orderEntry } = OrderServiceService;
    const orders = {
      ...OrderServiceService,
      orderEntry: { ...orderEntry, requestDeserialize: decodeEntryRequest },
    };
    this.server.addService(tolerant(InstrumentServiceService), handlers.instruments);
    this.server.addService(tolerant(AccountServiceService), handlers.accounts);
    this.server.addService(tolerant(orders), handlers.orders);
    this.server.addService(tolerant(MarketServiceService), handlers.markets);
    this.server.addService(tolerant(SurveillanceServiceService), handlers.surveillance);
    this.server.addService(tolerant(TimeServiceService), handlers.time);
    this.health = new HealthImplementation(
      Object.fromEntries([WHOLE_SERVER, ...SERVICES].map((name) => [name, "SERVING" as const])),
    );
    this.health.addToServer(this.server);
    addReflection(this.server);
  }

  get connections(): number {
    return this.open;
  }

  /** Listens on loopback; 0 takes any free port. Gives the port; throws `PortError`. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.tcp.on("error", (error) => reject(portError("gRPC", port, error)));
      this.tcp.listen(port, LOOPBACK, () => resolve((this.tcp.address() as AddressInfo).port));
    });
  }

  /** Tells those who watch that no new calls are wanted. */
  stopServing(): void {
    for (const name of [WHOLE_SERVER, ...SERVICES]) this.health.setStatus(name, "NOT_SERVING");
  }

  /** Lets calls end by themselves for so long, and ends what is left then. */
  async close(limitMs: number): Promise<void> {
    this.tcp.close();
    const timer = setTimeout(() => this.server.forceShutdown(), limitMs);
    await new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    clearTimeout(timer);
  }
}
