/**
 * R7 and R9 at each commit of a ledger shard: journals without a gap, balances that are the sum of what their journals
 * say, money that comes from deposits and moves by trades and transfers alone, each side of each trade settled once.
 */
import type { Batch } from "../../../services/ports/store.js";
import { readEvents, type SeenEvent } from "./decode.js";
import { FeesCheck, isHouse, type Rates } from "./fees.js";
import { type ActorHistory, numbersOf, partOf, type StoredBatch, textsOf } from "./history.js";
import { type SeenTrade, tradesOf } from "./matching.js";
import { TransfersCheck } from "./transfers.js";
import type { Verdict } from "./verdict.js";

const BUY = 1;
const MAKER = 1;
const AUCTION = 3;

/** What a check needs to know of an instrument. */
export interface Terms extends Rates {
  readonly baseAsset: number;
  readonly quoteAsset: number;
  readonly notionalFactor: number;
}

export interface Balance {
  total: number;
  held: number;
}

export interface KeptOrder {
  readonly orderId: number;
  readonly account: number;
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly quantity: number;
  /** What the client was told first: `accepted`, `rejected` or `voided`, and the code. */
  readonly verdict: string;
  readonly code: number;
}

interface KeptTrade extends SeenTrade {
  isMakerSettled: boolean;
  isTakerSettled: boolean;
}

export class AccountsCheck {
  /** Everything an account was ever told: the event of number n at n − 1. */
  readonly journals = new Map<number, SeenEvent[]>();
  readonly balances = new Map<string, Balance>();
  /** By account and client order id. */
  readonly ordersByClientId = new Map<string, KeptOrder>();
  readonly orders = new Map<number, KeptOrder>();
  readonly transfers: TransfersCheck;
  private readonly fees: FeesCheck;
  private readonly verdict: Verdict;
  private readonly termsOf: (instrument: number) => Terms | undefined;
  private readonly trades = new Map<string, KeptTrade>();
  /** Per asset: deposits, and what trades with one side settled and transfers under way have moved. */
  private readonly deposits = new Map<number, number>();
  private readonly inFlight = new Map<number, number>();
  private readonly totals = new Map<number, number>();

  constructor(verdict: Verdict, termsOf: (instrument: number) => Terms | undefined) {
    this.verdict = verdict;
    this.termsOf = termsOf;
    this.transfers = new TransfersCheck(verdict);
    this.fees = new FeesCheck(verdict);
  }

  commit(stored: StoredBatch, actor: ActorHistory): void {
    const { batch } = stored;
    if (actor.kind === "market") {
      for (const trade of tradesOf(batch)) {
        const key = `${actor.id} ${trade.tradeId}`;
        this.trades.set(key, { ...trade, isMakerSettled: false, isTakerSettled: false });
      }
      return;
    }
    const moved = new Map<string, Balance>();
    this.takeJournal(batch, actor, moved);
    this.transfers.judgeCommit();
    this.fees.judgeCommit();
    this.takeBalances(batch, actor, moved);
    this.judgeConservation(batch, actor);
  }

  /** At the end nothing is in flight: both sides of every trade are settled. */
  judgeEnd(): void {
    for (const [key, trade] of this.trades) {
      this.verdict.expect(
        trade.isMakerSettled && trade.isTakerSettled,
        "R5",
        () =>
          `trade ${key}: the maker is ${trade.isMakerSettled ? "" : "not "}settled, ` +
          `the taker is ${trade.isTakerSettled ? "" : "not "}settled`,
      );
    }
    this.transfers.judgeEnd();
    for (const [asset, total] of this.totals) {
      const deposits = this.deposits.get(asset) ?? 0;
      this.verdict.expect(
        total === deposits,
        "R7",
        () => `of asset ${asset} accounts own ${total}; ${deposits} were deposited`,
      );
    }
  }

  private takeJournal(batch: Batch, actor: ActorHistory, moved: Map<string, Balance>): void {
    const rows = partOf(batch, "journal");
    if (!rows || rows.count === 0) return;
    const number = (column: string) => numbersOf(batch, "journal", column);
    const accounts = number("account");
    const [firsts, lasts] = [number("first_sequence"), number("last_sequence")];
    const [offsets, lengths] = [number("offset"), number("length")];
    const changes = ["assets", "total_changes", "held_changes"].map((column) =>
      textsOf(batch, "journal", column),
    );
    for (let n = 0; n < rows.count; n++) {
      const account = accounts[n]!;
      const bytes = rows.bytes!.subarray(offsets[n], offsets[n]! + lengths[n]!);
      const events = readEvents(bytes);
      const journal = this.journals.get(account) ?? [];
      this.journals.set(account, journal);
      this.verdict.expect(
        firsts[n] === journal.length + 1 && lasts[n] === journal.length + events.length,
        "R9",
        () =>
          `account ${account}: ${events.length} events from ${firsts[n]} to ${lasts[n]} ` +
          `after number ${journal.length}`,
      );
      const expected = new Map<number, number>();
      for (const event of events) {
        journal.push(event);
        this.takeEvent(event, account, actor, expected);
      }
      this.judgeChanges(
        account,
        expected,
        changes.map((column) => arrayOf(column[n]!)),
        moved,
      );
    }
  }

  /** Notes what an event means; adds to `expected` by how much it changes what the account owns. */
  private takeEvent(
    event: SeenEvent,
    account: number,
    actor: ActorHistory,
    expected: Map<number, number>,
  ): void {
    if (event.kind === "deposited") {
      add(expected, event.asset, event.amount);
      add(this.deposits, event.asset, event.amount);
    } else if (event.kind === "filled") {
      this.settle(event, account, actor, expected);
    } else if (event.kind === "fee") {
      add(expected, event.asset, event.amount);
      this.fees.keep(event, account);
    } else if (event.kind === "accepted" || event.kind === "rejected" || event.kind === "voided") {
      this.takeOrder(event, account);
    } else {
      const change = this.transfers.take(event, account);
      add(expected, event.asset, change);
      add(this.inFlight, event.asset, change);
    }
  }

