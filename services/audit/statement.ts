/**
 * An account's statement: what its journal says of its money, line by line. The journal alone says it (R7, R9): lines are read out
 * of the events, and add up to what each row says that it moved, or the statement is refused.
 */
import { Code } from "../../actors/kernel/codes.js";
import { notional } from "../../actors/kernel/instrument.js";
import { Side } from "../../actors/kernel/order.js";
import { type AccountEvent, decodeAccountEvents } from "../../actors/ledger/account-events.js";
import { WithdrawalStatus } from "../../actors/ledger/withdrawals.js";
import { Books, JournalError, onJournal } from "./account-journal.js";
import type { JournalRow, Period } from "./journal-reader.js";

/** Amounts are decimals, as people write them. */
export interface StatementLine {
  /** Microseconds since 1970. */
  readonly time: number;
  /** The number of the event in the account's journal. */
  readonly sequence: number;
  readonly kind:
    | "deposit"
    | "withdrawal"
    | "sent"
    | "returned"
    | "received"
    | "bought"
    | "sold"
    | "fee";
  /** Of a deposit or withdrawal its key; of a transfer the other account and the key; of a trade its symbol and number. */
  readonly reference: string;
  readonly asset: string;
  readonly change: string;
  /** What the account has of the asset after it. */
  readonly balance: string;
}

/** What the account has of each asset that it ever had. */
export type Amounts = Readonly<Record<string, string>>;

/** Told once what there was before, then each line. */
export interface StatementWriter {
  begin(opening: Amounts): void;
  line(line: StatementLine): void;
}

export interface Statement {
  readonly account: number;
  readonly opening: Amounts;
  readonly closing: Amounts;
  readonly lines: number;
}

interface Move {
  readonly kind: StatementLine["kind"];
  readonly reference: string;
  readonly asset: number;
  readonly change: number;
}

/**
 * Gives each line of an account's statement; null: there is no such account. `archives`: the folder of the archive files, for a period that
 * begins in them. Throws `JournalError`, `JournalArchivedError` and `ArchiveError`.
 */
export async function writeStatement(
  postgresUrl: string,
  account: number,
  period: Period,
  writer: StatementWriter,
  archives?: string,
): Promise<Statement | null> {
  return onJournal(postgresUrl, account, archives, async (journal, books) => {
    const balances = await journal.balancesBefore(period.from);
    const opening = books.inWords(balances);
    writer.begin(opening);
    let lines = 0;
    for await (const row of journal.rows(period)) {
      for (const line of linesOf(row, books, balances)) {
        lines += 1;
        writer.line(line);
      }
    }
    return { account, opening, closing: books.inWords(balances), lines };
  });
}

function linesOf(row: JournalRow, books: Books, balances: Map<number, number>): StatementLine[] {
  const moved = new Map<number, number>();
  const lines = decodeAccountEvents(row.events).flatMap((event, at) =>
    movesOf(event, books).map(({ kind, reference, asset, change }): StatementLine => {
      const balance = (balances.get(asset) ?? 0) + change;
      balances.set(asset, balance);
      moved.set(asset, (moved.get(asset) ?? 0) + change);
      return {
        time: row.time,
        sequence: row.first + at,
        kind,
        reference,
        asset: books.nameOf(asset),
        change: books.amount(asset, change),
        balance: books.amount(asset, balance),
      };
    }),
  );
  row.assets.forEach((asset, at) => {
    if ((moved.get(asset) ?? 0) === row.changes[at]) moved.delete(asset);
  });
  const wrong = [...moved].filter(([, change]) => change !== 0);
  if (wrong.length === 0) return lines;
  const place = `row ${row.first} to ${row.last}`;
  throw new JournalError(
    `the journal's ${place} moved other amounts than its events say; run the audit`,
  );
}

/** What an event moves of what the account has. */
function movesOf(event: AccountEvent, books: Books): Move[] {
  switch (event.kind) {
    case "deposited": {
      const { asset, amount, key } = event;
      return [{ kind: "deposit", reference: key, asset, change: amount }];
    }
    case "withdrawal": {
      const { asset, amount, key, status } = event;
      if (status !== WithdrawalStatus.Settled) return [];
      return [{ kind: "withdrawal", reference: key, asset, change: -amount }];
    }
    case "transfer": {
      const { asset, amount, key, recipient } = event;
      return [{ kind: "sent", reference: `${recipient} ${key}`, asset, change: -amount }];
    }
    case "transfer-ended": {
      const { asset, amount, key, recipient, code } = event;
      if (code === Code.OK) return [];
      return [{ kind: "returned", reference: `${recipient} ${key}`, asset, change: amount }];
    }
    case "transfer-received": {
      const { asset, amount, key, sender } = event;
      return [{ kind: "received", reference: `${sender} ${key}`, asset, change: amount }];
    }
    case "filled": {
      const instrument = books.instrument(event.instrument);
      const { symbol, baseAsset, quoteAsset } = instrument;
      const isBuy = event.side === Side.Buy;
      const reference = `${symbol} ${event.tradeId}`;
      const kind = isBuy ? "bought" : "sold";
      const value = notional(instrument, event.price, event.quantity);
      const { quantity, fee } = event;
      const paid: Move = { kind: "fee", reference, asset: quoteAsset, change: -fee };
      return [
        { kind, reference, asset: baseAsset, change: isBuy ? quantity : -quantity },
        { kind, reference, asset: quoteAsset, change: isBuy ? -value : value },
        ...(fee === 0 ? [] : [paid]),
      ];
    }
    case "fee": {
      const { asset, fee, tradeId } = event;
      const reference = `${books.instrument(event.instrument).symbol} ${tradeId}`;
      return [{ kind: "fee", reference, asset, change: fee }];
    }
    default:
      return [];
  }
}
