/**
 * What clients ask for (R9, R10): every command gets one definite answer, as an event of its account's journal or,
 * where it changes nothing, as a reply. Checks are ladders of early returns, each with its code.
 */
import type { Envelope } from "../kernel/actor.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { ACCOUNT_ID_MAX, ASSET_ID_MAX, SHARD_DEPOSITS_UNITS_MAX } from "../kernel/limits.js";
import { OrderStatus } from "../kernel/order.js";
import type { Origin } from "./account-events.js";
import type { Account } from "./accounts.js";
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
import { isLate, refuse, repeat, type Request, type RequestOf } from "./request.js";
import { RequestDesk } from "./request-desk.js";

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
  private readonly newOrders: NewOrderDesk;
  private readonly pairs: PairDesk;
  private readonly requests: RequestDesk;

  constructor(state: LedgerState) {
    this.state = state;
    this.newOrders = new NewOrderDesk(state);
    this.pairs = new PairDesk(state);
    this.requests = new RequestDesk(state);
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
    if (command.kind === "open") return this.open({ ...request, command });
    const account = this.state.accounts.find(command.account);
    if (!account) return refuse(this.state, request, Code.UNKNOWN_ACCOUNT);
    if (command.kind === "deposit") return this.deposit({ ...request, command }, account);
    if (command.kind === "amend") return this.requests.request({ ...request, command }, account);
    if (command.kind === "cancel-all") {
      return this.requests.cancelAll({ ...request, command }, account);
    }
    this.resolve({ ...request, command }, account);
  }

  private open(request: RequestOf<"open">): void {
    const { accounts, journal } = this.state;
    const { command, origin, time } = request;
    if (accounts.find(command.account)) return repeat(this.state, request, Code.ACCOUNT_EXISTS, 0);
    journal.append(accounts.open(command.account, time), { kind: "opened", origin });
  }

  private deposit(request: RequestOf<"deposit">, account: Account): void {
    const { balances, deposits, journal } = this.state;
    const { origin } = request;
    const { asset, amount, key } = request.command;
    if (asset < 1 || asset > ASSET_ID_MAX) return refuse(this.state, request, Code.UNKNOWN_ASSET);
    if (amount < 1) return refuse(this.state, request, Code.AMOUNT_NOT_POSITIVE);
    if (amount > SHARD_DEPOSITS_UNITS_MAX)
      return refuse(this.state, request, Code.AMOUNT_TOO_LARGE);
    if (key === "") return refuse(this.state, request, Code.DEPOSIT_KEY_MISSING);
    const known = deposits.find(account, key);
    if (known && (known.asset !== asset || known.amount !== amount)) {
      return refuse(this.state, request, Code.DEPOSIT_KEY_REUSED);
    }
    if (known) return repeat(this.state, request, Code.OK, 0);
    if (deposits.total(asset) + amount > SHARD_DEPOSITS_UNITS_MAX) {
      return refuse(this.state, request, Code.AMOUNT_TOO_LARGE);
    }
    balances.move(account, asset, amount, 0);
    const sequence = journal.append(account, { kind: "deposited", origin, asset, amount, key });
    deposits.add(account, { account: account.id, key, asset, amount, sequence });
  }

  /** Says what became of an id; one that was never seen can never execute from now on (R10). */
  private resolve(request: RequestOf<"resolve">, account: Account): void {
    const { orders, journal } = this.state;
    const { command, origin, time } = request;
    const { clientOrderId } = command;
    if (clientOrderId === "") return refuse(this.state, request, Code.CLIENT_ORDER_ID_MISSING);
    const known = orders.findByClientId(account, clientOrderId);
    if (known) return repeat(this.state, request, firstAnswer(known), known.id);
    const orderId = orders.nextId();
    const sequence = journal.append(account, { kind: "voided", origin, orderId, clientOrderId });
    const progress = {
      filled: 0,
      leaves: 0,
      status: OrderStatus.Voided,
      code: Code.CLIENT_ORDER_ID_VOIDED,
    };
    orders.add(orderId, account, { ...NO_TERMS, clientOrderId }, progress, sequence, time);
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
  return command.kind !== "deposit" || isVisible(command.key);
}

function isVisible(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
