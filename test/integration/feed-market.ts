/** A market that is led by hand: a real actor whose batches a test commits by SQL, and says on the bus or keeps to itself. */
import pg from "pg";
import { encodeAnnouncement, encodeEventFrame } from "../../actors/kernel/event-frame.js";
import type { Effects } from "../../actors/kernel/actor.js";
import { marketName } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { Market } from "../../actors/market/market.js";
import { type OperatorCommand, plainOrder } from "../../actors/market/messages.js";
import type { Bus } from "../../services/ports/log.js";
import { announceSubject, eventsSubject } from "../../services/ports/subjects.js";
import {
  accountOf,
  give,
  INSTRUMENT,
  list,
  MARKET_ID,
  orderOf,
  withoutBands,
} from "../helpers/market.js";
import { rowsOf } from "../helpers/tables.js";

export const SYMBOL = INSTRUMENT.symbol;
const NAME = marketName(SYMBOL);
const MICROSECONDS_PER_MILLISECOND = 1_000;

const ROWS = `
  INSERT INTO assets (name, decimals) VALUES ('TSMC', 0), ('TWD', 2);
  INSERT INTO actors (actor, name, kind, token) VALUES (${MARKET_ID}, '${NAME}', 'market', 1);
  INSERT INTO instruments VALUES (${MARKET_ID}, '${SYMBOL}', 1, 2, 2, 0, 1, 1, 1, 100);
`;

export class HandLedMarket {
  token = 1;
  batch = 0;
  eventBatch = 0;
  private readonly postgres: pg.Client;
  private readonly bus: Bus;
  private readonly market = Market.create(MARKET_ID);
  private orders = 0;

  private constructor(postgres: pg.Client, bus: Bus) {
    this.postgres = postgres;
    this.bus = bus;
    list(this.market);
    withoutBands(this.market);
  }

  /** A market with no orders, in empty tables. */
  static async create(postgres: pg.Client, bus: Bus): Promise<HandLedMarket> {
    await postgres.query(
      "TRUNCATE actors, instruments, assets, book, order_terms, trades RESTART IDENTITY CASCADE",
    );
    await postgres.query(ROWS);
    const market = new HandLedMarket(postgres, bus);
    await market.commit();
    return market;
  }

  buy(price: number, quantity: number): void {
    this.enter(Side.Buy, price, quantity);
  }

  sell(price: number, quantity: number): void {
    this.enter(Side.Sell, price, quantity);
  }

  /** An operator's command. */
  order(command: OperatorCommand): void {
    give(this.market, command);
  }

  /** Commits what was entered. Returns its frame; null when it had no events. */
  async commit(): Promise<Uint8Array | null> {
    const effects = this.market.takeEffects();
    const previousBatch = this.eventBatch;
    this.batch += 1;
    if (effects.events) this.eventBatch = this.batch;
    const time = Date.now() * MICROSECONDS_PER_MILLISECOND;
    await this.write(effects, time);
    if (!effects.events) return null;
    const { token, batch } = this;
    const { events, replies } = effects;
    return encodeEventFrame({
      actor: MARKET_ID,
      token,
      batch,
      previousBatch,
      time,
      events,
      replies,
    });
  }

  /** Commits and tells the bus. */
  async commitAndSay(): Promise<void> {
    const frame = await this.commit();
    if (frame) this.say(frame);
  }

  say(frame: Uint8Array): void {
    this.bus.publish(eventsSubject(NAME), frame);
  }

  announce(token = this.token, eventBatch = this.eventBatch): void {
    const { batch } = this;
    const said = { actor: MARKET_ID, name: NAME, node: "hand", anchor: 1, marks: [], lags: [] };
    this.bus.publish(
      announceSubject(NAME),
      encodeAnnouncement({ ...said, token, batch, eventBatch }),
    );
  }

  async takeOver(): Promise<void> {
    this.token += 1;
    await this.postgres.query("UPDATE actors SET token = $1", [this.token]);
  }

  /** What the book's rows say: levels as the feed writes them, best first. */
  async levels(): Promise<{ bids: string[][]; asks: string[][] }> {
    const { rows } = await this.postgres.query<{ side: number; price: string; quantity: string }>(
      `SELECT side, price, sum(shown) AS quantity FROM book GROUP BY side, price
       ORDER BY CASE WHEN side = 1 THEN -price ELSE price END`,
    );
    const of = (side: Side) =>
      rows
        .filter((row) => row.side === side)
        .map(({ price, quantity }) => [(Number(price) / 100).toFixed(2), quantity]);
    return { bids: of(Side.Buy), asks: of(Side.Sell) };
  }

  async tradeIds(): Promise<number[]> {
    const { rows } = await this.postgres.query<{ id: string }>(
      "SELECT trade_id AS id FROM trades ORDER BY trade_id",
    );
    return rows.map(({ id }) => Number(id));
  }

  private enter(side: Side, price: number, quantity: number): void {
    this.orders += 1;
    const orderId = orderOf(this.orders);
    const account = accountOf(this.orders);
    const timeInForce = TimeInForce.GoodTillCancel;
    give(this.market, plainOrder({ orderId, account, side, timeInForce, price, quantity }));
  }

  private async write(effects: Effects, time: number): Promise<void> {
    const { book, book_changed: changed, book_removed: removed, trades } = effects.rows;
    await this.postgres.query("BEGIN");
    await this.postgres.query(
      "UPDATE actors SET batch = $1, event_batch = $2, time = $3, state = $4 WHERE actor = $5",
      [this.batch, this.eventBatch, time, Buffer.from(effects.state), MARKET_ID],
    );
    const gone = rowsOf(removed!).map((row) => row["order_id"]);
    await this.postgres.query("DELETE FROM book WHERE order_id = ANY($1)", [gone]);
    await this.insert("book", rowsOf(book!));
    for (const { order_id, leaves, shown } of rowsOf(changed!)) {
      const values = [order_id, leaves, shown];
      await this.postgres.query(
        "UPDATE book SET leaves = $2, shown = $3 WHERE order_id = $1",
        values,
      );
    }
    const common = { batch: this.batch, time };
    await this.insert(
      "trades",
      rowsOf(trades!).map((row) => ({ ...row, ...common })),
    );
    await this.postgres.query("COMMIT");
  }

  private async insert(table: "book" | "trades", rows: readonly object[]): Promise<void> {
    const records = JSON.stringify(rows.map((row) => ({ actor: MARKET_ID, ...row })));
    await this.postgres.query(
      `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`,
      [records],
    );
  }
}
