/** What gateways and feeds read and write in PostgreSQL, each answer of one moment (see `services/ports/reads.ts`). */
import { marketName } from "../../../actors/kernel/ids.js";
import type { Instrument } from "../../../actors/kernel/instrument.js";
import { isFinal, type OrderStatus, type Side } from "../../../actors/kernel/order.js";
import {
  type AccountBalances,
  type AccountHead,
  type AccountLimitsRow,
  type TransferRow,
  type WithdrawalRow,
  type ActorHead,
  type AssetDefinition,
  type AssetRow,
  expectSame,
  InstrumentConflictError,
  type InstrumentDefinition,
  type JournalRow,
  type MarketSnapshot,
  type OrderFilter,
  type OrderRow,
  type ReviewLimitRow,
  type StoredEvents,
  type StoredMarket,
  type SubAccountRow,
  type TradeRow,
} from "../../../services/ports/reads.js";
import type { Row } from "../../../services/ports/store.js";
import { lastSequence } from "./actor-pages.js";
import type { SimPostgres } from "./postgres.js";
import { instrumentOf, instrumentRow, journalRow, orderRow } from "./read-rows.js";

type Numbers = Record<string, number>;

export function actorHeads({ actors }: SimPostgres): ActorHead[] {
  return [...actors.values()].map(({ record }) => {
    const { id, name, kind, token, batch, eventBatch, anchor } = record;
    return { actor: id, name, kind, token, batch, eventBatch, anchor };
  });
}

export function eventsBetween(
  { tables }: SimPostgres,
  actor: number,
  afterBatch: number,
  upToBatch: number,
  batchesMax: number,
): StoredEvents[] {
  const isWanted = (row: Row) =>
    (row["batch"] as number) > afterBatch && (row["batch"] as number) <= upToBatch;
  const journal = new Map<number, JournalRow[]>();
  for (const row of tables.get("journal").group("actor", actor)) {
    if (!isWanted(row)) continue;
    const ofBatch = journal.get(row["batch"] as number);
    if (ofBatch) ofBatch.push(journalRow(row));
    else journal.set(row["batch"] as number, [journalRow(row)]);
  }
  const found: StoredEvents[] = [];
  for (const row of tables.get("batch_log").group("actor", actor)) {
    if (!isWanted(row)) continue;
    const { batch, token, time, replies } = row as unknown as StoredEvents;
    const rows = journal.get(batch);
    if (!rows && replies === null) continue;
    if (found.length === batchesMax) break;
    const inOrder = rows?.sort((a, b) => a.account - b.account) ?? [];
    found.push({ actor, batch, token, time, replies, journal: inOrder });
  }
  return found;
}

export function accountHeads(
  postgres: SimPostgres,
  accounts: readonly number[],
): ReadonlyMap<number, AccountHead> {
  const { rows } = postgres.tables.get("accounts");
  const known = accounts.filter((account) => rows.has(account));
  // Nothing is ever archived here.
  return new Map(
    known.map((account) => [account, { first: 1, last: lastSequence(postgres, account) }]),
  );
}

export function warningRows(
  { tables }: SimPostgres,
  actor: number,
  afterBatch: number,
  since: number,
  rowsMax: number,
): JournalRow[] {
  const rows = tables
    .get("journal")
    .group("actor", actor)
    .filter((row) => (row["warnings"] as number) > 0)
    .map(journalRow)
    .filter(({ batch, time }) => batch > afterBatch && time >= since);
  const last = rows[rowsMax - 1]?.batch ?? Number.MAX_SAFE_INTEGER;
  return rows.filter(({ batch }) => batch <= last);
}

export function journalRange(
  { tables }: SimPostgres,
  account: number,
  fromSequence: number,
  toSequence: number,
  rowsMax: number,
): JournalRow[] {
  const found: JournalRow[] = [];
  for (const row of tables.get("journal").group("account", account)) {
    if (found.length === rowsMax || (row["first_sequence"] as number) > toSequence) break;
    if ((row["last_sequence"] as number) >= fromSequence) found.push(journalRow(row));
  }
  return found;
}

/** Nothing is ever archived here. */
export function isOrderArchived(): boolean {
  return false;
}

export function order(
  { tables }: SimPostgres,
  account: number,
  orderId: number,
  clientOrderId: string,
): OrderRow | null {
  const id = orderId > 0 ? orderId : tables.clientOrderIds.get(`${account}/${clientOrderId}`);
  const row = id === undefined ? undefined : tables.get("orders").rows.get(id);
  return row?.["account"] === account ? orderRow(row) : null;
}