  /** No run lasts for a day, so no id is ever free again. */
  private takeOrder(event: SeenEvent, account: number): void {
    const { orderId, clientOrderId, instrument, quantity, code } = event;
    const order = { orderId, account, clientOrderId, instrument, quantity, code };
    const key = `${account} ${clientOrderId}`;
    const before = this.ordersByClientId.get(key);
    this.verdict.expect(
      before === undefined && !this.orders.has(orderId),
      "R10",
      () =>
        `account ${account}, client order id ${clientOrderId}: ${event.kind} as ${orderId} ` +
        `after ${before?.verdict} as ${before?.orderId}`,
    );
    const kept = { ...order, verdict: event.kind };
    this.ordersByClientId.set(key, kept);
    this.orders.set(orderId, kept);
  }

  private settle(
    event: SeenEvent,
    account: number,
    actor: ActorHistory,
    expected: Map<number, number>,
  ): void {
    const { orderId, tradeId, instrument, side, price, quantity } = event;
    const trade = this.trades.get(`${instrument} ${tradeId}`);
    const terms = this.termsOf(instrument);
    // In an auction nobody was there first; the younger order counts as the taker.
    const isMaker =
      event.liquidity === MAKER || (event.liquidity === AUCTION && trade?.makerOrder === orderId);
    const isOwed =
      trade !== undefined &&
      trade.price === price &&
      trade.quantity === quantity &&
      (isMaker ? trade.makerOrder : trade.takerOrder) === orderId &&
      (isMaker ? 3 - trade.takerSide : trade.takerSide) === side &&
      !(isMaker ? trade.isMakerSettled : trade.isTakerSettled) &&
      this.orders.get(orderId)?.account === account;
    this.verdict.expect(
      isOwed,
      "R7",
      () =>
        `${actor.name} settles for account ${account} what is not owed: ${JSON.stringify(event)}`,
    );
    if (!trade || !terms) return;
    if (isMaker) trade.isMakerSettled = true;
    else trade.isTakerSettled = true;
    const value = price * quantity * terms.notionalFactor;
    const sign = side === BUY ? 1 : -1;
    add(expected, terms.baseAsset, sign * quantity);
    add(expected, terms.quoteAsset, -sign * value - event.amount);
    this.fees.charge(event, isMaker, value, terms);
    add(this.inFlight, terms.baseAsset, sign * quantity);
    add(this.inFlight, terms.quoteAsset, -sign * value);
  }

  private judgeChanges(
    account: number,
    expected: Map<number, number>,
    [assets, totals, holds]: number[][],
    moved: Map<string, Balance>,
  ): void {
    const judge = (asset: number, byEvents: number, told: number): void => {
      this.verdict.expect(
        byEvents === told,
        "R7",
        () =>
          `account ${account}: its events move ${byEvents} of asset ${asset}, the journal says ${told}`,
      );
    };
    assets!.forEach((asset, n) => {
      judge(asset, expected.get(asset) ?? 0, totals![n]!);
      expected.delete(asset);
      moved.set(`${account} ${asset}`, { total: totals![n]!, held: holds![n]! });
    });
    for (const [asset, byEvents] of expected) judge(asset, byEvents, 0);
  }

  private takeBalances(batch: Batch, actor: ActorHistory, moved: Map<string, Balance>): void {
    const number = (column: string) => [
      ...numbersOf(batch, "balances", column),
      ...numbersOf(batch, "balances_changed", column),
    ];
    const [assets, totals, holds] = [number("asset"), number("total"), number("held")];
    number("account").forEach((account, n) => {
      const key = `${account} ${assets[n]!}`;
      const before = this.balances.get(key) ?? { total: 0, held: 0 };
      const after = { total: totals[n]!, held: holds[n]! };
      const change = moved.get(key) ?? { total: 0, held: 0 };
      moved.delete(key);
      this.verdict.expect(
        after.total === before.total + change.total &&
          after.held === before.held + change.held &&
          after.held >= 0 &&
          (after.held <= after.total || isHouse(account)),
        "R7",
        () =>
          `${actor.name}: account and asset ${key} go from ${JSON.stringify(before)} to ` +
          `${JSON.stringify(after)}; the journal says ${JSON.stringify(change)}`,
      );
      add(this.totals, assets[n]!, after.total - before.total);
      this.balances.set(key, after);
    });
    for (const [key, change] of moved) {
      this.verdict.expect(
        change.total === 0 && change.held === 0,
        "R7",
        () => `${actor.name}: the journal changes account and asset ${key}, the balance does not`,
      );
    }
  }

  /** Everything that accounts own was deposited, or is owed by the other side of a trade; what is under way is no account's. */
  private judgeConservation(batch: Batch, actor: ActorHistory): void {
    for (const [asset, total] of this.totals) {
      const expected = (this.deposits.get(asset) ?? 0) + (this.inFlight.get(asset) ?? 0);
      this.verdict.expect(
        total === expected,
        "R7",
        () =>
          `${actor.name}: after batch ${batch.number} accounts own ${total} of asset ${asset}; ` +
          `deposits and trades give ${expected}`,
      );
    }
  }
}

function add(to: Map<number, number>, key: number, amount: number): void {
  to.set(key, (to.get(key) ?? 0) + amount);
}

/** An array as PostgreSQL writes it. */
function arrayOf(text: string): number[] {
  const inner = text.slice(1, -1);
  return inner === "" ? [] : inner.split(",").map(Number);
}
