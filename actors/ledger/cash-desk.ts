/**
 * Money that comes in from outside, and money that leaves: deposits, and withdrawals, which an operator approves, settles or
 * refuses. Until then what is to leave is held, so that nothing else can spend it (R7).
 */
import { Code } from "../kernel/codes.js";
import { ASSET_ID_MAX, SHARD_DEPOSITS_UNITS_MAX } from "../kernel/limits.js";
import { isOneOf } from "../kernel/order.js";
import { AccountState, judgeWithdrawing } from "./account-state.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import { refuse, repeat, type RequestOf } from "./request.js";
import { isOpen, type Withdrawal, WithdrawalStatus } from "./withdrawals.js";

export class CashDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  deposit(request: RequestOf<"deposit">, account: Account): void {
    const { accounts, balances, deposits, journal, totals } = this.state;
    const { origin } = request;
    const { asset, amount, key } = request.command;
    const problem = judgeAmount(asset, amount);
    if (problem !== Code.OK) return refuse(this.state, request, problem);
    if (key === "") return refuse(this.state, request, Code.DEPOSIT_KEY_MISSING);
    const known = deposits.find(account, key);
    if (known && (known.asset !== asset || known.amount !== amount)) {
      return refuse(this.state, request, Code.DEPOSIT_KEY_REUSED);
    }
    if (known) return repeat(this.state, request, Code.OK, 0);
    if (accounts.stateOf(account) === AccountState.Closed) {
      return refuse(this.state, request, Code.ACCOUNT_CLOSED);
    }
    if (totals.deposits(asset) + amount > SHARD_DEPOSITS_UNITS_MAX) {
      return refuse(this.state, request, Code.AMOUNT_TOO_LARGE);
    }
    balances.move(account, asset, amount, 0);
    totals.deposit(asset, amount);
    const sequence = journal.append(account, { kind: "deposited", origin, asset, amount, key });
    deposits.add(account, key, { asset, amount, sequence });
  }

  withdraw(request: RequestOf<"withdraw">, account: Account): void {
    const { accounts, balances, withdrawals } = this.state;
    const { asset, amount, key } = request.command;
    const problem = judgeAmount(asset, amount);
    if (problem !== Code.OK) return refuse(this.state, request, problem);
    if (key === "") return refuse(this.state, request, Code.WITHDRAWAL_KEY_MISSING);
    const known = withdrawals.find(account, key);
    if (known && (known.asset !== asset || known.amount !== amount)) {
      return refuse(this.state, request, Code.WITHDRAWAL_KEY_REUSED);
    }
    if (known) return repeat(this.state, request, Code.OK, 0);
    const standing = judgeWithdrawing(accounts.stateOf(account));
    if (standing !== Code.OK) return refuse(this.state, request, standing);
    if (balances.available(account, asset) < amount) {
      return refuse(this.state, request, Code.INSUFFICIENT_FUNDS);
    }
    balances.move(account, asset, 0, amount);
    const { Requested: status } = WithdrawalStatus;
    withdrawals.add(
      account,
      key,
      asset,
      amount,
      this.tell(request, account, { key, asset, amount, status }),
    );
  }

  /** An operator's word. The same one again changes nothing and is answered as it was. */
  decide(request: RequestOf<"decide-withdrawal">, account: Account): void {
    const { balances, totals, withdrawals } = this.state;
    const { key, decision } = request.command;
    const known = withdrawals.find(account, key);
    if (!known) return refuse(this.state, request, Code.UNKNOWN_WITHDRAWAL);
    if (known.status === decision) return repeat(this.state, request, Code.OK, 0);
    const code = judgeDecision(known, decision);
    if (code !== Code.OK) return refuse(this.state, request, code);
    const { asset, amount } = known;
    const status = decision as WithdrawalStatus;
    if (status === WithdrawalStatus.Settled) {
      balances.move(account, asset, -amount, -amount);
      totals.deposit(asset, -amount);
    } else if (status === WithdrawalStatus.Refused) {
      balances.move(account, asset, 0, -amount);
    }
    withdrawals.decide(known, status, this.tell(request, account, { ...known, status }));
  }

  private tell(
    { origin }: RequestOf<"withdraw" | "decide-withdrawal">,
    account: Account,
    { key, asset, amount, status }: Pick<Withdrawal, "key" | "asset" | "amount" | "status">,
  ): number {
    const event = { kind: "withdrawal", origin, asset, amount, key, status } as const;
    return this.state.journal.append(account, event);
  }
}

/** Of what comes in, leaves, or is transferred. */
export function judgeAmount(asset: number, amount: number): Code {
  if (asset < 1 || asset > ASSET_ID_MAX) return Code.UNKNOWN_ASSET;
  if (amount < 1) return Code.AMOUNT_NOT_POSITIVE;
  return amount > SHARD_DEPOSITS_UNITS_MAX ? Code.AMOUNT_TOO_LARGE : Code.OK;
}

function judgeDecision(known: Withdrawal, decision: number): Code {
  if (!isOneOf(WithdrawalStatus, decision)) return Code.INVALID_DECISION;
  if (decision === WithdrawalStatus.Requested) return Code.INVALID_DECISION;
  if (!isOpen(known)) return Code.WITHDRAWAL_FINAL;
  const isTooEarly =
    decision === WithdrawalStatus.Settled && known.status !== WithdrawalStatus.Approved;
  return isTooEarly ? Code.WITHDRAWAL_NOT_APPROVED : Code.OK;
}