export function openOrders({ tables }: SimPostgres, account: number, most: number): OrderRow[] {
  const isOpen = (row: Row) => row["account"] === account && !isFinal(row["status"] as OrderStatus);
  const rows = [...tables.get("orders").rows.values()].filter(isOpen).map(orderRow);
  return rows.sort((a, b) => b.created - a.created || b.orderId - a.orderId).slice(0, most);
}

export function balances(postgres: SimPostgres, account: number): AccountBalances | null {
  const { tables } = postgres;
  if (!tables.get("accounts").rows.has(account)) return null;
  const found: AccountBalances["balances"][number][] = [];
  for (const row of tables.get("balances").rows.values()) {
    if (row["account"] !== account) continue;
    const { asset, total, held } = row as Numbers;
    found.push({ asset: asset!, total: total!, held: held! });
  }
  found.sort((a, b) => a.asset - b.asset);
  const { rows } = tables.get("accounts");
  const known = rows.get(account) as Numbers;
  const parent = known["parent"]!;
  const head = parent === 0 ? known : (rows.get(parent) as Numbers);
  const state = Math.max(known["state"]!, head["state"]!);
  const [group, tier] = [head["account_group"]!, head["tier"]!];
  const sequence = lastSequence(postgres, account);
  return { sequence, state, group, tier, parent, balances: found };
}

export function subAccounts({ tables }: SimPostgres, account: number): SubAccountRow[] {
  const rows = [...tables.get("accounts").rows.values()] as Numbers[];
  return rows
    .filter(({ parent }) => parent === account && parent !== 0)
    .map((row) => ({ account: row["account"]!, state: row["state"]! }))
    .sort((a, b) => a.account - b.account);
}

/** A sub-account's are its parent's. */
export function limits(postgres: SimPostgres, account: number): AccountLimitsRow | null {
  const { tables } = postgres;
  const known = tables.get("accounts").rows.get(account) as Numbers | undefined;
  if (!known) return null;
  const head = known["parent"] || account;
  const row = (tables.get("account_limits").rows.get(head) ?? {}) as Partial<Numbers>;
  const today = Math.floor(postgres.now() / MICROS_PER_DAY);
  return {
    ordersPerDay: row["orders_per_day"] ?? 0,
    openOrders: row["open_orders"] ?? 0,
    requestsPerSecond: row["requests_per_second"] ?? 0,
    own: row["own"] === 1,
    ordersToday: row["day"] === today ? row["orders_today"]! : 0,
  };
}

const MICROS_PER_DAY = 86_400_000_000;

export function reviewLimits({ tables }: SimPostgres, account: number): ReviewLimitRow[] {
  const rows = [...tables.get("review_limits").rows.values()] as unknown as Numbers[];
  const known = tables.get("accounts").rows.get(account) as Numbers | undefined;
  const head = known?.["parent"] || account;
  return rows
    .filter((row) => row["account"] === head && row["value"]! > 0)
    .map(({ asset, value }) => ({ asset: asset!, value: value! }))
    .sort((a, b) => a.asset - b.asset);
}

export function ordersUnderReview(
  { tables }: SimPostgres,
  of: OrderFilter,
  most: number,
): OrderRow[] {
  const isWanted = (row: OrderRow) =>
    row.reviewUntil !== 0 &&
    [0, row.instrument].includes(of.instrument) &&
    [0, row.account].includes(of.account) &&
    [0, row.side].includes(of.side);
  return [...tables.get("orders").rows.values()]
    .map(orderRow)
    .filter(isWanted)
    .sort((a, b) => a.reviewUntil - b.reviewUntil || a.orderId - b.orderId)
    .slice(0, most);
}

export function withdrawals(postgres: SimPostgres, account: number, most: number): WithdrawalRow[] {
  const all = allWithdrawals(postgres).filter((row) => row.account === account);
  return all.sort((a, b) => b.requested - a.requested).slice(0, most);
}

export function openWithdrawals(postgres: SimPostgres, most: number): WithdrawalRow[] {
  const open = allWithdrawals(postgres).filter(({ status }) => status < FIRST_DECIDED_STATUS);
  return open.sort((a, b) => a.account - b.account || a.requested - b.requested).slice(0, most);
}

/** Statuses from here on are of withdrawals that were settled or refused. */
const FIRST_DECIDED_STATUS = 3;

function allWithdrawals({ tables }: SimPostgres): WithdrawalRow[] {
  return [...tables.get("withdrawals").rows.values()].map((row) => {
    const { account, asset, amount, status, requested, sequence } = row as Numbers;
    return {
      account: account!,
      key: row["key"] as string,
      asset: asset!,
      amount: amount!,
      status: status!,
      requested: requested!,
      sequence: sequence!,
    };
  });
}

