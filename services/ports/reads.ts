/**
 * What gateways and feeds read and write beside the actors' fenced commits. All reads are of committed rows (R3); the two kinds
 * of writes here (a claim of a slot, an operator's definition of an instrument) belong to no actor.
 */
import type { FeeSchedule } from "../../actors/kernel/fees.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import type { Side } from "../../actors/kernel/order.js";

/** One row of the journal: an account's events of one batch. `events` are as `decodeAccountEvents` reads them. */
export interface JournalRow {
  readonly account: number;
  readonly first: number;
  readonly last: number;
  readonly actor: number;
  readonly batch: number;
  readonly token: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly events: Uint8Array;
}

/** What one batch of a ledger shard said: its journal rows and its replies. */
export interface StoredEvents {
  readonly actor: number;
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly journal: readonly JournalRow[];
  readonly replies: Uint8Array | null;
}

export interface ActorHead {
  readonly actor: number;
  readonly name: string;
  readonly kind: ActorKind;
  readonly token: number;
  readonly batch: number;
  readonly eventBatch: number;
  readonly anchor: number;
}

export interface AssetRow {
  readonly asset: number;
  readonly name: string;
  readonly decimals: number;
}

export interface AssetDefinition {
  readonly name: string;
  readonly decimals: number;
}

/** An operator's definition, before numbers are given to the instrument and to new assets. */
export type InstrumentDefinition = Omit<Instrument, "id" | "baseAsset" | "quoteAsset"> & {
  readonly base: AssetDefinition;
  readonly quote: AssetDefinition;
};

/** A row of `orders`; side, type, time in force, status and code have the numbers of `actors/kernel`. */
export interface OrderRow {
  readonly orderId: number;
  readonly account: number;
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  readonly price: number;
  readonly quantity: number;
  readonly filled: number;
  readonly leaves: number;
  readonly status: number;
  readonly code: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly created: number;
  readonly updated: number;
  /** 0: it is no stop. */
  readonly stopPrice: number;
  /** 0: it shows all that is open. */
  readonly display: number;
  /** 0: it does not expire at a time. */
  readonly expires: number;
  readonly selfTrade: number;
  readonly postOnly: boolean;
  /** The other order of its pair, also when that has ended; 0: it is of none. */
  readonly pair: number;
  readonly reprices: boolean;
  /** 0: its stop price stays where it is. */
  readonly trail: number;
  readonly minQuantity: number;
  /** What it was charged so far, in the quote asset's units. */
  readonly fees: number;
  /** Until when it is held for review; 0: it is not. */
  readonly reviewUntil: number;
  /** Is a cancel, or an amend, on its way to its market? */
  readonly isCancelling: boolean;
  readonly isAmending: boolean;
  /** Does it wait at its market, for its trigger or its auction? */
  readonly isWaiting: boolean;
}

/** Of an instrument, an account, a side; each 0: of all. */
export interface OrderFilter {
  readonly instrument: number;
  readonly account: number;
  readonly side: number;
}

export interface WithdrawalRow {
  readonly account: number;
  readonly key: string;
  readonly asset: number;
  readonly amount: number;
  readonly status: number;
  readonly requested: number;
  readonly sequence: number;
}

/** How much an account may ask for (0: as much as the exchange allows), whether by limits of its own or by its tier's, and how many orders it has sent today. */
export interface AccountLimitsRow {
  readonly ordersPerDay: number;
  readonly openOrders: number;
  readonly requestsPerSecond: number;
  readonly own: boolean;
  readonly ordersToday: number;
}

/** Above which value, in units of the asset, an account's orders are held for review. */
export interface ReviewLimitRow {
  readonly asset: number;
  readonly value: number;
}

export interface SubAccountRow {
  readonly account: number;
  readonly state: number;
}

/** A transfer as one of its two accounts sees it. */
export interface TransferRow {
  readonly sender: number;
  readonly recipient: number;
  readonly key: string;
  readonly asset: number;
  readonly amount: number;
  readonly status: number;
  readonly code: number;
  /** The account's number of its last change. */
  readonly sequence: number;
}

/** Numbers of an account's journal. */
export interface AccountHead {
  /** The first that is kept: what is older was archived. */
  readonly first: number;
  readonly last: number;
}

export interface AccountBalances {
  /** What it may do: `actors/ledger/account-state.ts`. */
  readonly state: number;
  /** Which group it is in; 0: in none. */
  readonly group: number;
  /** Which of its instruments' fees its orders are charged. */
  readonly tier: number;
  /** Whose sub-account it is (group and tier are its parent's, then); 0: nobody's. */
  readonly parent: number;
  /** The account's last journal number at these balances: both are of one snapshot. */
  readonly sequence: number;
  readonly balances: readonly {
    readonly asset: number;
    readonly total: number;
    readonly held: number;
  }[];
}

/** A market's book, level by level, and where in its events it stands: all of one snapshot. */
export interface MarketSnapshot {
  readonly token: number;
  readonly eventBatch: number;
  /** Microseconds since 1970. */
  readonly time: number;
  /** The market's state blob. */
  readonly state: Uint8Array;
  readonly levels: readonly {
    readonly side: Side;
    readonly price: number;
    readonly quantity: number;
  }[];
}

/** What a market is besides its orders. */
export interface StoredMarket {
  /** Of its last batch, in microseconds since 1970. */
  readonly time: number;
  /** The market's state blob. */
  readonly state: Uint8Array;
}

export interface TradeRow {
  readonly tradeId: number;
  readonly sequence: number;
  readonly price: number;
  readonly quantity: number;
  readonly takerSide: Side;
  readonly time: number;
}

/** The symbol or an asset's name is taken by another definition; the message says what differs. */
export class InstrumentConflictError extends Error {
  override readonly name = "InstrumentConflictError";
}

