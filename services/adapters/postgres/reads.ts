/** What gateways and feeds read and write beside the actors' commits (see `services/ports/reads.ts`). */
import type pg from "pg";
import { assert } from "../../../actors/kernel/assert.js";
import { marketName, shardOfOrder } from "../../../actors/kernel/ids.js";
import type { Instrument } from "../../../actors/kernel/instrument.js";
import {
  type AccountBalances,
  type AccountHead,
  type AccountLimitsRow,
  type TransferRow,
  type WithdrawalRow,
  type ActorHead,
  type AssetDefinition,
  type AssetRow,
  type ExchangeRow,
  expectSame,
  InstrumentConflictError,
  type InstrumentDefinition,
  type JournalRow,
  type MarketSnapshot,
  type OrderFilter,
  type OrderRow,
  type Reads,
  type ReviewLimitRow,
  type StoredEvents,
  type StoredMarket,
  type SubAccountRow,
  type TradeRow,
} from "../../ports/reads.js";
import { inTransaction, query } from "./connections.js";
import { openReadingPool } from "./reading-pool.js";
import * as sql from "./reads-sql.js";

export class PostgresReads implements Reads {
  private readonly pool: pg.Pool;

  constructor(url: string, holder: string) {
    this.pool = openReadingPool(url, holder);
  }

