/** Which commands are about an order: how they name it, and which answers which event. */
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { codeName } from "../../actors/kernel/codes.js";
import type { AccountEvent, Origin } from "../../actors/ledger/account-events.js";
import {
  type ClientCommand,
  decodeLedgerCommand,
  isFromClient,
  type LedgerCommand,
} from "../../actors/ledger/messages.js";
import { decodeReplies } from "../../actors/ledger/replies.js";
import {
  decodeMarketCommand,
  isOrderCommand,
  type OrderCommand,
} from "../../actors/market/messages.js";
import type { OrderRow } from "../ports/reads.js";
import type { AppliedCommand } from "./batch-log.js";

/** A command of a shard's inbox as it was applied, and what it says. */
export interface ShardCommand {
  readonly applied: AppliedCommand;
  readonly says: LedgerCommand;
}

/** The bytes by which commands name an order: its number, and what its client calls it. */
export function orderIdBytes(orderId: number): Uint8Array {
  return new ByteWriter(8).uint(orderId).take();
}

export function clientOrderIdBytes(clientOrderId: string): Uint8Array {
  return new ByteWriter(clientOrderId.length + 2).string(clientOrderId).take();
}

/** Those of a shard's commands that are about the order. */
export function shardCommands(found: readonly AppliedCommand[], order: OrderRow): ShardCommand[] {
  return found
    .map((applied) => ({ applied, says: decodeLedgerCommand(applied.payload) }))
    .filter(({ says }) => (isFromClient(says) ? isAsked(says, order) : isAnswered(says, order)));
}

/** Those of a market's commands that are about the order. */
export function marketCommands(
  found: readonly AppliedCommand[],
  { orderId }: OrderRow,
): { readonly applied: AppliedCommand; readonly says: OrderCommand }[] {
  return found.flatMap((applied) => {
    const says = decodeMarketCommand(applied.payload);
    return isOrderCommand(says) && says.orderId === orderId ? [{ applied, says }] : [];
  });
}

function isAsked(command: ClientCommand, { account, orderId, clientOrderId }: OrderRow): boolean {
  if (command.account !== account) return false;
  switch (command.kind) {
    case "place":
    case "resolve":
      return command.clientOrderId === clientOrderId;
    case "place-pair":
      return command.legs.some((leg) => leg.clientOrderId === clientOrderId);
    case "decide-review":
    case "amend":
      return command.orderId === orderId || command.clientOrderId === clientOrderId;
    default:
      return false;
  }
}

function isAnswered(says: LedgerCommand, { orderId }: OrderRow): boolean {
  if (says.kind === "trade") return says.makerOrder === orderId || says.takerOrder === orderId;
  return "orderId" in says && says.orderId === orderId;
}

/** Did this command lead to the event? Both are of one batch. */
export function isCauseOf({ applied, says }: ShardCommand, event: AccountEvent): boolean {
  if (isFromClient(says)) return "origin" in event && isOrigin(applied, event.origin);
  if (event.kind === "filled") return says.kind === "trade" && says.tradeId === event.tradeId;
  return says.kind === event.kind && "sequence" in says && says.sequence === event.sequence;
}

export function isOrigin({ source, sourceToken, number }: AppliedCommand, of: Origin): boolean {
  return source === -of.slot && sourceToken === of.token && number === of.number;
}

/** What a client's command was answered beside the journal, as far as it is known. */
export function replyTo(applied: AppliedCommand): string {
  const replies = applied.replies ? decodeReplies(applied.replies) : [];
  const reply = replies.find(({ origin }) => isOrigin(applied, origin));
  if (!reply) return "";
  return reply.repeated ? ": its first answer is given again" : `: ${codeName(reply.code)}`;
}
