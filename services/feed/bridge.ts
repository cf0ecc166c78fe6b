/**
 * The market data feed: a WebSocket server (see `protocol.ts`) over what markets say on the bus. It listens on loopback
 * only, because it authenticates nobody.
 */
import { type WebSocket, WebSocketServer } from "ws";
import { portError, type Readiness } from "../common/http.js";
import { longest, type QueuesOf, type QueueStates } from "../common/queues.js";
import { Connection, CONNECTION_LIMITS, type ConnectionLimits } from "./connection.js";
import { CLOSING_MS_MAX, CONNECTIONS_MAX, MESSAGE_BYTES_CLOSING, PING_EVERY_MS } from "./limits.js";
import { Markets, type MarketsDependencies } from "./markets.js";
import * as metrics from "./metrics.js";
import { CloseCode } from "./protocol.js";
import { Session } from "./session.js";

const LOOPBACK = "127.0.0.1";

export interface BridgeOptions extends MarketsDependencies {
  /** 0 takes any free port. */
  readonly port: number;
  readonly connectionLimits?: ConnectionLimits;
  readonly pingEveryMs?: number;
}

export class FeedBridge {
  private readonly options: BridgeOptions;
  private readonly server: WebSocketServer;
  private readonly markets: Markets;
  private readonly connections = new Map<Connection, Session>();
  private readonly pings: NodeJS.Timeout;

  private constructor(options: BridgeOptions, server: WebSocketServer) {
    const { pingEveryMs = PING_EVERY_MS } = options;
    this.options = options;
    this.server = server;
    this.markets = new Markets(options);
    this.pings = setInterval(() => {
      for (const connection of this.connections.keys()) connection.ping();
    }, pingEveryMs);
    server.on("connection", (socket) => this.accept(socket));
  }

  /** Resolves when it listens. Throws `PortError`. */
  static async start(options: BridgeOptions): Promise<FeedBridge> {
    const server = await listen(options.port);
    const bridge = new FeedBridge(options, server);
    options.logger.info(
      { port: bridge.port },
      "market data on loopback only: nobody is authenticated",
    );
    return bridge;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  readiness(): Readiness {
    return this.markets.readiness();
  }

  /** How long its queues are now, but for those of what it was given. */
  queues(): QueueStates<Exclude<QueuesOf<"feed">, "feed-reads">> {
    const connections = [...this.connections];
    return {
      "feed-connections": { length: connections.length },
      "feed-requests": longest(connections.map(([, session]) => session.requestsWaiting)),
      "feed-unread": longest(connections.map(([connection]) => connection.unreadBytes)),
      "feed-frames": longest(this.markets.bufferedFrames),
    };
  }

  /** Tells all clients, closes their connections and stops. */
  async close(): Promise<void> {
    clearInterval(this.pings);
    this.markets.close();
    const stopped = new Promise<void>((done) => {
      this.server.close(() => done());
    });
    for (const connection of this.connections.keys()) {
      connection.answer({ type: "shutdown" });
      connection.close(CloseCode.ServiceRestart, "SERVICE_RESTART: the feed shuts down");
    }
    // Those that do not answer the closing handshake are dropped by then.
    const deadlineMs = performance.now() + 2 * CLOSING_MS_MAX;
    while (this.connections.size > 0 && performance.now() < deadlineMs) {
      await new Promise((wake) => setTimeout(wake, 5));
    }
    await stopped;
  }

  private accept(socket: WebSocket): void {
    const { logger, connectionLimits = CONNECTION_LIMITS } = this.options;
    socket.on("error", (error) => logger.debug({ error: String(error) }, "a client's connection"));
    const connection = new Connection(socket, connectionLimits);
    if (this.connections.size >= CONNECTIONS_MAX) {
      metrics.connectionsClosed.inc({ reason: "too-many" });
      connection.close(
        CloseCode.TryAgainLater,
        `TOO_MANY_CONNECTIONS: ${CONNECTIONS_MAX} are open`,
      );
      return;
    }
    const session = new Session(connection, this.markets, logger);
    this.connections.set(connection, session);
    metrics.connections.set(this.connections.size);
    socket.on("message", (data: Buffer, isBinary: boolean) => session.receive(data, isBinary));
    socket.on("close", () => {
      session.close();
      this.connections.delete(connection);
      metrics.connections.set(this.connections.size);
    });
  }
}

function listen(port: number): Promise<WebSocketServer> {
  return new Promise((done, fail) => {
    const server = new WebSocketServer({
      host: LOOPBACK,
      port,
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_CLOSING,
      clientTracking: false,
    });
    server.once("error", (error) => fail(portError("market data", port, error)));
    server.once("listening", () => done(server));
  });
}
