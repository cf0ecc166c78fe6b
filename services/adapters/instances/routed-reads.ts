/** What gateways and feeds read of an exchange with several PostgreSQL instances: of each actor where its rows are, the venue's at home. */
import { shardOfAccount, shardOfOrder } from "../../../actors/kernel/ids.js";
import type { Instrument } from "../../../actors/kernel/instrument.js";
import type {
  AccountBalances,
  AccountHead,
  AccountLimitsRow,
  ActorHead,
  AssetRow,
  ExchangeRow,
  InstrumentDefinition,
  JournalRow,
  MarketSnapshot,
  OrderFilter,
  OrderRow,
  Reads,
  ReviewLimitRow,
  StoredEvents,
  StoredMarket,
  SubAccountRow,
  TradeRow,
  TransferRow,
  WithdrawalRow,
} from "../../ports/reads.js";
import { PostgresReads } from "../postgres/reads.js";
import { Assignment } from "./assignment.js";
import { HOME } from "./instances.js";
import { Listing } from "./listing.js";

export class RoutedReads implements Reads {
  private readonly all: readonly PostgresReads[];
  private readonly home: PostgresReads;
  private readonly assignment: Assignment;
  private readonly shardCount: number;
  private readonly heads: Listing<ActorHead>;

  private constructor(all: readonly PostgresReads[], assignment: Assignment, shards: number) {
    this.all = all;
    this.home = all[HOME]!;
    this.assignment = assignment;
    this.shardCount = shards;
    this.heads = new Listing(all.length, ({ actor }) => actor);
  }

  /** `shards`: how many ledger shards the exchange has. */
  static async open(urls: readonly string[], holder: string, shards: number): Promise<RoutedReads> {
    const assignment = await Assignment.open(urls, holder);
    const all = urls.map((url) => new PostgresReads(url, holder));
    return new RoutedReads(all, assignment, shards);
  }

  /** Readings that wait for a connection, where they are the most. */
  get waiting(): number {
    return Math.max(...this.all.map(({ waiting }) => waiting));
  }

  async close(): Promise<void> {
    await Promise.all([this.assignment, ...this.all].map((each) => each.close()));
  }

  exchange(): Promise<ExchangeRow> {
    return this.home.exchange();
  }

  /** The home's clock. */
  now(): Promise<number> {
    return this.home.now();
  }

  /** Those of an instance that does not answer are given as they were when it did. */
  async actorHeads(): Promise<ActorHead[]> {
    const lists = await this.heads.read((instance) => this.all[instance]!.actorHeads());
    const isHomeLost = this.heads.isLost(HOME);
    const assigned = await this.assignment.assigned(lists, ({ actor }) => actor, isHomeLost);
    return assigned.sort((a, b) => a.actor - b.actor);
  }

  async eventsBetween(
    actor: number,
    ...range: [afterBatch: number, upToBatch: number, batchesMax: number]
  ): Promise<StoredEvents[]> {
    return (await this.ofActor(actor)).eventsBetween(actor, ...range);
  }

  async warningRows(
    actor: number,
    ...range: [afterBatch: number, since: number, rowsMax: number]
  ): Promise<JournalRow[]> {
    return (await this.ofActor(actor)).warningRows(actor, ...range);
  }

  async accountHeads(accounts: readonly number[]): Promise<ReadonlyMap<number, AccountHead>> {
    const byReads = new Map<PostgresReads, number[]>();
    for (const account of accounts) {
      const reads = await this.ofAccount(account);
      byReads.set(reads, [...(byReads.get(reads) ?? []), account]);
    }
    const found = await Promise.all(
      Array.from(byReads, ([reads, theirs]) => reads.accountHeads(theirs)),
    );
    return new Map(found.flatMap((heads) => [...heads]));
  }

  async journalFrom(account: number, fromSequence: number, rowsMax: number): Promise<JournalRow[]> {
    return (await this.ofAccount(account)).journalFrom(account, fromSequence, rowsMax);
  }

  async journalRange(
    account: number,
    ...range: [fromSequence: number, toSequence: number, rowsMax: number]
  ): Promise<JournalRow[]> {
    return (await this.ofAccount(account)).journalRange(account, ...range);
  }

