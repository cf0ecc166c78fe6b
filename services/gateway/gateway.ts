/** A gateway that clients reach over gRPC: the core, and the services in front of it. */
import type { QueuesOf, QueueStates } from "../common/queues.js";
import { AccountService } from "./account-service.js";
import { ClientShares } from "./client-shares.js";
import { GatewayCore, type GatewayCoreOptions, type GatewayDependencies } from "./gateway-core.js";
import { GrpcServer } from "./grpc-server.js";
import { instrumentHandlers, timeHandlers } from "./instrument-service.js";
import { DRAIN_MS_MAX } from "./limits.js";
import { marketHandlers } from "./market-service.js";
import { OrderService } from "./order-service.js";
import type { Slot } from "./slot.js";
import { SurveillanceService } from "./surveillance-service.js";
import { unary } from "./unary.js";

export interface GatewayOptions extends GatewayCoreOptions {
  /** 0 takes any free port. */
  readonly grpcPort: number;
}

export class Gateway {
  readonly port: number;
  private readonly core: GatewayCore;
  private readonly services: Services;

  private constructor(port: number, core: GatewayCore, services: Services) {
    this.port = port;
    this.core = core;
    this.services = services;
  }

  /** Claims the slot, looks where the shards stand, and listens. */
  static async start(deps: GatewayDependencies, options: GatewayOptions): Promise<Gateway> {
    const core = await GatewayCore.start(deps, options);
    const handler = unary(deps.logger);
    const parts = { ...core.parts, shares: new ClientShares(core.parts) };
    const orders = new OrderService(core.orders, handler, parts);
    const accounts = new AccountService(core.accounts, core.reviews, handler, parts);
    const surveillance = new SurveillanceService(core.parts);
    const server = new GrpcServer({
      instruments: instrumentHandlers(core.instruments, handler),
      accounts: accounts.handlers,
      orders: orders.handlers,
      markets: marketHandlers(core.markets, handler),
      surveillance: surveillance.handlers,
      time: timeHandlers(handler, core.parts.time),
    });
    try {
      const port = await server.listen(options.grpcPort);
      return new Gateway(port, core, { orders, accounts, surveillance, server });
    } catch (error) {
      core.close();
      throw error;
    }
  }

  get slot(): Slot {
    return this.core.parts.slot;
  }

  /** Why orders cannot be taken everywhere now; empty when they can. */
  notReady(): string[] {
    return this.core.notReady();
  }

  /** How long its queues are now, but for those of what it was given. */
  queues(): QueueStates<Exclude<QueuesOf<"gateway">, "gateway-reads">> {
    const { orders, accounts, surveillance, server } = this.services;
    const ofStreams = { ...orders.queues(), ...accounts.queues(), ...surveillance.queues() };
    const connections = { length: server.connections };
    return { ...this.core.queues(), ...ofStreams, "gateway-connections": connections };
  }

  /** Refuses new commands, waits for the answers to those it has taken, and ends all streams. */
  async close(): Promise<void> {
    const { orders, accounts, surveillance, server } = this.services;
    server.stopServing();
    await this.core.drain();
    orders.close();
    accounts.close();
    surveillance.close();
    await server.close(DRAIN_MS_MAX);
    this.core.close();
  }
}

interface Services {
  readonly orders: OrderService;
  readonly accounts: AccountService;
  readonly surveillance: SurveillanceService;
  readonly server: GrpcServer;
}
