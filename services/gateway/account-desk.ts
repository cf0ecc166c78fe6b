/** Accounts as whoever serves clients asks for them: open, deposit, withdraw, transfer, what they may do, balances. */
import { status } from "@grpc/grpc-js";
import { Code, codeName } from "../../actors/kernel/codes.js";
import { isHouseAccount, shardOfAccount } from "../../actors/kernel/ids.js";
import { isOneOf } from "../../actors/kernel/order.js";
import { AccountState } from "../../actors/ledger/account-state.js";
import { WithdrawalStatus } from "../../actors/ledger/withdrawals.js";
import {
  ACCOUNT_GROUP_MAX,
  ACCOUNT_ID_MAX,
  ACCOUNT_LIMIT_MAX,
  ACCOUNT_TIER_MAX,
  DEPOSIT_KEY_LENGTH_MAX,
  SHARD_DEPOSITS_UNITS_MAX,
} from "../../actors/kernel/limits.js";
import type { ClientCommand } from "../../actors/ledger/messages.js";
import type {
  AccountLimits,
  AccountState as PublicState,
  DecideWithdrawalRequest,
  DecideWithdrawalResponse,
  DepositRequest,
  DepositResponse,
  GetAccountLimitsResponse,
  GetBalancesResponse,
  ListSubAccountsResponse,
  ListTransfersResponse,
  ListWithdrawalsResponse,
  OpenAccountResponse,
  SetAccountGroupResponse,
  SetAccountLimitsResponse,
  SetAccountStateResponse,
  SetAccountTierRequest,
  SetAccountTierResponse,
  SetReviewLimitRequest,
  SetReviewLimitResponse,
  TransferRequest,
  TransferResponse,
  TransferStatus as PublicTransferStatus,
  WithdrawalStatus as PublicStatus,
  WithdrawRequest,
  WithdrawResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Reads } from "../ports/reads.js";
import { askShard } from "./ask-shard.js";
import type { Catalog } from "./catalog.js";
import { codeText, refusalOfCode } from "./code-text.js";
import type { Commands } from "./commands.js";
import { publicAsset } from "./convert.js";
import { RETRY_WHEN_FULL_MS } from "./limits.js";
import { invalid, notFound, Refusal, unavailable } from "./refusal.js";
import type { TierLimits } from "./tier-limits.js";
import { fromPostgres } from "./unary.js";

/** Numbers from the sequence that are looked at, for each shard there is: clients may have taken some by themselves before. */
const FREE_NUMBER_TRIES_MAX = 100;
const WITHDRAWALS_LISTED_MAX = 1_000;
const TRANSFERS_LISTED_MAX = 1_000;

export interface AccountDeskDependencies {
  readonly reads: Pick<
    Reads,
    | "nextAccountNumber"
    | "subAccounts"
    | "balances"
    | "limits"
    | "reviewLimits"
    | "withdrawals"
    | "openWithdrawals"
    | "transfers"
  >;
  readonly catalog: Catalog;
  readonly commands: Commands;
  readonly shards: number;
  readonly tierLimits: TierLimits;
}

/** Every answer is the shard's or Postgres's; all else rejects with a `Refusal`. */
export class AccountDesk {
  private readonly deps: AccountDeskDependencies;

  constructor(deps: AccountDeskDependencies) {
    this.deps = deps;
  }

  /** Under a parent or (0) none. Idempotent: an account that is open stays so. */
  async open(account: number, parent = 0): Promise<OpenAccountResponse> {
    const { code, repeated } = await askShard(this.deps, this.opening(account, parent));
    const wasOpen = code === Code.ACCOUNT_EXISTS && repeated;
    if (code === Code.OK || wasOpen) {
      return { account, shard: shardOfAccount(account, this.deps.shards), repeated: wasOpen };
    }
    if (code !== Code.ACCOUNT_EXISTS) throw refusalOfCode(code);
    const message = `account ${account} is open already, and no sub-account of ${parent}`;
    throw new Refusal(status.ALREADY_EXISTS, codeName(code), message);
  }

  /** Opens an account under a number that is free, and of the shard of its parent, if it has one. */
  async openNext(parent = 0): Promise<OpenAccountResponse> {
    const { reads, shards } = this.deps;
    for (let n = 0; n < FREE_NUMBER_TRIES_MAX * shards; n++) {
      const account = await fromPostgres(reads.nextAccountNumber());
      const shard = shardOfAccount(account, shards);
      // One number in as many as there are shards is of the parent's.
      if (parent !== 0 && shard !== shardOfAccount(parent, shards)) continue;
      const { code } = await askShard(this.deps, this.opening(account, parent));
      if (code === Code.OK) return { account, shard, repeated: false };
      if (code !== Code.ACCOUNT_EXISTS) throw refusalOfCode(code);
    }
    throw unavailable(
      "NO_FREE_ACCOUNT",
      "no free account number was found; try again",
      RETRY_WHEN_FULL_MS,
    );
  }

