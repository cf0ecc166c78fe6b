/**
 * What clients ask for (R9, R10): every command gets one definite answer, as an event of its account's journal or,
 * where it changes nothing, as a reply. Checks are ladders of early returns, each with its code.
 */
import type { Envelope } from "../kernel/actor.js";
import { assertNever } from "../kernel/assert.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { NO_FEES } from "../kernel/fees.js";
import { ACCOUNT_ID_MAX } from "../kernel/limits.js";
import { OrderStatus } from "../kernel/order.js";
import type { Origin } from "./account-events.js";
import { AccountDesk } from "./account-desk.js";
import type { Account } from "./accounts.js";
import { CashDesk } from "./cash-desk.js";
import type { LedgerState } from "./ledger-state.js";
import {
  type ClientCommand,
  decodeLedgerCommand,
  isFromClient,
  type LedgerCommand,
  NO_OTHER_TERMS,
} from "./messages.js";
import { NewOrderDesk } from "./new-order-desk.js";
import { firstAnswer } from "./order.js";
import { PairDesk } from "./pair-desk.js";
import { cameInAt, isLate, refuse, repeat, type Request, type RequestOf } from "./request.js";
import { RequestDesk } from "./request-desk.js";
import type { ReviewDesk } from "./review-desk.js";
import type { TransferDesk } from "./transfer-desk.js";

/** The terms of a voided id: nothing was asked for. */
const NO_TERMS = {
  instrument: 0,
  side: 0,
  type: 0,
  timeInForce: 0,
  price: 0,
  quantity: 0,
  ...NO_OTHER_TERMS,
  pair: 0,
};

export class ClientDesk {
  private readonly state: LedgerState;
  private readonly accounts: AccountDesk;
  private readonly cash: CashDesk;
  private readonly newOrders: NewOrderDesk;
  private readonly pairs: PairDesk;
  private readonly requests: RequestDesk;
  private readonly reviews: ReviewDesk;
  private readonly transfers: TransferDesk;

  constructor(state: LedgerState, transfers: TransferDesk, reviews: ReviewDesk) {
    this.state = state;
    this.transfers = transfers;
    this.reviews = reviews;
    this.accounts = new AccountDesk(state);
    this.cash = new CashDesk(state);
    this.newOrders = new NewOrderDesk(state, reviews);
    this.pairs = new PairDesk(state, reviews);
    this.requests = new RequestDesk(state, reviews);
  }

  apply(envelope: Envelope, time: number): void {
    const { token, number } = envelope;
    const origin: Origin = { slot: -envelope.source, token, number };
    const command = decodeOrNull(envelope.payload);
    // What only markets may say is no command when a gateway says it.
    if (!command || !isFromClient(command) || !isWellFormed(command)) {
      const code = Code.MALFORMED_COMMAND;
      this.state.outgoing.reply({ origin, account: 0, code, orderId: 0, repeated: false });
      return;
    }
    this.dispatch({ command, origin, time });
  }

  private dispatch(request: Request): void {
    const { command } = request;
    if (command.kind === "place") return this.newOrders.place({ ...request, command });
    if (command.kind === "place-pair") return this.pairs.place({ ...request, command });
    if (isLate(request)) return refuse(this.state, request, Code.DEADLINE_PASSED);
    if (command.kind === "open") return this.accounts.open({ ...request, command });
    if (command.kind === "open-sub-account") {
      return this.accounts.openUnder({ ...request, command });
    }
    const account = this.state.accounts.find(command.account);
    if (!account) return refuse(this.state, request, Code.UNKNOWN_ACCOUNT);
    switch (command.kind) {
      case "deposit":
        return this.cash.deposit({ ...request, command }, account);
      case "withdraw":
        return this.cash.withdraw({ ...request, command }, account);
      case "transfer":
        return this.transfers.send({ ...request, command }, account);
      case "decide-withdrawal":
        return this.cash.decide({ ...request, command }, account);
      case "set-account":
        return this.accounts.setState({ ...request, command }, account);
      case "set-group":
        return this.accounts.setGroup({ ...request, command }, account);
      case "set-tier":
        return this.accounts.setTier({ ...request, command }, account);
      case "set-limits":
        return this.accounts.setLimits({ ...request, command }, account);
      case "set-review-limit":
        return this.reviews.setLimit({ ...request, command }, account);
      case "decide-review":
        return this.reviews.decide({ ...request, command }, account);
      case "amend":
        return this.requests.request({ ...request, command }, account);
      case "cancel-all":
        return this.requests.cancelAll({ ...request, command }, account);
      case "resolve":
        return this.resolve({ ...request, command }, account);
      default:
        assertNever(command);
    }
  }

  /** Says what became of an id; one that was never seen can never execute from now on (R10). */
  private resolve(request: RequestOf<"resolve">, account: Account): void {
    const { orders, journal } = this.state;
    const { command, origin, time } = request;
    const { clientOrderId } = command;
    if (clientOrderId === "") return refuse(this.state, request, Code.CLIENT_ORDER_ID_MISSING);
    const known = orders.findByClientId(account, clientOrderId, cameInAt(request));
    if (known) return repeat(this.state, request, firstAnswer(known), known.id);
    const orderId = orders.nextId();
    const sequence = journal.append(account, { kind: "voided", origin, orderId, clientOrderId });
    const progress = {
      filled: 0,
      leaves: 0,
      status: OrderStatus.Voided,
      code: Code.CLIENT_ORDER_ID_VOIDED,
    };
    orders.add(orderId, account, { ...NO_TERMS, clientOrderId }, NO_FEES, progress, sequence, time);
  }
}

function decodeOrNull(payload: Uint8Array): LedgerCommand | null {
  try {
    return decodeLedgerCommand(payload);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/** Account numbers have a range; identifiers are visible characters, as the rows they are kept in ask for. */
function isWellFormed(command: ClientCommand): boolean {
  if (command.account < 1 || command.account > ACCOUNT_ID_MAX) return false;
  if (command.kind === "place-pair")
    return command.legs.every((leg) => isVisible(leg.clientOrderId));
  if ("clientOrderId" in command) return isVisible(command.clientOrderId);
  return !("key" in command) || isVisible(command.key);
}

function isVisible(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