  async order(account: number, orderId: number, clientOrderId: string): Promise<OrderRow | null> {
    return (await this.ofAccount(account)).order(account, orderId, clientOrderId);
  }

  async isOrderArchived(orderId: number): Promise<boolean> {
    return (await this.ofActor(shardOfOrder(orderId))).isOrderArchived(orderId);
  }

  async openOrders(account: number, most: number): Promise<OrderRow[]> {
    return (await this.ofAccount(account)).openOrders(account, most);
  }

  async balances(account: number): Promise<AccountBalances | null> {
    return (await this.ofAccount(account)).balances(account);
  }

  async subAccounts(account: number): Promise<SubAccountRow[]> {
    return (await this.ofAccount(account)).subAccounts(account);
  }

  async limits(account: number): Promise<AccountLimitsRow | null> {
    return (await this.ofAccount(account)).limits(account);
  }

  async reviewLimits(account: number): Promise<ReviewLimitRow[]> {
    return (await this.ofAccount(account)).reviewLimits(account);
  }

  async ordersUnderReview(of: OrderFilter, most: number): Promise<OrderRow[]> {
    if (of.account !== 0) return (await this.ofAccount(of.account)).ordersUnderReview(of, most);
    const found = await this.fromAll((reads) => reads.ordersUnderReview(of, most));
    found.sort((a, b) => a.reviewUntil - b.reviewUntil || a.orderId - b.orderId);
    return found.slice(0, most);
  }

  async withdrawals(account: number, most: number): Promise<WithdrawalRow[]> {
    return (await this.ofAccount(account)).withdrawals(account, most);
  }

  async openWithdrawals(most: number): Promise<WithdrawalRow[]> {
    const found = await this.fromAll((reads) => reads.openWithdrawals(most));
    found.sort((a, b) => a.account - b.account || a.requested - b.requested);
    return found.slice(0, most);
  }

  async transfers(account: number, most: number): Promise<TransferRow[]> {
    return (await this.ofAccount(account)).transfers(account, most);
  }

  assets(): Promise<AssetRow[]> {
    return this.home.assets();
  }

  instruments(): Promise<Instrument[]> {
    return this.home.instruments();
  }

  async instrumentShards(instrument: number): Promise<number> {
    const counts = await Promise.all(this.all.map((reads) => reads.instrumentShards(instrument)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Defined at home, which says where its market is; then copied to the others, to its market's last: that makes the market. What was
   * interrupted is completed when the same is asked for again.
   */
  async createInstrument(definition: InstrumentDefinition): Promise<Instrument> {
    const instrument = await this.home.createInstrument(definition);
    const assets = await this.home.assets();
    const place = await this.assignment.of(instrument.id);
    const others = this.all.filter((_, instance) => instance !== HOME && instance !== place);
    await Promise.all(others.map((reads) => reads.copyInstrument(instrument, assets, false)));
    if (place !== HOME) await this.all[place]!.copyInstrument(instrument, assets, true);
    return instrument;
  }

  async marketSnapshot(market: number): Promise<MarketSnapshot> {
    return (await this.ofActor(market)).marketSnapshot(market);
  }

  async marketState(market: number): Promise<StoredMarket> {
    return (await this.ofActor(market)).marketState(market);
  }

  async trades(market: number, afterTradeId: number, tradesMax: number): Promise<TradeRow[]> {
    return (await this.ofActor(market)).trades(market, afterTradeId, tradesMax);
  }

  nextAccountNumber(): Promise<number> {
    return this.home.nextAccountNumber();
  }

  claimSlot(slot: number, holder: string): Promise<number> {
    return this.home.claimSlot(slot, holder);
  }

  slot(slot: number): Promise<{ readonly token: number; readonly holder: string } | null> {
    return this.home.slot(slot);
  }

  private ofAccount(account: number): Promise<PostgresReads> {
    return this.ofActor(shardOfAccount(account, this.shardCount));
  }

  private async ofActor(actor: number): Promise<PostgresReads> {
    return this.all[this.assignment.find(actor) ?? (await this.assignment.of(actor))]!;
  }

  private async fromAll<T>(ask: (reads: PostgresReads) => Promise<T[]>): Promise<T[]> {
    return (await Promise.all(this.all.map(ask))).flat();
  }
}
