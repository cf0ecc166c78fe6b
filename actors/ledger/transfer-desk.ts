/**
 * Transfers between accounts, also of other shards (R4, R7): the amount leaves its account and goes, as a numbered command, to the
 * recipient's shard, which gives it to the recipient, or says why not. Then its account gets it back. In between it is no account's,
 * and counted as what is under way; whatever fails meanwhile, the command arrives once.
 */
import type { Envelope } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { isHouseAccount, isLedgerShard } from "../kernel/ids.js";
import { AccountState, judgeWithdrawing } from "./account-state.js";
import type { Account } from "./accounts.js";
import { judgeAmount } from "./cash-desk.js";
import type { LedgerState } from "./ledger-state.js";
import { decodeLedgerCommand, type ShardMessage } from "./messages.js";
import { refuse, repeat, type RequestOf } from "./request.js";
import type { Transfer } from "./transfers.js";

type Message<Kind extends ShardMessage["kind"]> = Extract<ShardMessage, { kind: Kind }>;

export class TransferDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  /** A client's: everything that this shard can know is checked before anything leaves. */
  send(request: RequestOf<"transfer">, account: Account): void {
    const { accounts, balances, transfers } = this.state;
    const { recipient, shard, asset, amount, key } = request.command;
    const problem = judgeAmount(asset, amount);
    if (problem !== Code.OK) return refuse(this.state, request, problem);
    if (key === "") return refuse(this.state, request, Code.TRANSFER_KEY_MISSING);
    const known = transfers.find(account, key);
    if (known && !isSame(known, request)) {
      return refuse(this.state, request, Code.TRANSFER_KEY_REUSED);
    }
    if (known) return repeat(this.state, request, Code.OK, 0);
    if (recipient === account.id) return refuse(this.state, request, Code.TRANSFER_TO_ITSELF);
    if (!isLedgerShard(shard)) return refuse(this.state, request, Code.UNKNOWN_RECIPIENT);
    const standing = judgeWithdrawing(accounts.stateOf(account));
    if (standing !== Code.OK) return refuse(this.state, request, standing);
    if (balances.available(account, asset) < amount) {
      return refuse(this.state, request, Code.INSUFFICIENT_FUNDS);
    }
    const isHere = shard === this.state.id;
    const code = isHere ? this.judgeRecipient(recipient) : Code.OK;
    if (code !== Code.OK) return refuse(this.state, request, code);
    const transfer = this.take(request, account);
    const credit = { kind: "credit", sender: account.id, key, recipient, asset, amount } as const;
    if (!isHere) return this.state.outgoing.sendToShard(shard, credit);
    this.give(credit);
    this.end(transfer, Code.OK);
  }

  /** Another shard's. Throws `MalformedError` when the payload cannot be read. */
  receive({ source, payload }: Envelope): void {
    const message = decodeLedgerCommand(payload);
    switch (message.kind) {
      case "credit":
        return this.credit(message, source);
      case "credited":
        return this.credited(message);
      default:
        throw new MalformedError(`a ledger shard sent the command ${message.kind}`);
    }
  }

  private credit(message: Message<"credit">, source: number): void {
    const { sender, key, recipient } = message;
    const code = this.judgeRecipient(recipient);
    if (code === Code.OK) this.give(message);
    this.state.outgoing.sendToShard(source, { kind: "credited", sender, key, code });
  }

  private credited({ sender, key, code }: Message<"credited">): void {
    const account = this.state.accounts.find(sender);
    const transfer = account && this.state.transfers.find(account, key);
    assert(transfer !== undefined, "account %s has sent no transfer %s", sender, key);
    this.end(transfer, code);
  }

  /** May the account be given anything? A frozen one is, as it may be deposited to. */
  private judgeRecipient(id: number): Code {
    const { accounts } = this.state;
    const account = accounts.find(id);
    if (!account || isHouseAccount(id)) return Code.UNKNOWN_RECIPIENT;
    return accounts.stateOf(account) === AccountState.Closed ? Code.RECIPIENT_CLOSED : Code.OK;
  }

  /** The amount leaves its account. */
  private take({ command, origin }: RequestOf<"transfer">, account: Account): Transfer {
    const { balances, journal, totals, transfers } = this.state;
    const { recipient, asset, amount, key } = command;
    balances.move(account, asset, -amount, 0);
    totals.transferOut(asset, amount);
    const event = { kind: "transfer", origin, recipient, asset, amount, key } as const;
    const sent = journal.append(account, event);
    return transfers.add({ account, key, recipient, asset, amount, sent });
  }

  private give({ sender, key, recipient, asset, amount }: Message<"credit">): void {
    const { accounts, balances, journal, totals, transfers } = this.state;
    const account = accounts.find(recipient)!;
    balances.move(account, asset, amount, 0);
    totals.transferIn(asset, amount);
    const event = { kind: "transfer-received", sender, asset, amount, key } as const;
    const sequence = journal.append(account, event);
    transfers.addCredit({ account: recipient, sender, key, asset, amount, sequence });
  }

  /** The sender is told what became of it; what came back is its own again. */
  private end(transfer: Transfer, code: number): void {
    const { balances, journal, totals, transfers } = this.state;
    const { account, recipient, asset, amount, key } = transfer;
    if (code !== Code.OK) {
      balances.move(account, asset, amount, 0);
      totals.transferIn(asset, amount);
    }
    const event = { kind: "transfer-ended", recipient, asset, amount, key, code } as const;
    transfers.end(transfer, code, journal.append(account, event));
  }
}

function isSame(known: Transfer, { command }: RequestOf<"transfer">): boolean {
  const { recipient, asset, amount } = command;
  return known.recipient === recipient && known.asset === asset && known.amount === amount;
}
