/** The order-entry stream as a client holds it: many commands per message, results as they come. */
import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import type {
  CommandResult,
  OrderCommand,
  OrderEntryRequest,
  OrderEntryResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeError } from "./exchange-error.js";

/** The gateway takes so many commands in one message; a longer send becomes several messages. */
const COMMANDS_PER_MESSAGE_MAX = 1_000;

export interface EntryListener {
  /** Results in the order in which they came; each names its command by `requestId`. */
  readonly onResults: (results: CommandResult[]) => void;
  /** Called once. Without an error it was closed here; with one, what is unanswered is unknown. */
  readonly onClosed?: (error?: ExchangeError) => void;
}

export class EntryStream {
  private readonly call: ClientDuplexStream<OrderEntryRequest, OrderEntryResponse>;
  private readonly ended: Promise<void>;
  private isOpen = true;
  private waitingForDrain: (() => void)[] = [];

  constructor(
    call: ClientDuplexStream<OrderEntryRequest, OrderEntryResponse>,
    listener: EntryListener,
  ) {
    this.call = call;
    call.on("data", (response: OrderEntryResponse) => listener.onResults(response.results));
    call.on("drain", () => this.wake());
    this.ended = new Promise((resolve) => {
      const end = (error?: ExchangeError): void => {
        if (!this.isOpen) return;
        this.isOpen = false;
        this.wake();
        listener.onClosed?.(error);
        resolve();
      };
      call.on("error", (error: ServiceError) => end(ExchangeError.from(error)));
      call.on("end", () => end());
    });
  }

  /** Sends commands in their order. False: wait for `drained()` before sending more. */
  send(commands: OrderCommand[]): boolean {
    if (!this.isOpen) return false;
    let hasRoom = true;
    for (let at = 0; at < commands.length; at += COMMANDS_PER_MESSAGE_MAX) {
      const part =
        commands.length <= COMMANDS_PER_MESSAGE_MAX
          ? commands
          : commands.slice(at, at + COMMANDS_PER_MESSAGE_MAX);
      hasRoom = this.call.write({ commands: part });
    }
    return hasRoom;
  }

  /** Resolves when there is room to send, or when the stream has ended. */
  drained(): Promise<void> {
    if (!this.isOpen || !this.call.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.waitingForDrain.push(resolve));
  }

  /** Sends no more, and resolves when the gateway has answered everything and the stream has ended. */
  close(): Promise<void> {
    if (this.isOpen) this.call.end();
    return this.ended;
  }

  /** Ends it at once; what is unanswered is unknown. */
  abort(): void {
    this.call.cancel();
  }

  private wake(): void {
    const waiting = this.waitingForDrain;
    this.waitingForDrain = [];
    for (const resolve of waiting) resolve();
  }
}
