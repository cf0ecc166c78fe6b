/** Accounts as such: opened by whoever may, and given a state, a group, a tier and limits by operators. */
import { Code } from "../kernel/codes.js";
import { isHouseAccount } from "../kernel/ids.js";
import { ACCOUNT_GROUP_MAX, ACCOUNT_TIER_MAX, SUB_ACCOUNTS_MAX } from "../kernel/limits.js";
import { isOneOf } from "../kernel/order.js";
import { AccountState, judgeWithdrawing } from "./account-state.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import { areLimits } from "./limit-terms.js";
import { refuse, repeat, type RequestOf } from "./request.js";

export class AccountDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  open(request: RequestOf<"open">): void {
    const { accounts, journal, limits } = this.state;
    const { command, origin, time } = request;
    if (accounts.find(command.account)) return repeat(this.state, request, Code.ACCOUNT_EXISTS, 0);
    if (!command.limits) {
      journal.append(accounts.open(command.account, time), { kind: "opened", origin });
      return;
    }
    if (!areLimits(command.limits)) return refuse(this.state, request, Code.INVALID_ACCOUNT_LIMIT);
    const account = accounts.open(command.account, time);
    limits.set(account, command.limits, false);
    journal.append(account, { kind: "opened", origin, limits: command.limits });
  }

  /** In the shard of its parent, which it shares its group, tier and limits with. */
  openUnder(request: RequestOf<"open-sub-account">): void {
    const { accounts, journal } = this.state;
    const { command, origin, time } = request;
    const parent = accounts.find(command.parent);
    if (!parent || isHouseAccount(parent.id)) {
      return refuse(this.state, request, Code.UNKNOWN_PARENT);
    }
    const known = accounts.find(command.account);
    if (known?.parent === parent.id) return repeat(this.state, request, Code.ACCOUNT_EXISTS, 0);
    if (known) return refuse(this.state, request, Code.ACCOUNT_EXISTS);
    if (parent.parent !== 0) return refuse(this.state, request, Code.PARENT_IS_SUB_ACCOUNT);
    const standing = judgeWithdrawing(parent.state);
    if (standing !== Code.OK) return refuse(this.state, request, standing);
    if (accounts.subAccountsOf(parent).length >= SUB_ACCOUNTS_MAX) {
      return refuse(this.state, request, Code.TOO_MANY_SUB_ACCOUNTS);
    }
    const account = accounts.open(command.account, time, parent.id);
    journal.append(account, { kind: "opened", origin, parent: parent.id });
  }

  /** The same state again changes nothing. What an account has open it keeps: to end that is another command. */
  setState(request: RequestOf<"set-account">, account: Account): void {
    const { accounts, journal, transfers } = this.state;
    const { origin, command } = request;
    const { state } = command;
    if (!isOneOf(AccountState, state)) {
      return refuse(this.state, request, Code.INVALID_ACCOUNT_STATE);
    }
    if (account.state === state) return repeat(this.state, request, Code.OK, 0);
    const subAccounts = accounts.subAccountsOf(account);
    const areOpen = subAccounts.some((each) => each.state !== AccountState.Closed);
    const isInUse = !isEmpty(account) || transfers.isUnderWay(account) || areOpen;
    if (state === AccountState.Closed && isInUse) {
      return refuse(this.state, request, Code.ACCOUNT_NOT_EMPTY);
    }
    accounts.setState(account, state);
    journal.append(account, { kind: "account-state", origin, state });
  }

  /** The same group again changes nothing. Orders that are open keep whom they were taken for. */
  setGroup(request: RequestOf<"set-group">, account: Account): void {
    const { accounts, journal } = this.state;
    const { origin, command } = request;
    const { group } = command;
    if (group < 0 || group > ACCOUNT_GROUP_MAX) {
      return refuse(this.state, request, Code.INVALID_ACCOUNT_GROUP);
    }
    if (account.parent !== 0) return refuse(this.state, request, Code.SHARED_WITH_PARENT);
    if (account.group === group) return repeat(this.state, request, Code.OK, 0);
    accounts.setGroup(account, group);
    journal.append(account, { kind: "account-group", origin, group });
  }

  /** The same tier with the same limits again changes nothing. Orders that are open keep their rates. */
  setTier(request: RequestOf<"set-tier">, account: Account): void {
    const { accounts, journal, limits } = this.state;
    const { origin, command } = request;
    const { tier } = command;
    if (tier > ACCOUNT_TIER_MAX) return refuse(this.state, request, Code.INVALID_ACCOUNT_TIER);
    if (!areLimits(command.limits)) return refuse(this.state, request, Code.INVALID_ACCOUNT_LIMIT);
    if (account.parent !== 0) return refuse(this.state, request, Code.SHARED_WITH_PARENT);
    const keepsOwn = limits.hasOwn(account) && !command.resetsLimits;
    const areChanged = !keepsOwn && limits.set(account, command.limits, false);
    if (account.tier === tier && !areChanged) return repeat(this.state, request, Code.OK, 0);
    if (account.tier !== tier) accounts.setTier(account, tier);
    journal.append(account, { kind: "account-tier", origin, tier, limits: limits.of(account) });
  }

  /** The same limits again change nothing. What an account has open it keeps, and what was counted today is counted. */
  setLimits(request: RequestOf<"set-limits">, account: Account): void {
    const { journal, limits } = this.state;
    const { origin, command } = request;
    const { ordersPerDay, openOrders, requestsPerSecond } = command;
    const terms = { ordersPerDay, openOrders, requestsPerSecond };
    if (!areLimits(terms)) return refuse(this.state, request, Code.INVALID_ACCOUNT_LIMIT);
    if (account.parent !== 0) return refuse(this.state, request, Code.SHARED_WITH_PARENT);
    if (!limits.set(account, terms, true)) return repeat(this.state, request, Code.OK, 0);
    journal.append(account, { kind: "account-limits", origin, ...terms });
  }
}

/** What is held, for an order or a withdrawal, is a part of what it has. */
function isEmpty({ openOrders, balances }: Account): boolean {
  return openOrders === 0 && balances.every(({ total }) => total === 0);
}
