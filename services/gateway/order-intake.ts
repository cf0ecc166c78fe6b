/** Order commands, from unary calls and order-entry streams alike: checked at the edge, sent, answered. */
import { Code, codeName } from "../../actors/kernel/codes.js";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import type { CommandResult, OrderCommand } from "../../proto/gen/exchange/v1/exchange.js";
import type { Catalog } from "./catalog.js";
import { codeText } from "./code-text.js";
import type { Commands } from "./commands.js";
import * as metrics from "./metrics.js";
import {
  amendProblem,
  encodeAmend,
  encodeCancel,
  encodePlace,
  encodeReduce,
  nameProblem,
  placeProblem,
  reduceProblem,
} from "./order-commands.js";
import type { Answer, Waiter } from "./pending.js";
import { invalid, notFound, outcomeUnknown, Refusal, unavailable } from "./refusal.js";
import { RETRY_WITHOUT_LEADER_MS } from "./limits.js";
import type { Session } from "./session.js";

export type OrderOutcome = Answer | Refusal;

export class OrderIntake {
  private readonly commands: Commands;
  private readonly catalog: Catalog;
  private readonly shards: number;

  constructor(commands: Commands, catalog: Catalog, shards: number) {
    this.commands = commands;
    this.catalog = catalog;
    this.shards = shards;
  }

  /** For commands that come in now. */
  deadline(): number {
    return this.commands.deadline();
  }

  /** Does a symbol have to be looked up in Postgres before the command can be taken? */
  needsCatalog({ command }: OrderCommand): boolean {
    if (command?.$case !== "place" || this.catalog.isFresh) return false;
    return !this.catalog.instrument(command.value.symbol);
  }

  /** Gives a refusal, or nothing: then `done` is called once, later. Deadlines are microseconds since 1970. */
  take(
    session: Session,
    command: OrderCommand,
    deadline: number,
    done: (outcome: OrderOutcome) => void,
  ): Refusal | undefined {
    metrics.ordersReceived.inc();
    try {
      return this.send(session, command, deadline, (answer) => done(answer ?? outcomeUnknown()));
    } catch (error) {
      // The session's word on the account.
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  private send(
    session: Session,
    { command }: OrderCommand,
    deadline: number,
    waiter: Waiter,
  ): Refusal | undefined {
    if (!command) return invalid(codeName(Code.MALFORMED_COMMAND), "the command cannot be read");
    const account = session.account(command.value.account);
    const shard = shardOfAccount(account, this.shards);
    if (command.$case === "place") {
      const instrument = this.catalog.instrument(command.value.symbol);
      if (!instrument) {
        return notFound(codeName(Code.UNKNOWN_SYMBOL), codeText(Code.UNKNOWN_SYMBOL));
      }
      const problem = placeProblem(command.value);
      if (problem) return problem;
      // An order that its shard accepts is held for until its market answers: not while nobody leads the market.
      if (this.commands.isSilent(instrument.id)) {
        const text = `nobody leads ${instrument.symbol} now`;
        return unavailable("NO_LEADER", text, RETRY_WITHOUT_LEADER_MS);
      }
      const payload = encodePlace(command.value, account, instrument.id, deadline);
      return this.commands.submit(shard, payload, waiter);
    }
    const problem = requestProblem(command);
    if (problem) return problem;
    return this.commands.submit(shard, encodeRequest(command, account, deadline), waiter);
  }
}

type RequestCommand = Exclude<NonNullable<OrderCommand["command"]>, { readonly $case: "place" }>;

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
    const { code, message, retryMs } = outcome;
    return {
      requestId,
      code,
      message,
      retryMs,
      orderId: 0,
      sequence: 0,
      token: 0,
      repeated: false,
    };
  }
  const { orderId, sequence, token, repeated } = outcome;
  const code = codeName(outcome.code);
  const message = codeText(outcome.code);
  return { requestId, code, message, retryMs: 0, orderId, sequence, token, repeated };
}