  async subAccounts(account: number): Promise<ListSubAccountsResponse> {
    const found = await fromPostgres(this.deps.reads.subAccounts(account));
    if (found.length === 0) await this.expectAccount(account);
    return { subAccounts: found.map((each) => ({ ...each, state: each.state as PublicState })) };
  }

  private opening(account: number, parent: number): ClientCommand {
    const deadline = this.deadline();
    if (parent !== 0) return { kind: "open-sub-account", account, deadline, parent };
    return { kind: "open", account, deadline, ...this.deps.tierLimits.whenOpened() };
  }

  deposit(account: number, request: DepositRequest): Promise<DepositResponse> {
    const problem = amountProblem(request) ?? keyProblem(request, Code.DEPOSIT_KEY_MISSING);
    return this.moveCash("deposit", account, request, problem);
  }

  withdraw(account: number, request: WithdrawRequest): Promise<WithdrawResponse> {
    const problem = amountProblem(request) ?? keyProblem(request, Code.WITHDRAWAL_KEY_MISSING);
    return this.moveCash("withdraw", account, request, problem);
  }

  async decideWithdrawal(
    account: number,
    request: DecideWithdrawalRequest,
  ): Promise<DecideWithdrawalResponse> {
    const { idempotencyKey: key, decision } = request;
    const problem = keyProblem(request, Code.WITHDRAWAL_KEY_MISSING);
    if (problem) throw problem;
    if (!isOneOf(WithdrawalStatus, decision)) throw refusalOfCode(Code.INVALID_DECISION);
    return this.done({
      kind: "decide-withdrawal",
      account,
      deadline: this.deadline(),
      key,
      decision,
    });
  }

  async setGroup(account: number, group: number): Promise<SetAccountGroupResponse> {
    if (group < 0 || group > ACCOUNT_GROUP_MAX) throw refusalOfCode(Code.INVALID_ACCOUNT_GROUP);
    return this.done({ kind: "set-group", account, deadline: this.deadline(), group });
  }

  async setTier(
    account: number,
    { tier, resetLimits: resetsLimits }: SetAccountTierRequest,
  ): Promise<SetAccountTierResponse> {
    if (tier < 0 || tier > ACCOUNT_TIER_MAX) throw refusalOfCode(Code.INVALID_ACCOUNT_TIER);
    const limits = this.deps.tierLimits.of(tier);
    const terms = { account, deadline: this.deadline(), tier, limits, resetsLimits };
    return this.done({ kind: "set-tier", ...terms });
  }

  setLimits(account: number, limits?: AccountLimits): Promise<SetAccountLimitsResponse> {
    const { ordersPerDay = 0, openOrders = 0, requestsPerSecond = 0 } = limits ?? {};
    const values = { ordersPerDay, openOrders, requestsPerSecond };
    if (Object.values(values).some((value) => value < 0 || value > ACCOUNT_LIMIT_MAX)) {
      throw refusalOfCode(Code.INVALID_ACCOUNT_LIMIT);
    }
    return this.done({ kind: "set-limits", account, deadline: this.deadline(), ...values });
  }

  async limits(account: number): Promise<GetAccountLimitsResponse> {
    const found = await fromPostgres(this.deps.reads.limits(account));
    if (!found) throw refusalOfCode(Code.UNKNOWN_ACCOUNT);
    const { ordersToday, own, ...limits } = found;
    const rows = await fromPostgres(this.deps.reads.reviewLimits(account));
    await this.know(rows);
    const reviewLimits = rows.map(({ asset, value }) => ({
      asset: publicAsset(this.deps.catalog, asset),
      value,
    }));
    return { limits, ordersToday, own, reviewLimits };
  }

  /** `value` in units of the asset; 0: no order is held for review. */
  async setReviewLimit(
    account: number,
    { asset: name, value }: SetReviewLimitRequest,
  ): Promise<SetReviewLimitResponse> {
    if (value < 0) {
      throw invalid("REVIEW_LIMIT_NEGATIVE", "a review limit is above zero, or 0 for none");
    }
    const asset = await this.assetNumber(name);
    const deadline = this.deadline();
    return this.done({ kind: "set-review-limit", account, deadline, asset, value });
  }

  async transfer(account: number, request: TransferRequest): Promise<TransferResponse> {
    const problem = amountProblem(request) ?? keyProblem(request, Code.TRANSFER_KEY_MISSING);
    if (problem) throw problem;
    const { recipient, amount, idempotencyKey: key } = request;
    if (recipient < 1 || recipient > ACCOUNT_ID_MAX || isHouseAccount(recipient)) {
      throw refusalOfCode(Code.UNKNOWN_RECIPIENT);
    }
    const asset = await this.assetNumber(request.asset);
    const { commands, shards } = this.deps;
    const shard = shardOfAccount(recipient, shards);
    commands.ways.expectArrival(shardOfAccount(account, shards), shard);
    const terms = { account, deadline: this.deadline(), recipient, shard, asset, amount, key };
    return this.done({ kind: "transfer", ...terms });
  }

