/** Accounts as such: opened by whoever may, and given a state, a group, a tier and limits by operators. */
import { Code } from "../kernel/codes.js";
import { ACCOUNT_GROUP_MAX, ACCOUNT_LIMIT_MAX, ACCOUNT_TIER_MAX } from "../kernel/limits.js";
import { isOneOf } from "../kernel/order.js";
import { AccountState } from "./account-state.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import { refuse, repeat, type RequestOf } from "./request.js";

export class AccountDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  open(request: RequestOf<"open">): void {
    const { accounts, journal } = this.state;
    const { command, origin, time } = request;
    if (accounts.find(command.account)) return repeat(this.state, request, Code.ACCOUNT_EXISTS, 0);
    journal.append(accounts.open(command.account, time), { kind: "opened", origin });
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
    const isInUse = !isEmpty(account) || transfers.isUnderWay(account);
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
    if (account.group === group) return repeat(this.state, request, Code.OK, 0);
    accounts.setGroup(account, group);
    journal.append(account, { kind: "account-group", origin, group });
  }

  /** The same tier again changes nothing. Orders that are open keep their rates. */
  setTier(request: RequestOf<"set-tier">, account: Account): void {
    const { accounts, journal } = this.state;
    const { origin, command } = request;
    const { tier } = command;
    if (tier > ACCOUNT_TIER_MAX) return refuse(this.state, request, Code.INVALID_ACCOUNT_TIER);
    if (account.tier === tier) return repeat(this.state, request, Code.OK, 0);
    accounts.setTier(account, tier);
    journal.append(account, { kind: "account-tier", origin, tier });
  }

  /** The same limits again change nothing. What an account has open it keeps, and what was counted today is counted. */
  setLimits(request: RequestOf<"set-limits">, account: Account): void {
    const { journal, limits } = this.state;
    const { origin, command } = request;
    const { ordersPerDay, openOrders, requestsPerSecond } = command;
    const terms = { ordersPerDay, openOrders, requestsPerSecond };
    if (!Object.values(terms).every(isLimit)) {
      return refuse(this.state, request, Code.INVALID_ACCOUNT_LIMIT);
    }
    if (limits.isSet(account, terms)) return repeat(this.state, request, Code.OK, 0);
    limits.set(account, terms);
    journal.append(account, { kind: "account-limits", origin, ...terms });
  }
}

function isLimit(value: number): boolean {
  return value >= 0 && value <= ACCOUNT_LIMIT_MAX;
}

/** What is held, for an order or a withdrawal, is a part of what it has. */
function isEmpty({ openOrders, balances }: Account): boolean {
  return openOrders === 0 && balances.every(({ total }) => total === 0);
}
