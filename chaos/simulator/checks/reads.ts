/**
 * R3 of what is read: an answer is what Postgres had at some moment between the question and the answer. Nothing that was
 * not committed, nothing that had been overtaken when it was asked for, and never half of one moment and half of another.
 */
import type {
  GetBalancesResponse,
  GetOrderResponse,
  ListOpenOrdersResponse,
  Market,
} from "../../../proto/gen/exchange/v1/exchange.js";
import type { AccountsCheck } from "./accounts.js";
import type { SeenEvent } from "./decode.js";
import { numbersOf, type StoredBatch } from "./history.js";
import type { MatchingCheck } from "./matching.js";
import { tell, type ToldOrder } from "./told-orders.js";
import type { Verdict } from "./verdict.js";

interface BalanceChange {
  /** The account's number at which it stands so. */
  readonly sequence: number;
  readonly asset: number;
  readonly total: number;
  readonly held: number;
}

export class ReadsCheck {
  private readonly accounts: AccountsCheck;
  private readonly matching: MatchingCheck;
  private readonly verdict: Verdict;
  private readonly assetName: (asset: number) => string;
  private readonly changes = new Map<number, BalanceChange[]>();
  /** The last numbers that batches have given accounts: between them nothing ever was. */
  private readonly ends = new Map<number, Set<number>>();

  constructor(
    { accounts, matching }: { readonly accounts: AccountsCheck; readonly matching: MatchingCheck },
    verdict: Verdict,
    assetName: (asset: number) => string,
  ) {
    this.accounts = accounts;
    this.matching = matching;
    this.verdict = verdict;
    this.assetName = assetName;
  }

  /** A batch that the other checks have taken in. */
  commit({ batch }: StoredBatch): void {
    const lasts = new Map<number, number>();
    const [owners, sequences] = ["account", "last_sequence"].map((column) =>
      numbersOf(batch, "journal", column),
    );
    owners!.forEach((account, n) => {
      const ends = this.ends.get(account) ?? new Set([0]);
      this.ends.set(account, ends.add(sequences![n]!));
      lasts.set(account, sequences![n]!);
    });
    for (const part of ["balances", "balances_changed"]) {
      const [assets, totals, holds] = ["asset", "total", "held"].map((column) =>
        numbersOf(batch, part, column),
      );
      numbersOf(batch, part, "account").forEach((account, n) => {
        const changes = this.changes.get(account) ?? [];
        this.changes.set(account, changes);
        const sequence = lasts.get(account) ?? changes.at(-1)?.sequence ?? 0;
        changes.push({ sequence, asset: assets![n]!, total: totals![n]!, held: holds![n]! });
      });
    }
  }

  /** The number of an account's last event: to be asked for when the question is put. */
  head(account: number): number {
    return this.journal(account).length;
  }

  /** How many batches a market has committed. */
  batches(market: number): number {
    return this.matching.standings(market).length;
  }

  balances(account: number, from: number, { sequence, balances }: GetBalancesResponse): void {
    const now = this.head(account);
    this.verdict.expect(
      sequence >= from && sequence <= now,
      "R3",
      () =>
        `account ${account} has balances of number ${sequence}; it had ${from} when they were asked for, and ${now} when they came`,
    );
    const kept = new Map<string, string>();
    for (const change of this.changes.get(account) ?? []) {
      if (change.sequence > sequence) break;
      kept.set(this.assetName(change.asset), `${change.total} ${change.held}`);
    }
    const isSame =
      balances.length === kept.size &&
      balances.every(({ asset, total, held, available }) => {
        return available === total - held && kept.get(asset!.name) === `${total} ${held}`;
      });
    this.verdict.expect(
      isSame,
      "R3",
      () =>
        `account ${account} has read ${JSON.stringify(balances)} as its balances of number ${sequence}; ` +
        `committed were ${JSON.stringify([...kept])}`,
    );
  }

  order(account: number, from: number, { order, fills }: GetOrderResponse): void {
    const { orderId, filled, leaves } = order!;
    const trades = fills.map(({ tradeId }) => tradeId).join(", ");
    const wasSo = this.wasEver(account, from, (told) => {
      const kept = told.get(orderId);
      const isSame = kept?.filled === filled && kept.leaves === leaves;
      return isSame && kept.trades.join(", ") === trades;
    });
    this.verdict.expect(
      wasSo,
      "R3",
      () =>
        `account ${account} has read that order ${orderId} has ${leaves} open and ${filled} filled, by trades ${trades}: ` +
        `it was not so from its number ${from} on`,
    );
  }

  openOrders(account: number, from: number, { orders }: ListOpenOrdersResponse): void {
    const read = orders.map(({ orderId, leaves }) => `${orderId}: ${leaves}`).sort();
    const wasSo = this.wasEver(account, from, (told) => {
      const open = [...told].filter(([, { isOver }]) => !isOver);
      if (open.length !== read.length) return false;
      const kept = open.map(([orderId, { leaves }]) => `${orderId}: ${leaves}`).sort();
      return kept.every((each, n) => each === read[n]);
    });
    this.verdict.expect(
      wasSo,
      "R3",
      () =>
        `account ${account} has read that these are open: ${read.join(", ")}; it was not so from its number ${from} on`,
    );
  }

  /** `from`: how many batches it had committed when it was asked how it stands. */
  market(market: number, from: number, answer: Market): void {
    const { phase, sessionReference, lastPrice, rules, time } = answer;
    const read = JSON.stringify({ phase, sessionReference, lastPrice, rules, time });
    const standings = this.matching.standings(market).slice(Math.max(0, from - 1));
    this.verdict.expect(
      standings.some((standing) => JSON.stringify(standing) === read),
      "R3",
      () => `of ${answer.symbol} was read: ${read}; it did not stand so after batch ${from}`,
    );
  }

  /** Was it so, by what the account was told, at any moment from its number `from` on? */
  private wasEver(
    account: number,
    from: number,
    isSo: (told: ReadonlyMap<number, ToldOrder>) => boolean,
  ): boolean {
    const told = new Map<number, ToldOrder>();
    if (from === 0 && isSo(told)) return true;
    const ends = this.ends.get(account);
    return this.journal(account).some((event, at) => {
      tell(told, event);
      return at + 1 >= from && ends?.has(at + 1) && isSo(told);
    });
  }

  private journal(account: number): readonly SeenEvent[] {
    return this.accounts.journals.get(account) ?? [];
  }
}
