/**
 * The warnings of all accounts, each once: after any disconnect it asks again from the last batch of each shard that it has delivered.
 * A message never ends within a batch, so what was delivered is whole.
 */
import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import type {
  SubscribeWarningsRequest,
  SubscribeWarningsResponse,
  Warning,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeError } from "./exchange-error.js";
import { GATEWAY_ENDED, resumeAfterMs } from "./resume.js";

type Call = ClientReadableStream<SubscribeWarningsResponse>;

export interface WarningsWanted {
  /** Microseconds since 1970; 0: all that are kept. */
  readonly since: number;
  /** Ends with what is stored. */
  readonly storedOnly: boolean;
  /** The last batch of each shard that was received before. */
  readonly positions?: ReadonlyMap<number, number>;
}

export interface WarningListener {
  /** Of each shard in the order of its batches. */
  readonly onWarnings: (warnings: Warning[]) => void;
  /** Called once: all that is stored was delivered. */
  readonly onEnd?: () => void;
  /** Called once when the gateway refuses for good; nothing more comes. */
  readonly onFailed?: (error: ExchangeError) => void;
}

export class WarningStream {
  private readonly open: (request: SubscribeWarningsRequest) => Call;
  private readonly wanted: WarningsWanted;
  private readonly listener: WarningListener;
  /** Of each shard, the last batch delivered. */
  private readonly delivered: Map<number, number>;
  private call: Call | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    open: (request: SubscribeWarningsRequest) => Call,
    wanted: WarningsWanted,
    listener: WarningListener,
  ) {
    this.open = open;
    this.wanted = wanted;
    this.listener = listener;
    this.delivered = new Map(wanted.positions);
    this.begin();
  }

  /** The last batch delivered of each shard that had warnings: where to go on another time. */
  positions(): Map<number, number> {
    return new Map(this.delivered);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.call?.cancel();
  }

  private begin(): void {
    const { since, storedOnly } = this.wanted;
    const positions = [...this.delivered].map(([shard, batch]) => ({ shard, batch }));
    const call = this.open({ positions, since, storedOnly });
    this.call = call;
    call.on("data", ({ warnings }: SubscribeWarningsResponse) => this.deliver(warnings));
    call.on("error", (error: ServiceError) => this.interrupted(call, ExchangeError.from(error)));
    call.on("end", () => {
      if (storedOnly && this.call === call) this.finish(() => this.listener.onEnd?.());
      else this.interrupted(call, GATEWAY_ENDED);
    });
  }

  private deliver(warnings: Warning[]): void {
    if (this.closed) return;
    this.failures = 0;
    for (const { shard, batch } of warnings) this.delivered.set(shard, batch);
    this.listener.onWarnings(warnings);
  }

  /** An error is followed by an end, or follows one: only the first of the two counts. */
  private interrupted(call: Call, error: ExchangeError): void {
    if (this.call !== call || this.closed) return;
    this.call = undefined;
    if (error.kind === "final") return this.finish(() => this.listener.onFailed?.(error));
    const delayMs = resumeAfterMs(this.failures);
    this.failures += 1;
    this.timer = setTimeout(() => this.begin(), delayMs);
  }

  private finish(tell: () => void): void {
    if (this.closed) return;
    this.closed = true;
    tell();
  }
}
