/**
 * What clients ask for (R9, R10): every command gets one definite answer, as an event of its account's journal or,
 * where it changes nothing, as a reply. Checks are ladders of early returns, each with its code.
 */
import type { Envelope } from "../kernel/actor.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { ACCOUNT_ID_MAX, ASSET_ID_MAX, SHARD_DEPOSITS_UNITS_MAX } from "../kernel/limits.js";
import {
  isFinal,
  OrderRequest,
  OrderStatus,
  OrderType,
  type Side,
  TimeInForce,
} from "../kernel/order.js";
import type { MarketCommand } from "../market/messages.js";
import type { Origin } from "./account-events.js";
import type { Account } from "./accounts.js";
import { holdOf } from "./holds.js";
import { judgeMeans, judgeTerms, limitPrice } from "./ladder.js";
import type { LedgerState } from "./ledger-state.js";
import type { Listing } from "./listings.js";
import {
  type AmendOrder,
  type ClientCommand,
  decodeLedgerCommand,
  type LedgerCommand,
} from "./messages.js";
import { firstAnswer, type Order, type OrderTerms } from "./orders.js";

/** A command, where its answer goes, and when (microseconds since 1970) it is applied. */
interface Request<Command extends ClientCommand = ClientCommand> {
  readonly command: Command;
  readonly origin: Origin;
  readonly time: number;
}

type Of<Kind extends ClientCommand["kind"]> = Request<Extract<ClientCommand, { kind: Kind }>>;

/** The terms of a voided id: nothing was asked for. */
const NO_TERMS = { instrument: 0, side: 0, type: 0, timeInForce: 0, price: 0, quantity: 0 };

