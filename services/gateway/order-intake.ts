/** Order commands, from unary calls and order-entry streams alike: checked at the edge, sent, answered. */
import { Code, codeName } from "../../actors/kernel/codes.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import type {
  CommandResult,
  OrderCommand,
  PlaceOrderRequest,
  PlacePairRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import { type Priority, RETRY_MS_MAX } from "./admission.js";
import type { Catalog } from "./catalog.js";
import { codeText } from "./code-text.js";
import type { Commands } from "./commands.js";
import * as metrics from "./metrics.js";
import {
  amendProblem,
  encodeAmend,
  encodeCancel,
  encodePair,
  encodePlace,
  encodeReduce,
  nameProblem,
  pairProblem,
  placeProblem,
  reduceProblem,
} from "./order-commands.js";
import { RetrySpread, retryMsAt } from "./overload.js";
import type { Answer, Waiter } from "./pending.js";
import {
  type CommandRefusal,
  exhausted,
  invalid,
  notFound,
  noLeader,
  orderOutcomeUnknown,
  Refusal,
} from "./refusal.js";
import type { Session } from "./session.js";

export type OrderOutcome = Answer | Refusal;

/** An account, and the ledger shard that gets its commands. */
export interface Addressee {
  readonly account: number;
  readonly shard: number;
}

/** Who asks, for whom if that is known, until when it may be done, and who waits for the answer. */
interface Call {
  readonly session: Session;
  readonly addressee: Addressee | null;
  readonly deadline: number;
  readonly waiter: Waiter;
}

export class OrderIntake {
  private readonly commands: Commands;
  private readonly catalog: Catalog;
  private readonly shards: number;
  private readonly spread = new RetrySpread();

  constructor(commands: Commands, catalog: Catalog, shards: number) {
    this.commands = commands;
    this.catalog = catalog;
    this.shards = shards;
  }

  /** For commands that come in now. */
  deadline(): number {
    return this.commands.deadline();
  }

