/**
 * The exchange as a client sees it: one connection to a gateway, promises for calls, and two streams. Numbers are whole
 * units, times microseconds since 1970, as in `proto/exchange/v1/exchange.proto`.
 */
import { Client, credentials, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import {
  type AccountLimits,
  type AccountPosition,
  type AccountState,
  AccountServiceService,
  type AmendOrderRequest,
  type CancelAllRequest,
  type CancelAllResponse,
  type CancelOrderRequest,
  type CommandResult,
  type DecideReviewRequest,
  type DecideReviewResponse,
  type DecideWithdrawalRequest,
  type DecideWithdrawalResponse,
  type DepositRequest,
  type DepositResponse,
  type GetAccountLimitsResponse,
  type GetBalancesResponse,
  type GetOrderRequest,
  type GetOrderResponse,
  type Instrument,
  InstrumentServiceService,
  type Market,
  type MarketPhase,
  type MarketRules,
  MarketServiceService,
  type MassCancelRequest,
  type OpenAccountResponse,
  type Order,
  OrderServiceService,
  type ReduceOrderRequest,
  type ResolveOrderResponse,
  type SchedulePhase,
  type SetAccountGroupResponse,
  type SubAccount,
  type SetAccountTierResponse,
  type SetAccountLimitsResponse,
  type SetAccountStateResponse,
  type SetReviewLimitRequest,
  type SetReviewLimitResponse,
  Side,
  SurveillanceServiceService,
  TimeServiceService,
  type Transfer,
  type TransferRequest,
  type TransferResponse,
  type Withdrawal,
  type WithdrawRequest,
  type WithdrawResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { channelOptions } from "./channel.js";
import { type EntryListener, EntryStream } from "./entry-stream.js";
import { type EventListener, EventStream } from "./event-stream.js";
import { ExchangeError } from "./exchange-error.js";
import { fullOrder, type NewOrder } from "./new-order.js";
import { type WarningListener, WarningStream, type WarningsWanted } from "./warning-stream.js";

export { type EntryListener, EntryStream } from "./entry-stream.js";
export { type EventListener, EventStream } from "./event-stream.js";
export { type ErrorKind, ExchangeError } from "./exchange-error.js";
export { fullOrder, type NewOrder, PLAIN_TERMS } from "./new-order.js";
export { type WarningListener, WarningStream } from "./warning-stream.js";

const ACCOUNTS_KEY = "palisade-accounts";
const ROLE_KEY = "palisade-role";
/** The gateway gives a command ten seconds and says then that it does not know; this is beyond that. */
const CALL_MS_MAX = 15_000;
/** A new instrument is waited for until every ledger shard knows it. */
const CREATE_INSTRUMENT_MS_MAX = 45_000;
const READY_MS_MAX = 10_000;

export interface ConnectOptions {
  /** The accounts that this session may act for. */
  readonly accounts: readonly number[] | "all";
  /** It sees them and does nothing. */
  readonly isReadOnly?: boolean;
  /** What the gateway may send ahead of what was read. */
  readonly windowBytes?: number;
}

/** What of an order is to change; what is left out stays. `quantity` is the new total, with what is filled. */
export type Amendment = OrderName &
  Partial<Pick<AmendOrderRequest, "price" | "quantity" | "stopPrice" | "displayQuantity">>;

/** An order is named by its id or by its client order id. */
export type OrderName = Partial<Omit<GetOrderRequest, "account">> & { readonly account?: number };

export class ExchangeClient {
  private readonly metadata = new Metadata();
  /** For streams that resume by themselves: they go on with the connection, and not at their next try after it. */
  private readonly patient: Metadata;
  private readonly client: Client;
  private readonly events = new Set<EventStream | WarningStream>();

  private constructor(address: string, { accounts, isReadOnly, windowBytes }: ConnectOptions) {
    this.metadata.set(ACCOUNTS_KEY, accounts === "all" ? "*" : accounts.join(","));
    if (isReadOnly) this.metadata.set(ROLE_KEY, "read-only");
    this.patient = this.metadata.clone();
    this.patient.setOptions({ waitForReady: true });
    this.client = new Client(address, credentials.createInsecure(), channelOptions(windowBytes));
  }

  /** Connects in the background; `ready()` waits for it. `address` is `host:port`. */
  static connect(address: string, options: ConnectOptions): ExchangeClient {
    return new ExchangeClient(address, options);
  }

  /** Resolves when the gateway answers; rejects after `limitMs`. */
  ready(limitMs: number = READY_MS_MAX): Promise<void> {
    return new Promise((resolve, reject) => {
      const told = (error?: Error) => (error ? reject(error) : resolve());
      this.client.waitForReady(Date.now() + limitMs, told);
    });
  }

  /** Ends the streams and the connection. */
  close(): void {
    for (const stream of this.events) stream.close();
    this.events.clear();
    this.client.close();
  }

  async createInstrument(instrument: Instrument): Promise<Instrument> {
    const { createInstrument } = InstrumentServiceService;
    return (await this.call(createInstrument, { instrument }, CREATE_INSTRUMENT_MS_MAX))
      .instrument!;
  }

  async listInstruments(): Promise<Instrument[]> {
    return (await this.call(InstrumentServiceService.listInstruments, {})).instruments;
  }

  /** What its database calls the exchange: no other is called so. */
  async exchange(): Promise<string> {
    return (await this.call(InstrumentServiceService.listInstruments, {})).exchange;
  }

  /** Account 0 takes a free number. Under a parent it is a sub-account. */
  openAccount(account: number = 0, parent: number = 0): Promise<OpenAccountResponse> {
    return this.call(AccountServiceService.openAccount, { account, parent });
  }

  async listSubAccounts(account: number = 0): Promise<SubAccount[]> {
    return (await this.call(AccountServiceService.listSubAccounts, { account })).subAccounts;
  }

  deposit(deposit: DepositRequest): Promise<DepositResponse> {
    return this.call(AccountServiceService.deposit, deposit);
  }

  /** Held for from now on; an operator decides what becomes of it. */
  withdraw(withdrawal: WithdrawRequest): Promise<WithdrawResponse> {
    return this.call(AccountServiceService.withdraw, withdrawal);
  }

  decideWithdrawal(decision: DecideWithdrawalRequest): Promise<DecideWithdrawalResponse> {
    return this.call(AccountServiceService.decideWithdrawal, decision);
  }

  /** An account's, the newest first; of account 0 in a session for all: those of all accounts that wait. */
  async listWithdrawals(account: number = 0): Promise<Withdrawal[]> {
    return (await this.call(AccountServiceService.listWithdrawals, { account })).withdrawals;
  }

  /** Resolves when it has left the account; an account event says what became of it. */
  transfer(transfer: TransferRequest): Promise<TransferResponse> {
    return this.call(AccountServiceService.transfer, transfer);
  }

  /** What the account has sent and was given, the newest first. */
  async listTransfers(account: number = 0): Promise<Transfer[]> {
    return (await this.call(AccountServiceService.listTransfers, { account })).transfers;
  }

  setAccountState(account: number, state: AccountState): Promise<SetAccountStateResponse> {
    return this.call(AccountServiceService.setAccountState, { account, state });
  }

  /** 0: it is in none from now on. */
  setAccountGroup(account: number, group: number): Promise<SetAccountGroupResponse> {
    return this.call(AccountServiceService.setAccountGroup, { account, group });
  }

  setAccountTier(
    account: number,
    tier: number,
    resetLimits = false,
  ): Promise<SetAccountTierResponse> {
    return this.call(AccountServiceService.setAccountTier, { account, tier, resetLimits });
  }

  setAccountLimits(account: number, limits: AccountLimits): Promise<SetAccountLimitsResponse> {
    return this.call(AccountServiceService.setAccountLimits, { account, limits });
  }

  /** `value` in units of the asset; 0: no order of the account is held for review. */
  setReviewLimit(request: SetReviewLimitRequest): Promise<SetReviewLimitResponse> {
    return this.call(AccountServiceService.setReviewLimit, request);
  }

  async listReviews(): Promise<Order[]> {
    return (await this.call(AccountServiceService.listReviews, {})).orders;
  }

  decideReview(request: DecideReviewRequest): Promise<DecideReviewResponse> {
    return this.call(AccountServiceService.decideReview, request);
  }

  accountLimits(account: number = 0): Promise<GetAccountLimitsResponse> {
    return this.call(AccountServiceService.getAccountLimits, { account });
  }

  balances(account: number = 0): Promise<GetBalancesResponse> {
    return this.call(AccountServiceService.getBalances, { account });
  }

  /** Resolves when the order is accepted or rejected: see the result's code. */
  async placeOrder(order: NewOrder): Promise<CommandResult> {
    return (await this.call(OrderServiceService.placeOrder, fullOrder(order))).result!;
  }

  /** Two orders that are accepted or rejected together, one of which cancels the other: see the result's code. */
  async placePair(first: NewOrder, second: NewOrder): Promise<CommandResult> {
    const pair = { first: fullOrder(first), second: fullOrder(second) };
    return (await this.call(OrderServiceService.placePair, pair)).result!;
  }

  /** Resolves when the request is durable, or refused: see the result's code. */
  async cancelOrder(name: OrderName): Promise<CommandResult> {
    const request: CancelOrderRequest = fullName(name);
    return (await this.call(OrderServiceService.cancelOrder, request)).result!;
  }

  async reduceOrder(name: OrderName & { readonly leaves: number }): Promise<CommandResult> {
    const request: ReduceOrderRequest = { ...fullName(name), leaves: name.leaves };
    return (await this.call(OrderServiceService.reduceOrder, request)).result!;
  }

  /** Resolves when the request is durable, or refused: see the result's code. What came of it is an event. */
  async amendOrder({
    price = 0,
    quantity = 0,
    stopPrice = 0,
    displayQuantity = 0,
    ...name
  }: Amendment): Promise<CommandResult> {
    const request = { ...fullName(name), price, quantity, stopPrice, displayQuantity };
    return (await this.call(OrderServiceService.amendOrder, request)).result!;
  }

  /** Asks for a cancel of each live order of an account, of a symbol and a side if they are named; says of how many. */
  async cancelAll(of: Partial<CancelAllRequest> = {}): Promise<CancelAllResponse> {
    const request = { account: 0, symbol: "", side: Side.SIDE_UNSPECIFIED, ...of };
    return this.call(OrderServiceService.cancelAll, request);
  }

  /** Those of an account that have not ended, the newest first. */
  async openOrders(account: number = 0): Promise<Order[]> {
    return (await this.call(OrderServiceService.listOpenOrders, { account })).orders;
  }

  // For operators: a session for all accounts.

  async market(symbol: string): Promise<Market> {
    return (await this.call(MarketServiceService.getMarket, { symbol })).market!;
  }

  /** `until`: when an auction ends by itself; 0: it does not. */
  async changePhase(symbol: string, phase: MarketPhase, until: number = 0): Promise<Market> {
    const request = { symbol, phase, until };
    return (await this.call(MarketServiceService.changePhase, request)).market!;
  }

  /** All rules at once. */
  async setRules(symbol: string, rules: MarketRules): Promise<Market> {
    return (await this.call(MarketServiceService.setRules, { symbol, rules })).market!;
  }

  /** Replaces what is still to come. */
  async setSchedule(symbol: string, schedule: SchedulePhase[]): Promise<Market> {
    return (await this.call(MarketServiceService.setSchedule, { symbol, schedule })).market!;
  }

  /** Ends all orders of a market, or (account above 0) an account's, of one side or both. */
  async massCancel(of: { readonly symbol: string } & Partial<MassCancelRequest>): Promise<Market> {
    const request = { account: 0, side: Side.SIDE_UNSPECIFIED, ...of };
    return (await this.call(MarketServiceService.massCancel, request)).market!;
  }

  getOrder(name: OrderName): Promise<GetOrderResponse> {
    return this.call(OrderServiceService.getOrder, fullName(name));
  }

  /** A definite answer about an id: the order, or one with the status VOIDED. */
  resolveOrder(account: number, clientOrderId: string): Promise<ResolveOrderResponse> {
    return this.call(OrderServiceService.resolveOrder, { account, clientOrderId });
  }

  /** The exchange's clock, in microseconds since 1970. */
  async serverTime(): Promise<number> {
    return (await this.call(TimeServiceService.getServerTime, {})).time;
  }

  orderEntry(listener: EntryListener): EntryStream {
    const { path, requestSerialize, responseDeserialize } = OrderServiceService.orderEntry;
    const call = this.client.makeBidiStreamRequest(
      ...([path, requestSerialize, responseDeserialize, this.metadata] as const),
    );
    return new EntryStream(call, listener);
  }

  /** Positions are first sequences: 0 or 1 for everything, −1 for what happens from now on. */
  subscribeAccounts(positions: readonly AccountPosition[], listener: EventListener): EventStream {
    const { path, requestSerialize, responseDeserialize } =
      AccountServiceService.subscribeAccountEvents;
    const source = {
      open: (accounts: AccountPosition[]) =>
        this.client.makeServerStreamRequest(
          ...([path, requestSerialize, responseDeserialize, { accounts }, this.patient] as const),
        ),
      sequenceOf: async (account: number) => (await this.balances(account)).sequence,
    };
    const stream = new EventStream(source, positions, listener);
    this.events.add(stream);
    return stream;
  }

  /** For sessions of all accounts. */
  subscribeWarnings(wanted: WarningsWanted, listener: WarningListener): WarningStream {
    const { path, requestSerialize, responseDeserialize } =
      SurveillanceServiceService.subscribeWarnings;
    const stream = new WarningStream(
      (request) =>
        this.client.makeServerStreamRequest(
          ...([path, requestSerialize, responseDeserialize, request, this.patient] as const),
        ),
      wanted,
      listener,
    );
    this.events.add(stream);
    return stream;
  }

  private call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    limitMs: number = CALL_MS_MAX,
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    const options = { deadline: Date.now() + limitMs };
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        ...([
          path,
          requestSerialize,
          responseDeserialize,
          request,
          this.metadata,
          options,
        ] as const),
        (error, response) => {
          if (error) reject(ExchangeError.from(error));
          else resolve(response!);
        },
      );
    });
  }
}

function fullName({ account = 0, orderId = 0, clientOrderId = "" }: OrderName): GetOrderRequest {
  return { account, orderId, clientOrderId };
}