export function transfers({ tables }: SimPostgres, account: number, most: number): TransferRow[] {
  const rows = (table: string) =>
    [...tables.get(table).rows.values()].filter((row) => row["account"] === account);
  const sent = rows("transfers").map((row) => ({ ...row, sender: account }));
  const given = rows("credits").map((row) => ({ ...row, recipient: account, status: 2, code: 0 }));
  const all = [...sent, ...given].map((row: Row) => {
    const { sender, recipient, asset, amount, status, code, sequence } = row as Numbers;
    const key = row["key"] as string;
    const numbers = { sender, recipient, asset, amount, status, code, sequence };
    return { key, ...numbers } as TransferRow;
  });
  return all.sort((a, b) => b.sequence - a.sequence).slice(0, most);
}

export function instrumentShards({ tables }: SimPostgres, instrument: number): number {
  let count = 0;
  for (const row of tables.get("shard_instruments").rows.values()) {
    if (row["instrument"] === instrument) count += 1;
  }
  return count;
}

export function marketSnapshot(postgres: SimPostgres, market: number): MarketSnapshot {
  const actor = postgres.actors.get(market);
  if (!actor) throw new Error(`there is no market ${market}`);
  const { token, eventBatch, time, state } = actor.record;
  const levels = new Map<string, { side: Side; price: number; quantity: number }>();
  for (const row of postgres.tables.get("book").of(market)) {
    const { side, price, shown } = row as Numbers;
    if (shown === 0) continue;
    const level = levels.get(`${side}/${price}`);
    if (level) level.quantity += shown!;
    else levels.set(`${side}/${price}`, { side: side as Side, price: price!, quantity: shown! });
  }
  const inOrder = [...levels.values()].sort(
    (a, b) => a.side - b.side || (a.side === 1 ? b.price - a.price : a.price - b.price),
  );
  return { token, eventBatch, time, state, levels: inOrder };
}

export function marketState(postgres: SimPostgres, market: number): StoredMarket {
  const actor = postgres.actors.get(market);
  if (!actor) throw new Error(`there is no market ${market}`);
  const { time, state } = actor.record;
  return { time, state };
}

export function trades(
  { tables }: SimPostgres,
  market: number,
  afterTradeId: number,
  tradesMax: number,
): TradeRow[] {
  const found: TradeRow[] = [];
  for (const row of tables.get("trades").group("actor", market)) {
    if (found.length === tradesMax) break;
    const { trade_id, sequence, price, quantity, taker_side, time } = row as Numbers;
    if (trade_id! <= afterTradeId) continue;
    found.push({
      tradeId: trade_id!,
      sequence: sequence!,
      price: price!,
      quantity: quantity!,
      takerSide: taker_side as Side,
      time: time!,
    });
  }
  return found;
}

export function assets({ tables }: SimPostgres): AssetRow[] {
  return [...tables.get("assets").rows.values()] as unknown as AssetRow[];
}

export function instruments({ tables }: SimPostgres): Instrument[] {
  return [...tables.get("instruments").rows.values()].map(instrumentOf);
}

/** In one step, and nothing of it when it conflicts. */
export function createInstrument(
  postgres: SimPostgres,
  definition: InstrumentDefinition,
): Instrument {
  const { base, quote, ...terms } = definition;
  const known = assets(postgres);
  const [baseAsset, isNewBase] = assetOf(known, base, known.length + 1);
  const [quoteAsset, isNewQuote] = assetOf(known, quote, known.length + (isNewBase ? 2 : 1));
  const wanted = { ...terms, baseAsset, quoteAsset };
  const existing = instruments(postgres).find(({ symbol }) => symbol === terms.symbol);
  if (existing) return expectSame(existing, wanted);
  const rows = postgres.tables.get("assets");
  if (isNewBase) rows.set(baseAsset, { asset: baseAsset, ...base });
  if (isNewQuote) rows.set(quoteAsset, { asset: quoteAsset, ...quote });
  const id = postgres.addMarket(marketName(terms.symbol));
  postgres.tables.get("instruments").set(id, instrumentRow({ id, ...wanted }));
  return { id, ...wanted };
}

export function claimSlot({ tables }: SimPostgres, slot: number, holder: string): number {
  const slots = tables.get("slots");
  const token = ((slots.rows.get(slot)?.["token"] as number) ?? 0) + 1;
  slots.set(slot, { slot, token, holder });
  return token;
}

function assetOf(
  known: readonly AssetRow[],
  { name, decimals }: AssetDefinition,
  next: number,
): [asset: number, isNew: boolean] {
  const asset = known.find((each) => each.name === name);
  if (!asset) return [next, true];
  if (asset.decimals === decimals) return [asset.asset, false];
  throw new InstrumentConflictError(
    `asset ${name} has ${asset.decimals} decimals, not ${decimals}: an asset keeps its decimals for ever`,
  );
}