/** The instrument that there is, if it is the one that is wanted. Throws `InstrumentConflictError`. */
export function expectSame(existing: Instrument, wanted: Omit<Instrument, "id">): Instrument {
  const isSame = (key: keyof typeof wanted): boolean =>
    key === "feeTiers" ? areSame(existing, wanted) : existing[key] === wanted[key];
  const keys = Object.keys(wanted) as (keyof typeof wanted)[];
  const differing = keys.filter((key) => !isSame(key));
  if (differing.length === 0) return existing;
  throw new InstrumentConflictError(
    `${wanted.symbol} exists with another definition: ${differing.join(", ")}`,
  );
}

function areSame({ feeTiers: one }: FeeSchedule, { feeTiers: other }: FeeSchedule): boolean {
  if (one.length !== other.length) return false;
  return one.every(({ makerFee, takerFee }, at) => {
    const rates = other[at]!;
    return makerFee === rates.makerFee && takerFee === rates.takerFee;
  });
}

/** What an exchange was created with, and says of itself for good. */
export interface ExchangeRow {
  /** No other exchange has it, be it of the same symbols and accounts. */
  readonly identity: string;
  /** How many ledger shards it has. */
  readonly shards: number;
}

/** So many wait to be read for already: nothing was asked, and it may be asked again in a moment. */
export class TooManyReadsError extends Error {
  override readonly name = "TooManyReadsError";

  constructor(waiting: number) {
    super(`${waiting} readings wait for a connection to the database already`);
  }
}

export interface Reads {
  exchange(): Promise<ExchangeRow>;
  /** Postgres's clock in microseconds since 1970. */
  now(): Promise<number>;
  actorHeads(): Promise<ActorHead[]>;

  /**
   * Batches of a ledger shard that had journal rows or replies, with `afterBatch < batch <= upToBatch`, in order, the
   * first `batchesMax` of them. Fewer than that: there are no more.
   */
  eventsBetween(
    actor: number,
    afterBatch: number,
    upToBatch: number,
    batchesMax: number,
  ): Promise<StoredEvents[]>;

  /** How far the journal of each account reaches that exists; accounts that do not exist are left out. */
  accountHeads(accounts: readonly number[]): Promise<ReadonlyMap<number, AccountHead>>;
  /** Journal rows with `last >= fromSequence`, in order, the first `rowsMax` of them. */
  journalFrom(account: number, fromSequence: number, rowsMax: number): Promise<JournalRow[]>;
  /** Journal rows with `last >= fromSequence` and `first <= toSequence`, in order, the first `rowsMax` of them. */
  journalRange(
    account: number,
    fromSequence: number,
    toSequence: number,
    rowsMax: number,
  ): Promise<JournalRow[]>;

  /**
   * Journal rows of a ledger shard with warnings among their events, of batches after one and of a time (in microseconds since 1970) and later,
   * batch by batch: the first `rowsMax` of them, and what else is of the last one's batch. Fewer than that: there are no more.
   */
  warningRows(
    actor: number,
    afterBatch: number,
    since: number,
    rowsMax: number,
  ): Promise<JournalRow[]>;

  /** By order id, or (order id 0) by client order id. Null: the account has no such order. */
  order(account: number, orderId: number, clientOrderId: string): Promise<OrderRow | null>;
  /** Was there an order of this number, of whatever account, that is in archive files now? */
  isOrderArchived(orderId: number): Promise<boolean>;
  /** Those that have not ended, the newest first, so many at most. All that the account has ever sent are gone through. */
  openOrders(account: number, most: number): Promise<OrderRow[]>;
  /** Null: there is no such account. */
  balances(account: number): Promise<AccountBalances | null>;
  /** Those that were opened under an account, by their numbers. */
  subAccounts(account: number): Promise<SubAccountRow[]>;
  /** Null: there is no such account. A sub-account's are its parent's. */
  limits(account: number): Promise<AccountLimitsRow | null>;
  /** Those that are set, by asset. */
  reviewLimits(account: number): Promise<ReviewLimitRow[]>;
  /** Those that are held for review, the first to be over first; so many at most. */
  ordersUnderReview(of: OrderFilter, most: number): Promise<OrderRow[]>;
  /** The newest first, so many at most. */
  withdrawals(account: number, most: number): Promise<WithdrawalRow[]>;
  /** Those of all accounts that are neither settled nor refused, by account; so many at most. */
  openWithdrawals(most: number): Promise<WithdrawalRow[]>;
  /** What an account has sent and was given, the newest first, so many at most. */
  transfers(account: number, most: number): Promise<TransferRow[]>;

  assets(): Promise<AssetRow[]>;
  /** All instruments, by their number. */
  instruments(): Promise<Instrument[]>;
  /** How many ledger shards have taken in the instrument. */
  instrumentShards(instrument: number): Promise<number>;
  /**
   * In one transaction: the assets that are new, the instrument, and its market's row in `actors`. The same definition
   * again gives what there is. Rejects with `InstrumentConflictError`.
   */
  createInstrument(definition: InstrumentDefinition): Promise<Instrument>;

  marketSnapshot(market: number): Promise<MarketSnapshot>;
  marketState(market: number): Promise<StoredMarket>;
  /** Trades of a market after a trade id, in order, the first `tradesMax` of them. */
  trades(market: number, afterTradeId: number, tradesMax: number): Promise<TradeRow[]>;

  /** A free account number. */
  nextAccountNumber(): Promise<number>;

  /** Raises the slot's token (from 0 where the slot is new) and gives it. */
  claimSlot(slot: number, holder: string): Promise<number>;
  /** The slot's token and who claimed it last; null: nobody ever has. */
  slot(slot: number): Promise<{ readonly token: number; readonly holder: string } | null>;
}
