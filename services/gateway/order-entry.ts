/**
 * One order-entry stream: commands in the order of the stream, results in the order in which they are known, gathered
 * for one turn of the event loop. It is not read while too much of it is unanswered or its results are not read (R11).
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type {
  CommandResult,
  OrderEntryRequest,
  OrderEntryResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Catalog } from "./catalog.js";
import { MalformedRequest } from "./decode.js";
import { COMMANDS_PER_MESSAGE_MAX, ENTRY_COMMANDS_IN_FLIGHT_MAX } from "./limits.js";
import { type OrderIntake, type OrderOutcome, resultOf } from "./order-intake.js";
import { invalid, type Refusal, unavailable } from "./refusal.js";
import type { Session } from "./session.js";

export type EntryCall = ServerDuplexStream<
  OrderEntryRequest | MalformedRequest,
  OrderEntryResponse
>;

export interface OrderEntryDependencies {
  readonly intake: OrderIntake;
  readonly catalog: Catalog;
}

export class OrderEntry {
  private readonly call: EntryCall;
  private readonly deps: OrderEntryDependencies;
  private readonly session: Session;
  private readonly onEnd: (entry: OrderEntry) => void;
  private results: CommandResult[] = [];
  private inFlight = 0;
  private isScheduled = false;
  private isBlocked = false;
  private isReadingCatalog = false;
  private hasEnded = false;
  private closed = false;

  constructor(
    call: EntryCall,
    session: Session,
    deps: OrderEntryDependencies,
    onEnd: (entry: OrderEntry) => void,
  ) {
    this.call = call;
    this.session = session;
    this.deps = deps;
    this.onEnd = onEnd;
    call.on("data", (request: OrderEntryRequest | MalformedRequest) => this.receive(request));
    call.on("drain", () => {
      this.isBlocked = false;
      this.flush();
    });
    call.on("end", () => {
      this.hasEnded = true;
      this.endWhenAnswered();
    });
    call.on("cancelled", () => this.close());
    call.on("error", () => this.close());
  }

  /** Ends the stream with an error that says why; results that are known go out before it. */
  fail(refusal: Refusal): void {
    if (this.closed) return;
    this.isBlocked = false;
    this.flush();
    this.close();
    this.call.emit("error", refusal.toServiceError());
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.results = [];
    this.onEnd(this);
  }

  private receive(request: OrderEntryRequest | MalformedRequest): void {
    if (request instanceof MalformedRequest) return this.fail(request.toRefusal());
    if (request.commands.length > COMMANDS_PER_MESSAGE_MAX) {
      const message = `a message has at most ${COMMANDS_PER_MESSAGE_MAX} commands`;
      return this.fail(invalid("TOO_MANY_COMMANDS", message));
    }
    this.take(request, 0);
    this.readOrWait();
  }

  /** Takes commands from an index on, as far as their symbols are known. */
  private take(request: OrderEntryRequest, from: number): void {
    const { intake } = this.deps;
    const deadline = intake.deadline();
    for (let n = from; n < request.commands.length && !this.closed; n++) {
      const command = request.commands[n]!;
      if (intake.needsCatalog(command)) return this.takeLater(request, n);
      const { requestId } = command;
      this.inFlight += 1;
      const done = (outcome: OrderOutcome) => this.answer(requestId, outcome);
      const refusal = intake.take(this.session, command, deadline, done);
      if (refusal) this.answer(requestId, refusal);
    }
  }

  /** The rest of a message follows when the catalog is read, so that an account's commands keep their order. */
  private takeLater(request: OrderEntryRequest, from: number): void {
    this.isReadingCatalog = true;
    this.deps.catalog.refresh().then(
      () => {
        this.isReadingCatalog = false;
        this.take(request, from);
        this.readOrWait();
        this.endWhenAnswered();
      },
      () => this.fail(unavailable("DATABASE_UNAVAILABLE", "symbols cannot be looked up", 500)),
    );
  }

  private answer(requestId: number, outcome: OrderOutcome): void {
    this.inFlight -= 1;
    if (this.closed) return;
    this.results.push(resultOf(requestId, outcome));
    if (this.isScheduled || this.isBlocked) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.closed) return;
    if (!this.isBlocked && this.results.length > 0) {
      const { results } = this;
      this.results = [];
      this.isBlocked = !this.call.write({ results });
    }
    this.readOrWait();
    this.endWhenAnswered();
  }

  private readOrWait(): void {
    if (this.closed) return;
    const unread = this.inFlight + this.results.length;
    if (this.isReadingCatalog || unread >= ENTRY_COMMANDS_IN_FLIGHT_MAX) this.call.pause();
    else if (this.call.isPaused()) this.call.resume();
  }

  private endWhenAnswered(): void {
    const isBusy = this.inFlight > 0 || this.results.length > 0 || this.isReadingCatalog;
    if (!this.hasEnded || isBusy || this.closed) return;
    this.close();
    this.call.end();
  }
}