export class ClientDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  apply(envelope: Envelope, time: number): void {
    const { token, number } = envelope;
    const origin: Origin = { slot: -envelope.source, token, number };
    const command = decodeOrNull(envelope.payload);
    if (!command || !isFromClient(command) || !isWellFormed(command)) {
      this.state.outgoing.reply(newReply(origin, 0, Code.MALFORMED_COMMAND));
      return;
    }
    this.dispatch({ command, origin, time });
  }

  private dispatch(request: Request): void {
    const { command } = request;
    if (command.kind === "place") {
      this.place({ ...request, command });
      return;
    }
    if (isLate(request)) return this.refuse(request, Code.DEADLINE_PASSED);
    if (command.kind === "open") return this.open({ ...request, command });
    const account = this.state.accounts.find(command.account);
    if (!account) return this.refuse(request, Code.UNKNOWN_ACCOUNT);
    if (command.kind === "deposit") return this.deposit({ ...request, command }, account);
    if (command.kind === "amend") return this.amend({ ...request, command }, account);
    this.resolve({ ...request, command }, account);
  }

  private open(request: Of<"open">): void {
    const { accounts, journal } = this.state;
    const { command, origin, time } = request;
    if (accounts.find(command.account)) return this.repeat(request, Code.ACCOUNT_EXISTS, 0);
    journal.append(accounts.open(command.account, time), { kind: "opened", origin });
  }

  private deposit(request: Of<"deposit">, account: Account): void {
    const { balances, deposits, journal } = this.state;
    const { origin } = request;
    const { asset, amount, key } = request.command;
    if (asset < 1 || asset > ASSET_ID_MAX) return this.refuse(request, Code.UNKNOWN_ASSET);
    if (amount < 1) return this.refuse(request, Code.AMOUNT_NOT_POSITIVE);
    if (amount > SHARD_DEPOSITS_UNITS_MAX) return this.refuse(request, Code.AMOUNT_TOO_LARGE);
    if (key === "") return this.refuse(request, Code.DEPOSIT_KEY_MISSING);
    const known = deposits.find(account, key);
    if (known && (known.asset !== asset || known.amount !== amount)) {
      return this.refuse(request, Code.DEPOSIT_KEY_REUSED);
    }
    if (known) return this.repeat(request, Code.OK, 0);
    if (deposits.total(asset) + amount > SHARD_DEPOSITS_UNITS_MAX) {
      return this.refuse(request, Code.AMOUNT_TOO_LARGE);
    }
    balances.move(account, asset, amount, 0);
    const sequence = journal.append(account, { kind: "deposited", origin, asset, amount, key });
    deposits.add(account, { account: account.id, key, asset, amount, sequence });
  }

  private place(request: Of<"place">): void {
    const { state } = this;
    const { command } = request;
    state.counters.ordersReceived += 1;
    const account = state.accounts.find(command.account);
    const late = isLate(request);
    if (!account) return this.refuse(request, late ? Code.DEADLINE_PASSED : Code.UNKNOWN_ACCOUNT);
    if (command.clientOrderId === "") {
      return this.refuse(request, late ? Code.DEADLINE_PASSED : Code.CLIENT_ORDER_ID_MISSING);
    }
    const known = state.orders.findByClientId(account, command.clientOrderId);
    if (known?.status === OrderStatus.Voided) {
      return this.refuse(request, Code.CLIENT_ORDER_ID_VOIDED, known.id);
    }
    if (known) return this.repeat(request, firstAnswer(known), known.id);
    if (late) return this.reject(request, account, Code.DEADLINE_PASSED);
    const listing = state.listings.find(command.instrument);
    const code = judgeTerms(command, listing);
    if (code !== Code.OK || !listing) return this.reject(request, account, code);
    this.accept(request, account, listing);
  }

  /** Holds the most the order can cost and passes it on to its market, unless the account's means forbid it. */
  private accept(request: Of<"place">, account: Account, listing: Listing): void {
    const { state } = this;
    const { command, origin, time } = request;
    const { clientOrderId, instrument, type, quantity } = command;
    const side = command.side as Side;
    const price = limitPrice(command, listing);
    const hold = holdOf(listing.instrument, side, price, quantity);
    const available = state.balances.available(account, hold.asset);
    const code = judgeMeans(account.openOrders, available, hold.amount);
    if (code !== Code.OK) return this.reject(request, account, code);

    const timeInForce =
      type === OrderType.Market
        ? TimeInForce.ImmediateOrCancel
        : (command.timeInForce as TimeInForce);
    const terms: OrderTerms = {
      clientOrderId,
      instrument,
      side,
      type,
      timeInForce,
      price,
      quantity,
    };
    const orderId = state.orders.nextId();
    state.balances.move(account, hold.asset, 0, hold.amount);
    const event = { kind: "accepted", origin, orderId, ...terms, side } as const;
    const sequence = state.journal.append(account, event);
    const progress = { filled: 0, leaves: quantity, status: OrderStatus.PendingNew, code: Code.OK };
    state.orders.add(orderId, account, terms, progress, sequence, time);
    state.counters.ordersProcessed += 1;
    state.outgoing.send(instrument, {
      kind: "enter",
      orderId,
      account: account.id,
      side,
      timeInForce,
      price,
      quantity,
    });
  }

  /** A rejection takes a number in the journal, and its record keeps the client order id. */
  private reject(request: Of<"place">, account: Account, code: Code): void {
    const { orders, journal, listings } = this.state;
    const { command, origin, time } = request;
    const { clientOrderId } = command;
    const orderId = orders.nextId();
    const sequence = journal.append(account, {
      kind: "rejected",
      origin,
      orderId,
      clientOrderId,
      code,
    });
    // A number that names no instrument is not kept: it need not fit the column.
    const instrument = listings.find(command.instrument) ? command.instrument : 0;
    const progress = { filled: 0, leaves: 0, status: OrderStatus.Rejected, code };
    orders.add(orderId, account, { ...command, instrument }, progress, sequence, time);
  }

  private amend(request: Of<"amend">, account: Account): void {
    const { state } = this;
    const { command, origin, time } = request;
    if (command.orderId === 0 && command.clientOrderId === "") {
      return this.refuse(request, Code.CLIENT_ORDER_ID_MISSING);
    }
    const order = this.orderNamed(command, account);
    if (!order) return this.refuse(request, Code.UNKNOWN_ORDER);
    if (isFinal(order.status)) return this.refuse(request, Code.ORDER_ALREADY_FINAL, order.id);
    const { id: orderId } = order;
    let passedOn: MarketCommand = { kind: "cancel", orderId };
    if (command.request === OrderRequest.Reduce) {
      const { leaves } = command;
      if (leaves < 1 || leaves >= order.quantity) {
        return this.refuse(request, Code.REDUCE_NOT_BELOW_QUANTITY, orderId);
      }
      if (leaves % state.listings.of(order.instrument).instrument.lot !== 0) {
        return this.refuse(request, Code.QUANTITY_OFF_LOT, orderId);
      }
      passedOn = { kind: "reduce", orderId, leaves };
    }
    const sequence = state.journal.append(account, {
      kind: "requested",
      origin,
      orderId,
      request: command.request,
    });
    state.orders.touch(order, sequence, time);
    state.outgoing.send(order.instrument, passedOn);
  }

  private orderNamed(command: AmendOrder, account: Account): Order | undefined {
    const { orders } = this.state;
    if (command.orderId === 0) return orders.findByClientId(account, command.clientOrderId);
    const order = orders.find(command.orderId);
    return order?.account === account ? order : undefined;
  }

  /** Says what became of an id; one that was never seen can never execute from now on (R10). */
  private resolve(request: Of<"resolve">, account: Account): void {
    const { orders, journal } = this.state;
    const { command, origin, time } = request;
    const { clientOrderId } = command;
    if (clientOrderId === "") return this.refuse(request, Code.CLIENT_ORDER_ID_MISSING);
    const known = orders.findByClientId(account, clientOrderId);
    if (known) return this.repeat(request, firstAnswer(known), known.id);
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

  private refuse({ command, origin }: Request, code: Code, orderId = 0): void {
    this.state.outgoing.reply(newReply(origin, command.account, code, orderId));
  }

  private repeat({ command, origin }: Request, code: number, orderId: number): void {
    const { account } = command;
    this.state.outgoing.reply({ origin, account, code, orderId, repeated: true });
  }
}

function newReply(origin: Origin, account: number, code: Code, orderId = 0) {
  return { origin, account, code, orderId, repeated: false };
}

function isLate({ command, time }: Request): boolean {
  return command.deadline !== 0 && time > command.deadline;
}

function decodeOrNull(payload: Uint8Array): LedgerCommand | null {
  try {
    return decodeLedgerCommand(payload);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

/** What only markets may say is no command when a gateway says it. */
function isFromClient(command: LedgerCommand): command is ClientCommand {
  return "deadline" in command;
}

/** Account numbers have a range; identifiers are visible characters, as the rows they are kept in ask for. */
function isWellFormed(command: ClientCommand): boolean {
  if (command.account < 1 || command.account > ACCOUNT_ID_MAX) return false;
  if ("clientOrderId" in command) return isVisible(command.clientOrderId);
  return command.kind !== "deposit" || isVisible(command.key);
}

function isVisible(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