  /** Whose command it is; null when the account is none of the session's. */
  addressee(session: Session, { command }: OrderCommand): Addressee | null {
    const named = command?.$case === "placePair" ? command.value.first : command?.value;
    try {
      return this.addresseeOf(session.account(named?.account ?? 0));
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  /** May a client that has so many commands waiting for a receiver add another? */
  hasRoom(receiver: number, waiting: number): boolean {
    return this.commands.hasRoom(receiver, waiting);
  }

  /** Does a symbol have to be looked up in Postgres before the command can be taken? */
  needsCatalog({ command }: OrderCommand): boolean {
    if (this.catalog.isFresh) return false;
    return ordersOf(command).some((order) => order && !this.catalog.instrument(order.symbol));
  }

  /**
   * Gives a refusal, or nothing: then `done` is called once, later. Deadlines are microseconds since 1970. Who knows the
   * addressee already says it.
   */
  take(
    session: Session,
    command: OrderCommand,
    deadline: number,
    done: (outcome: OrderOutcome) => void,
    addressee: Addressee | null = null,
  ): Refusal | undefined {
    metrics.ordersReceived.inc();
    const waiter: Waiter = (answer) => done(answer ?? orderOutcomeUnknown());
    try {
      return this.send({ session, addressee, deadline, waiter }, command);
    } catch (error) {
      // The session's word on the account.
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  private addresseeOf(account: number): Addressee {
    return { account, shard: shardOfAccount(account, this.shards) };
  }

  /** For whom a call acts. Throws a `Refusal`. */
  private acting({ session, addressee }: Call, asked: number): Addressee {
    session.requireActing();
    return addressee ?? this.addresseeOf(session.account(asked));
  }

  private send(call: Call, { command }: OrderCommand): Refusal | undefined {
    if (!command) return invalid(codeName(Code.MALFORMED_COMMAND), "the command cannot be read");
    if (command.$case === "placePair") return this.sendPair(call, command.value);
    const { account, shard } = this.acting(call, command.value.account);
    const { deadline, waiter } = call;
    if (command.$case === "place") {
      const instrument = this.catalog.instrument(command.value.symbol);
      if (!instrument) return unknownSymbol();
      const problem = placeProblem(command.value) ?? this.marketProblem(instrument, shard);
      if (problem) return problem;
      const payload = () => encodePlace(command.value, account, instrument.id, deadline);
      return this.commands.submit(shard, payload, waiter, priorityOf(command));
    }
    const problem = requestProblem(command);
    if (problem) return problem;
    const payload = () => encodeRequest(command, account, deadline);
    return this.commands.submit(shard, payload, waiter, priorityOf(command));
  }

  private sendPair(call: Call, pair: PlacePairRequest): Refusal | undefined {
    const { first, second } = pair;
    const problem = pairProblem(pair);
    if (problem || !first || !second) return problem;
    const { account, shard } = this.acting(call, first.account);
    if (call.session.account(second.account) !== account) {
      return invalid("PAIR_ACCOUNTS_DIFFER", "both orders of a pair are of one account");
    }
    const one = this.catalog.instrument(first.symbol);
    if (!one) return unknownSymbol().ofLeg(1);
    const other = this.catalog.instrument(second.symbol);
    if (!other) return unknownSymbol().ofLeg(2);
    const closed = this.marketProblem(one, shard);
    if (closed) return closed;
    const { deadline, waiter } = call;
    const payload = () => encodePair([first, second], account, [one.id, other.id], deadline);
    return this.commands.submit(shard, payload, waiter, "normal");
  }

  /** An order that its shard accepts is held for until its market answers: not while nobody leads the market, or it is late. */
  private marketProblem(instrument: Instrument, shard: number): Refusal | undefined {
    const refusal = this.marketRefusal(instrument, shard);
    if (refusal) metrics.countRefused(refusal);
    return refusal;
  }

  private marketRefusal({ id, symbol }: Instrument, shard: number): CommandRefusal | undefined {
    if (this.commands.isSilent(id)) return noLeader(symbol);
    const lagMs = this.commands.ways.lagMs(shard, id);
    if (lagMs === 0) return undefined;
    const message = `${symbol} is ${lagMs} ms behind what it was sent; try again after retry_ms`;
    return exhausted(
      "MARKET_BEHIND",
      message,
      retryMsAt(Math.min(lagMs, RETRY_MS_MAX), this.spread.next()),
    );
  }
}

type Command = NonNullable<OrderCommand["command"]>;
type RequestCommand = Exclude<Command, { readonly $case: "place" | "placePair" }>;

/** An amend may ask for more, as a new order does; a cancel or a reduce only ever lets go, and is taken where those are refused. */
export function priorityOf(command: OrderCommand["command"]): Priority {
  return command?.$case === "cancel" || command?.$case === "reduce" ? "high" : "normal";
}

const NO_ORDERS: readonly PlaceOrderRequest[] = [];

/** The new orders of a command. */
function ordersOf(command: Command | undefined): readonly (PlaceOrderRequest | undefined)[] {
  if (command?.$case === "place") return [command.value];
  return command?.$case === "placePair" ? [command.value.first, command.value.second] : NO_ORDERS;
}

const unknownSymbol = (): Refusal =>
  notFound(codeName(Code.UNKNOWN_SYMBOL), codeText(Code.UNKNOWN_SYMBOL));

/** Why what is asked of an order cannot be written down, or nothing. */
function requestProblem(command: RequestCommand): Refusal | undefined {
  if (command.$case === "cancel") return nameProblem(command.value);
  return command.$case === "reduce" ? reduceProblem(command.value) : amendProblem(command.value);
}

function encodeRequest(command: RequestCommand, account: number, deadline: number): Uint8Array {
  if (command.$case === "cancel") return encodeCancel(command.value, account, deadline);
  if (command.$case === "reduce") return encodeReduce(command.value, account, deadline);
  return encodeAmend(command.value, account, deadline);
}

export function resultOf(requestId: number, outcome: OrderOutcome): CommandResult {
  if (outcome instanceof Refusal) {
    const { code, message, retryMs, leg } = outcome;
    return {
      requestId,
      code,
      message,
      retryMs,
      orderId: 0,
      sequence: 0,
      token: 0,
      repeated: false,
      pairOrderId: 0,
      leg,
    };
  }
  const { orderId, sequence, token, repeated, pair } = outcome;
  const code = codeName(outcome.code);
  const message = codeText(outcome.code);
  return {
    requestId,
    code,
    message,
    retryMs: 0,
    orderId,
    sequence,
    token,
    repeated,
    pairOrderId: pair?.orderId ?? 0,
    leg: pair?.leg ?? 0,
  };
}
