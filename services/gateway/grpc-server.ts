/** The gRPC server: the exchange's services, health and reflection. On loopback only, until there is authentication. */
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
import { CALLS_PER_CONNECTION_MAX, MESSAGE_BYTES_MAX } from "./limits.js";
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
  private readonly health: HealthImplementation;

  constructor(handlers: ServiceHandlers) {
    this.server = new Server({
      "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
      "grpc.max_concurrent_streams": CALLS_PER_CONNECTION_MAX,
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
    });
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

  /** Listens on loopback; 0 takes any free port. Gives the port; throws `PortError`. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const address = `${LOOPBACK}:${port}`;
      this.server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(portError("gRPC", port, asTaken(error)));
        else resolve(bound);
      });
    });
  }

  /** Tells those who watch that no new calls are wanted. */
  stopServing(): void {
    for (const name of [WHOLE_SERVER, ...SERVICES]) this.health.setStatus(name, "NOT_SERVING");
  }

  /** Lets calls end by themselves for so long, and ends what is left then. */
  async close(limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.server.forceShutdown(), limitMs);
    await new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    clearTimeout(timer);
  }
}

/** gRPC hands on the system's error as text only. */
function asTaken(error: Error): Error {
  return /EADDRINUSE/.test(error.message) ? Object.assign(error, { code: "EADDRINUSE" }) : error;
}