  /** Readings that wait for a connection. */
  get waiting(): number {
    return this.pool.waitingCount;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  async exchange(): Promise<ExchangeRow> {
    const row = await this.one<ExchangeRow>(sql.EXCHANGE);
    assert(row !== null, "the exchange has not been created");
    return row;
  }

  async now(): Promise<number> {
    return (await this.one<{ now: number }>(sql.NOW))!.now;
  }

  actorHeads(): Promise<ActorHead[]> {
    return query<ActorHead>(this.pool, sql.ACTOR_HEADS);
  }

  async eventsBetween(
    actor: number,
    afterBatch: number,
    upToBatch: number,
    batchesMax: number,
  ): Promise<StoredEvents[]> {
    const range = [actor, afterBatch, upToBatch];
    const heads = await query<Omit<StoredEvents, "journal">>(this.pool, sql.EVENT_BATCHES, [
      ...range,
      batchesMax,
    ]);
    const last = heads.at(-1);
    if (!last) return [];
    const rows = await query<JournalRow>(this.pool, sql.JOURNAL_BETWEEN, [
      actor,
      afterBatch,
      last.batch,
    ]);
    const byBatch = new Map<number, JournalRow[]>(heads.map(({ batch }) => [batch, []]));
    for (const row of rows) byBatch.get(row.batch)?.push(row);
    return heads.map((head) => ({ ...head, journal: byBatch.get(head.batch)! }));
  }

  warningRows(
    ...range: [actor: number, afterBatch: number, since: number, rowsMax: number]
  ): Promise<JournalRow[]> {
    return query<JournalRow>(this.pool, sql.WARNING_ROWS, range);
  }

  async accountHeads(accounts: readonly number[]): Promise<ReadonlyMap<number, AccountHead>> {
    const rows = await query<AccountHead & { account: number }>(this.pool, sql.ACCOUNT_HEADS, [
      `{${accounts.join(",")}}`,
    ]);
    return new Map(rows.map(({ account, first, last }) => [account, { first, last }]));
  }

  journalFrom(account: number, fromSequence: number, rowsMax: number): Promise<JournalRow[]> {
    return this.journalRange(account, fromSequence, Number.MAX_SAFE_INTEGER, rowsMax);
  }

  journalRange(
    account: number,
    fromSequence: number,
    toSequence: number,
    rowsMax: number,
  ): Promise<JournalRow[]> {
    const values = [account, fromSequence, toSequence, rowsMax];
    return query<JournalRow>(this.pool, sql.JOURNAL_RANGE, values);
  }

  order(account: number, orderId: number, clientOrderId: string): Promise<OrderRow | null> {
    return orderId > 0
      ? this.one<OrderRow>(sql.ORDER_BY_ID, [account, orderId, shardOfOrder(orderId)])
      : this.one<OrderRow>(sql.ORDER_BY_CLIENT_ID, [account, clientOrderId]);
  }

  async isOrderArchived(orderId: number): Promise<boolean> {
    const values = [orderId, shardOfOrder(orderId)];
    return (await this.one<{ archived: boolean }>(sql.IS_ORDER_ARCHIVED, values))!.archived;
  }

  openOrders(account: number, most: number): Promise<OrderRow[]> {
    return query<OrderRow & pg.QueryResultRow>(this.pool, sql.OPEN_ORDERS, [account, most]);
  }

  /** One statement, so one snapshot: an outer join gives one row also for an account that has nothing. */
  async balances(account: number): Promise<AccountBalances | null> {
    const rows = await query<{
      sequence: number;
      state: number;
      group: number;
      tier: number;
      parent: number;
      asset: number | null;
      total: number;
      held: number;
    }>(this.pool, sql.BALANCES, [account]);
    if (rows.length === 0) return null;
    const balances = rows.flatMap(({ asset, total, held }) =>
      asset === null ? [] : [{ asset, total, held }],
    );
    const { sequence, state, group, tier, parent } = rows[0]!;
    return { sequence, state, group, tier, parent, balances };
  }

  subAccounts(account: number): Promise<SubAccountRow[]> {
    return query<SubAccountRow & pg.QueryResultRow>(this.pool, sql.SUB_ACCOUNTS, [account]);
  }

  limits(account: number): Promise<AccountLimitsRow | null> {
    return this.one<AccountLimitsRow & pg.QueryResultRow>(sql.LIMITS, [account]);
  }

  reviewLimits(account: number): Promise<ReviewLimitRow[]> {
    return query<ReviewLimitRow & pg.QueryResultRow>(this.pool, sql.REVIEW_LIMITS, [account]);
  }

  ordersUnderReview(of: OrderFilter, most: number): Promise<OrderRow[]> {
    const values = [of.instrument, of.account, of.side, most];
    return query<OrderRow & pg.QueryResultRow>(this.pool, sql.ORDERS_UNDER_REVIEW, values);
  }

  withdrawals(account: number, most: number): Promise<WithdrawalRow[]> {
    return query<WithdrawalRow & pg.QueryResultRow>(this.pool, sql.WITHDRAWALS, [account, most]);
  }

  openWithdrawals(most: number): Promise<WithdrawalRow[]> {
    return query<WithdrawalRow & pg.QueryResultRow>(this.pool, sql.OPEN_WITHDRAWALS, [most]);
  }

  transfers(account: number, most: number): Promise<TransferRow[]> {
    return query<TransferRow & pg.QueryResultRow>(this.pool, sql.TRANSFERS, [account, most]);
  }

  assets(): Promise<AssetRow[]> {
    return query<AssetRow>(this.pool, sql.ASSETS);
  }

  instruments(): Promise<Instrument[]> {
    return query<Instrument & pg.QueryResultRow>(this.pool, sql.INSTRUMENTS);
  }

  async instrumentShards(instrument: number): Promise<number> {
    return (await this.one<{ count: number }>(sql.INSTRUMENT_SHARDS, [instrument]))!.count;
  }

  createInstrument(definition: InstrumentDefinition): Promise<Instrument> {
    return inTransaction(this.pool, "BEGIN", async (client) => {
      // One definition at a time: two operators with the same symbol get one instrument.
      await client.query("LOCK TABLE instruments IN SHARE ROW EXCLUSIVE MODE");
      const baseAsset = await assetOf(client, definition.base);
      const quoteAsset = await assetOf(client, definition.quote);
      const { base: _base, quote: _quote, ...terms } = definition;
      const wanted = { ...terms, baseAsset, quoteAsset };
      const found = await client.query<Instrument>(
        sql.INSTRUMENTS.text.replace("ORDER BY", "WHERE symbol = $1 ORDER BY"),
        [definition.symbol],
      );
      const existing = found.rows[0];
      if (existing) return expectSame(existing, wanted);
      return insertInstrument(client, wanted);
    });
  }

  /** Takes in what another instance has defined (see `services/adapters/instances`), and makes its market, if that is to be here. */
  copyInstrument(
    instrument: Instrument,
    assets: readonly AssetRow[],
    isMarketHere: boolean,
  ): Promise<void> {
    return inTransaction(this.pool, "BEGIN", async (client) => {
      for (const { asset, name, decimals } of assets) {
        await client.query(sql.COPY_ASSET, [asset, name, decimals]);
      }
      await insertDefinition(client, instrument);
      if (isMarketHere) await insertMarket(client, instrument);
    });
  }

  async marketSnapshot(market: number): Promise<MarketSnapshot> {
    const row = await this.one<{
      token: number;
      eventBatch: number;
      time: number;
      state: Uint8Array;
      sides: number[];
      prices: number[];
      quantities: number[];
    }>(sql.MARKET_SNAPSHOT, [market]);
    assert(row !== null, "there is no market %s", market);
    const { sides, prices, quantities, ...head } = row;
    const levels = sides.map((side, at) => ({
      side: side as MarketSnapshot["levels"][number]["side"],
      price: prices[at]!,
      quantity: quantities[at]!,
    }));
    return { ...head, levels };
  }

  async marketState(market: number): Promise<StoredMarket> {
    const row = await this.one<StoredMarket>(sql.MARKET_STATE, [market]);
    assert(row !== null, "there is no market %s", market);
    return row;
  }

  trades(market: number, afterTradeId: number, tradesMax: number): Promise<TradeRow[]> {
    return query<TradeRow & pg.QueryResultRow>(this.pool, sql.TRADES, [
      market,
      afterTradeId,
      tradesMax,
    ]);
  }

  async nextAccountNumber(): Promise<number> {
    return (await this.one<{ account: number }>(sql.NEXT_ACCOUNT))!.account;
  }

  async claimSlot(slot: number, holder: string): Promise<number> {
    return (await this.one<{ token: number }>(sql.CLAIM_SLOT, [slot, holder]))!.token;
  }

  slot(slot: number): Promise<{ readonly token: number; readonly holder: string } | null> {
    return this.one(sql.SLOT, [slot]);
  }

  private async one<R extends object>(
    statement: Parameters<typeof query>[1],
    values: readonly unknown[] = [],
  ): Promise<R | null> {
    const rows = await query<R & pg.QueryResultRow>(this.pool, statement, values);
    return rows[0] ?? null;
  }
}

async function assetOf(
  client: pg.PoolClient,
  { name, decimals }: AssetDefinition,
): Promise<number> {
  await client.query(
    "INSERT INTO assets (name, decimals) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
    [name, decimals],
  );
  const { rows } = await client.query<AssetRow>("SELECT * FROM assets WHERE name = $1", [name]);
  const asset = rows[0]!;
  if (asset.decimals === decimals) return asset.asset;
  throw new InstrumentConflictError(
    `asset ${name} has ${asset.decimals} decimals, not ${decimals}: an asset keeps its decimals for ever`,
  );
}

/** Under a new number; the market is made where its rows will be, if that is here. */
async function insertInstrument(
  client: pg.PoolClient,
  wanted: Omit<Instrument, "id">,
): Promise<Instrument> {
  const { rows } = await client.query<{ id: number }>(
    "SELECT nextval('market_ids')::integer AS id",
  );
  const instrument = { id: rows[0]!.id, ...wanted };
  const assigned = await client.query<{ isHere: boolean }>(sql.ASSIGN_MARKET, [instrument.id]);
  if (assigned.rows[0]!.isHere) await insertMarket(client, instrument);
  await insertDefinition(client, instrument);
  return instrument;
}

async function insertMarket(client: pg.PoolClient, { id, symbol }: Instrument): Promise<void> {
  await client.query(
    `INSERT INTO actors (actor, name, kind, incarnation)
     SELECT $1, $2, 'market', incarnation FROM exchange ON CONFLICT (actor) DO NOTHING`,
    [id, marketName(symbol)],
  );
}

async function insertDefinition(client: pg.PoolClient, instrument: Instrument): Promise<void> {
  await client.query(sql.INSERT_INSTRUMENT, [
    instrument.id,
    instrument.symbol,
    instrument.baseAsset,
    instrument.quoteAsset,
    instrument.priceDecimals,
    instrument.quantityDecimals,
    instrument.tick,
    instrument.lot,
    instrument.notionalFactor,
    instrument.referencePrice,
    instrument.makerFee,
    instrument.takerFee,
    JSON.stringify(instrument.feeTiers),
  ]);
}
