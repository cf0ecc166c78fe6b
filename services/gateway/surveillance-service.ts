/** Watching over all accounts, over gRPC. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import type {
  SubscribeWarningsRequest,
  SubscribeWarningsResponse,
  SurveillanceServiceServer,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { QueueStates } from "../common/queues.js";
import { MalformedRequest } from "./decode.js";
import { RETRY_WHEN_FULL_MS, WARNING_STREAMS_MAX } from "./limits.js";
import * as metrics from "./metrics.js";
import { exhausted, gatewayStopping, Refusal } from "./refusal.js";
import { Session } from "./session.js";
import { WarningStream, type WarningStreamDependencies } from "./warning-stream.js";

type SubscribeCall = ServerWritableStream<SubscribeWarningsRequest, SubscribeWarningsResponse>;

export class SurveillanceService {
  readonly handlers: SurveillanceServiceServer;
  private readonly deps: WarningStreamDependencies;
  private readonly streams = new Set<WarningStream>();

  constructor(deps: WarningStreamDependencies) {
    this.deps = deps;
    this.handlers = { subscribeWarnings: (call) => this.subscribe(call) };
  }

  queues(): QueueStates<"gateway-warning-streams"> {
    return { "gateway-warning-streams": { length: this.streams.size } };
  }

  /** Ends the streams: this gateway is stopping. */
  close(): void {
    for (const stream of this.streams) {
      stream.fail(gatewayStopping("resume elsewhere"));
    }
  }

  private subscribe(call: SubscribeCall): void {
    const request = call.request as SubscribeWarningsRequest | MalformedRequest;
    try {
      if (request instanceof MalformedRequest) throw request.toRefusal();
      Session.of(call.metadata).requireToSeeAll("to follow the warnings of all accounts");
      if (this.streams.size >= WARNING_STREAMS_MAX) {
        metrics.streamsRefused.inc({ kind: "warning" });
        const message = `this gateway has ${WARNING_STREAMS_MAX} streams of warnings; end one, or ask another`;
        throw exhausted("TOO_MANY_STREAMS", message, RETRY_WHEN_FULL_MS);
      }
      const stream = new WarningStream(call, this.deps, (each) => this.streams.delete(each));
      this.streams.add(stream);
      void stream.start(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      call.emit("error", error.toServiceError());
    }
  }
}
