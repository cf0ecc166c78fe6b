/** A client's command on its way through the shard, and the answers that are no event of an account's journal. */
import type { Code } from "../kernel/codes.js";
import { COMMAND_LIFETIME_MICROS } from "../kernel/limits.js";
import type { Origin } from "./account-events.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import type { ClientCommand } from "./messages.js";
import type { Order } from "./order.js";

/** A command, where its answer goes, and when (microseconds since 1970) it is applied. */
export interface Request<Command extends ClientCommand = ClientCommand> {
  readonly command: Command;
  readonly origin: Origin;
  readonly time: number;
}

export type RequestOf<Kind extends ClientCommand["kind"]> = Request<
  Extract<ClientCommand, { kind: Kind }>
>;

export function isLate({ command, time }: Request): boolean {
  return command.deadline !== 0 && time > command.deadline;
}

/**
 * When the command came in, at the earliest: it is not late, or its deadline says it. By this it is judged whether a client order id is
 * free: what was sent before its client was told of the order that had the id is no new order, however late it comes (R10). The index,
 * which knows a batch's time alone, says no other of any order that memory has forgotten (`CLIENT_ORDER_ID_FREE_AFTER_MICROS`).
 */
export function cameInAt({ command, time }: Request): number {
  const latest = command.deadline === 0 ? time : Math.min(time, command.deadline);
  return latest - COMMAND_LIFETIME_MICROS;
}

/** Answers that nothing was done. */
export function refuse(state: LedgerState, request: Request, code: Code, orderId = 0): void {
  const { command, origin } = request;
  state.outgoing.reply({ origin, account: command.account, code, orderId, repeated: false });
}

/** Gives a first answer again. */
export function repeat(state: LedgerState, request: Request, code: number, orderId: number): void {
  const { command, origin } = request;
  state.outgoing.reply({ origin, account: command.account, code, orderId, repeated: true });
}

/** An order of the account, by its id, or (orderId 0) by its client order id. */
export function orderNamed(
  { orders }: LedgerState,
  { orderId, clientOrderId }: { readonly orderId: number; readonly clientOrderId: string },
  account: Account,
  time: number,
): Order | undefined {
  if (orderId === 0) return orders.findByClientId(account, clientOrderId, time);
  const order = orders.find(orderId);
  return order?.account === account ? order : undefined;
}