  async transfers(account: number): Promise<ListTransfersResponse> {
    const { catalog, reads } = this.deps;
    const found = await fromPostgres(reads.transfers(account, TRANSFERS_LISTED_MAX));
    if (found.length === 0) await this.expectAccount(account);
    await this.know(found);
    const transfers = found.map(
      ({ sender, recipient, key, asset, amount, status, code, sequence }) => ({
        sender,
        recipient,
        idempotencyKey: key,
        asset: publicAsset(catalog, asset),
        amount,
        status: status as PublicTransferStatus,
        code: codeName(code),
        sequence,
      }),
    );
    return { transfers };
  }

  async setState(account: number, state: number): Promise<SetAccountStateResponse> {
    if (!isOneOf(AccountState, state)) throw refusalOfCode(Code.INVALID_ACCOUNT_STATE);
    return this.done({ kind: "set-account", account, deadline: this.deadline(), state });
  }

  /** An account's; without one those of all accounts that wait for a decision. */
  async withdrawals(account?: number): Promise<ListWithdrawalsResponse> {
    const { catalog, reads } = this.deps;
    const most = WITHDRAWALS_LISTED_MAX;
    const found = await fromPostgres(
      account === undefined ? reads.openWithdrawals(most) : reads.withdrawals(account, most),
    );
    if (account !== undefined && found.length === 0) await this.expectAccount(account);
    await this.know(found);
    const withdrawals = found.map(
      ({ account, key, asset, amount, status, requested, sequence }) => ({
        account,
        idempotencyKey: key,
        asset: publicAsset(catalog, asset),
        amount,
        status: status as PublicStatus,
        requestedSequence: requested,
        sequence,
      }),
    );
    return { withdrawals };
  }

  private async moveCash(
    kind: "deposit" | "withdraw",
    account: number,
    request: DepositRequest | WithdrawRequest,
    problem: Refusal | undefined,
  ): Promise<{ readonly repeated: boolean }> {
    if (problem) throw problem;
    const { amount, idempotencyKey: key } = request;
    const asset = await this.assetNumber(request.asset);
    return this.done({ kind, account, deadline: this.deadline(), asset, amount, key });
  }

  /** A command that is done, now or before, or refused. */
  private async done(command: ClientCommand): Promise<{ readonly repeated: boolean }> {
    const { code, repeated } = await askShard(this.deps, command);
    if (code !== Code.OK) throw refusalOfCode(code);
    return { repeated };
  }

  /** An account that has none of something is not one that is not there. */
  private async expectAccount(account: number): Promise<void> {
    const found = await fromPostgres(this.deps.reads.limits(account));
    if (!found) throw refusalOfCode(Code.UNKNOWN_ACCOUNT);
  }

  /** Rows may name an asset that is newer than the catalog. */
  private async know(rows: readonly { readonly asset: number }[]): Promise<void> {
    const { catalog } = this.deps;
    if (rows.some(({ asset }) => !catalog.assetById(asset))) await fromPostgres(catalog.refresh());
  }

  private async assetNumber(name: string): Promise<number> {
    const { catalog } = this.deps;
    if (!catalog.asset(name) && !catalog.isFresh) await fromPostgres(catalog.refresh());
    const found = catalog.asset(name);
    if (found) return found.asset;
    throw notFound(codeName(Code.UNKNOWN_ASSET), codeText(Code.UNKNOWN_ASSET));
  }

  async balances(account: number): Promise<GetBalancesResponse> {
    const { catalog, reads } = this.deps;
    const found = await fromPostgres(reads.balances(account));
    if (!found) throw refusalOfCode(Code.UNKNOWN_ACCOUNT);
    await this.know(found.balances);
    const balances = found.balances.map(({ asset, total, held }) => ({
      asset: publicAsset(catalog, asset),
      total,
      held,
      available: total - held,
    }));
    const state = found.state as PublicState;
    const { sequence, group, tier, parent } = found;
    return { balances, sequence, state, group, tier, parent };
  }

  private deadline(): number {
    return this.deps.commands.deadline();
  }
}

function amountProblem({ amount }: { readonly amount: number }): Refusal | undefined {
  if (amount < 1) return refusalOfCode(Code.AMOUNT_NOT_POSITIVE);
  return amount > SHARD_DEPOSITS_UNITS_MAX ? refusalOfCode(Code.AMOUNT_TOO_LARGE) : undefined;
}

function keyProblem(
  { idempotencyKey }: { readonly idempotencyKey: string },
  whenMissing: Code,
): Refusal | undefined {
  if (idempotencyKey === "") return refusalOfCode(whenMissing);
  if (!/^[!-~]+$/.test(idempotencyKey) || idempotencyKey.length > DEPOSIT_KEY_LENGTH_MAX) {
    const message = `an idempotency key is 1 to ${DEPOSIT_KEY_LENGTH_MAX} visible ASCII characters`;
    return invalid("DEPOSIT_KEY_INVALID", message);
  }
  return undefined;
}
