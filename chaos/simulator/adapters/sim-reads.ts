/** What a gateway or a feed reads of the Postgres of a run. */
import { ANSWER_TIMEOUT_MS } from "../../../services/adapters/postgres/connections.js";
import type { Instrument } from "../../../actors/kernel/instrument.js";
import type {
  AccountBalances,
  AccountHead,
  AccountLimitsRow,
  TransferRow,
  WithdrawalRow,
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
} from "../../../services/ports/reads.js";
import { EXCHANGE } from "../cluster/names.js";
import type { SimPostgres } from "../servers/postgres.js";
import * as reads from "../servers/postgres-reads.js";
import type { SimProcess } from "../world/process.js";
import { Caller } from "./caller.js";

const silent = (why: string): Error => new Error(`connection: ${why}`);

export class SimReads implements Reads {
  private readonly postgres: SimPostgres;
  private readonly process: SimProcess;
  private readonly caller: Caller;

  constructor(process: SimProcess, postgres: SimPostgres) {
    this.process = process;
    this.postgres = postgres;
    this.caller = new Caller(process, postgres, false);
  }

  exchange(): Promise<ExchangeRow> {
    return this.ask("exchange", [], ({ ledgerShards: shards }) => ({
      identity: EXCHANGE,
      shards,
    }));
  }

  now(): Promise<number> {
    return this.ask("now", [], (postgres) => postgres.now());
  }

  actorHeads(): Promise<ActorHead[]> {
    return this.ask("actorHeads", [], reads.actorHeads);
  }

  eventsBetween(
    ...range: [actor: number, afterBatch: number, upToBatch: number, batchesMax: number]
  ): Promise<StoredEvents[]> {
    return this.ask("eventsBetween", range, reads.eventsBetween);
  }

  warningRows(
    ...range: [actor: number, afterBatch: number, since: number, rowsMax: number]
  ): Promise<JournalRow[]> {
    return this.ask("warningRows", range, reads.warningRows);
  }

  accountHeads(accounts: readonly number[]): Promise<ReadonlyMap<number, AccountHead>> {
    return this.ask("accountHeads", [accounts], reads.accountHeads);
  }

  journalFrom(account: number, fromSequence: number, rowsMax: number): Promise<JournalRow[]> {
    return this.journalRange(account, fromSequence, Number.MAX_SAFE_INTEGER, rowsMax);
  }

  journalRange(
    ...range: [account: number, fromSequence: number, toSequence: number, rowsMax: number]
  ): Promise<JournalRow[]> {
    return this.ask("journalRange", range, reads.journalRange);
  }

  order(
    ...order: [account: number, orderId: number, clientOrderId: string]
  ): Promise<OrderRow | null> {
    return this.ask("order", order, reads.order);
  }

  openOrders(account: number, most: number): Promise<OrderRow[]> {
    return this.ask("openOrders", [account, most], reads.openOrders);
  }

  isOrderArchived(): Promise<boolean> {
    return this.ask("isOrderArchived", [], reads.isOrderArchived);
  }

  subAccounts(account: number): Promise<SubAccountRow[]> {
    return this.ask("subAccounts", [account], reads.subAccounts);
  }

  limits(account: number): Promise<AccountLimitsRow | null> {
    return this.ask("limits", [account], reads.limits);
  }

  reviewLimits(account: number): Promise<ReviewLimitRow[]> {
    return this.ask("reviewLimits", [account], reads.reviewLimits);
  }

  ordersUnderReview(of: OrderFilter, most: number): Promise<OrderRow[]> {
    return this.ask("ordersUnderReview", [of, most], reads.ordersUnderReview);
  }

  withdrawals(account: number, most: number): Promise<WithdrawalRow[]> {
    return this.ask("withdrawals", [account, most], reads.withdrawals);
  }

  openWithdrawals(most: number): Promise<WithdrawalRow[]> {
    return this.ask("openWithdrawals", [most], reads.openWithdrawals);
  }

  transfers(account: number, most: number): Promise<TransferRow[]> {
    return this.ask("transfers", [account, most], reads.transfers);
  }

  balances(account: number): Promise<AccountBalances | null> {
    return this.ask("balances", [account], reads.balances);
  }

  assets(): Promise<AssetRow[]> {
    return this.ask("assets", [], reads.assets);
  }

  instruments(): Promise<Instrument[]> {
    return this.ask("instruments", [], reads.instruments);
  }

  instrumentShards(instrument: number): Promise<number> {
    return this.ask("instrumentShards", [instrument], reads.instrumentShards);
  }

  createInstrument(definition: InstrumentDefinition): Promise<Instrument> {
    return this.ask("createInstrument", [definition], reads.createInstrument);
  }

  marketSnapshot(market: number): Promise<MarketSnapshot> {
    return this.ask("marketSnapshot", [market], reads.marketSnapshot);
  }

  marketState(market: number): Promise<StoredMarket> {
    return this.ask("marketState", [market], reads.marketState);
  }

  trades(...range: [market: number, afterTradeId: number, tradesMax: number]): Promise<TradeRow[]> {
    return this.ask("trades", range, reads.trades);
  }

  nextAccountNumber(): Promise<number> {
    return this.ask("nextAccountNumber", [], (postgres) => postgres.nextAccountNumber());
  }

  claimSlot(slot: number, holder: string): Promise<number> {
    return this.ask("claimSlot", [slot, holder], (postgres, slot, holder) => {
      const token = reads.claimSlot(postgres, slot, holder);
      postgres.world.witness.slotClaimed(this.process, slot, token);
      return token;
    });
  }

  slot(slot: number): Promise<{ readonly token: number; readonly holder: string } | null> {
    return this.ask("slot", [slot], ({ tables }, slot) => {
      const row = tables.get("slots").rows.get(slot);
      return row ? { token: row["token"] as number, holder: row["holder"] as string } : null;
    });
  }

  private ask<Values extends unknown[], T>(
    name: string,
    values: [...Values],
    work: (postgres: SimPostgres, ...values: Values) => T,
  ): Promise<T> {
    const { caller, postgres, process } = this;
    const { witness, scheduler } = process.world;
    return caller.call({ what: name, timeoutMs: ANSWER_TIMEOUT_MS, silent }, () => {
      const rows = work(postgres, ...values);
      witness.read({ atUs: scheduler.nowUs, by: process, name, arguments: values, rows });
      return rows;
    });
  }
}
