/**
 * One order-entry stream: commands in the order of the stream, results in the order in which they are known, gathered
 * for one turn of the event loop. It is not read while too much of its client's is unanswered or not read (R11), on this
 * stream and its others together: what a client has too many of waits there, behind the windows of its streams, and not in memory here.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type {
  CommandResult,
  OrderEntryRequest,
  OrderEntryResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Catalog } from "./catalog.js";
import { MalformedRequest } from "./decode.js";
import type { EntryClient, HeldStream } from "./entry-client.js";
import { COMMANDS_PER_MESSAGE_MAX } from "./limits.js";
import { type OrderIntake, type OrderOutcome, resultOf } from "./order-intake.js";
import { invalid, type Refusal, unavailable } from "./refusal.js";
import type { Session } from "./session.js";

export type EntryCall = ServerDuplexStream<
  OrderEntryRequest | MalformedRequest,
  OrderEntryResponse
>;

/** Of what is for none of the session's accounts: it is refused at once. */
const NO_RECEIVER = 0;

export interface OrderEntryDependencies {
  readonly intake: OrderIntake;
  readonly catalog: Catalog;
}

export class OrderEntry implements HeldStream {
  private readonly call: EntryCall;
  private readonly deps: OrderEntryDependencies;
  private readonly session: Session;
  private readonly client: EntryClient;
  private readonly onEnd: (entry: OrderEntry) => void;
  private results: CommandResult[] = [];
  private inFlight = 0;
  /** The rest of a message, from an index on, that waits for room. */
  private held: { readonly request: OrderEntryRequest; readonly from: number } | undefined;
  private isScheduled = false;
  private isBlocked = false;
  private isReadingCatalog = false;
  private hasEnded = false;
  private closed = false;

  constructor(
    call: EntryCall,
    session: Session,
    client: EntryClient,
    deps: OrderEntryDependencies,
    onEnd: (entry: OrderEntry) => void,
  ) {
    this.call = call;
    this.session = session;
    this.client = client;
    this.deps = deps;
    this.onEnd = onEnd;
    client.join();
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
    this.client.unread -= this.results.length;
    this.results = [];
    this.held = undefined;
    this.client.release(this);
    this.client.goOn();
    this.leaveWhenAnswered();
    this.onEnd(this);
  }

  /** What is under way of a stream that has ended counts for its client until it is answered. */
  private leaveWhenAnswered(): void {
    if (this.inFlight === 0) this.client.leave();
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

  /**
   * Takes commands from an index on, as far as their symbols are known and there is room for them. `isLookedUp`: a
   * reading of the catalog has ended since the message came, however long that took: what is not in it is taken for unknown.
   */
  private take(request: OrderEntryRequest, from: number, isLookedUp = false): void {
    const { intake } = this.deps;
    const { client } = this;
    const deadline = intake.deadline();
    for (let n = from; n < request.commands.length && !this.closed; n++) {
      const command = request.commands[n]!;
      if (!isLookedUp && intake.needsCatalog(command)) return this.takeLater(request, n);
      const addressee = intake.addressee(this.session, command);
      const receiver = addressee?.shard ?? NO_RECEIVER;
      const waiting = client.waitingAt(receiver);
      if (client.isFull || (addressee && !intake.hasRoom(receiver, waiting))) {
        this.held = { request, from: n };
        return;
      }
      const { requestId } = command;
      this.inFlight += 1;
      client.unread += 1;
      client.waiting.set(receiver, waiting + 1);
      const done = (outcome: OrderOutcome) => this.answer(requestId, receiver, outcome);
      const refusal = intake.take(this.session, command, deadline, done, addressee);
      if (refusal) this.answer(requestId, receiver, refusal);
    }
  }

  private takeHeld(): void {
    const { held } = this;
    if (!held || this.isBlocked || this.client.isFull) return;
    this.held = undefined;
    this.take(held.request, held.from);
  }

  /** The rest of a message follows when the catalog is read, so that an account's commands keep their order. */
  private takeLater(request: OrderEntryRequest, from: number): void {
    this.isReadingCatalog = true;
    this.deps.catalog.refresh().then(
      () => {
        this.isReadingCatalog = false;
        this.take(request, from, true);
        this.readOrWait();
        this.endWhenAnswered();
      },
      () => this.fail(unavailable("DATABASE_UNAVAILABLE", "symbols cannot be looked up", 500)),
    );
  }

  private answer(requestId: number, receiver: number, outcome: OrderOutcome): void {
    const { client } = this;
    this.inFlight -= 1;
    client.waiting.set(receiver, client.waiting.get(receiver)! - 1);
    if (this.closed) {
      client.unread -= 1;
      client.goOn();
      return this.leaveWhenAnswered();
    }
    this.results.push(resultOf(requestId, outcome));
    // Also where nothing can be written: the answer has made room at its receiver for the client's other streams.
    if (this.isScheduled) return;
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
      this.client.unread -= results.length;
      this.isBlocked = !this.call.write({ results });
    }
    this.client.goOn();
    this.endWhenAnswered();
  }

  goOn(): void {
    this.takeHeld();
    this.readOrWait();
    this.endWhenAnswered();
  }

  private readOrWait(): void {
    if (this.closed) return;
    if (this.isReadingCatalog || this.held !== undefined || this.client.isFull) {
      this.client.hold(this);
      this.call.pause();
    } else {
      this.client.release(this);
      if (this.call.isPaused()) this.call.resume();
    }
  }

  private endWhenAnswered(): void {
    const isHeld = this.isReadingCatalog || this.held !== undefined;
    const isAnswered = this.inFlight === 0 && this.results.length === 0;
    if (!this.hasEnded || isHeld || !isAnswered || this.closed) return;
    this.close();
    this.call.end();
  }
}
