/**
 * Watching after the trade: counts what accounts are told of their orders, window by window, and warns (`warnings.ts`). The counts are a
 * part of the state, so that a successor and a standby warn of the same (R6); they are stored with the account's row in the journal,
 * which is written whenever something is counted, so that they cost no row and no reading of their own.
 */
import { Code } from "../kernel/codes.js";
import type { StateHash } from "../kernel/hash.js";
import { type Hashed, LateHash, UNHASHED } from "../kernel/late-hash.js";
import type { AccountEvent } from "./account-event.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { type TableRow, textIn } from "./rows.js";
import {
  type Counts,
  isWorthAWarning,
  WARNING_KINDS,
  type WarningEvent,
  WINDOW_SECONDS,
} from "./warnings.js";

const WINDOW_MICROS = WINDOW_SECONDS * 1_000_000;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What was counted of an account in the last window in which there was anything to count. */
export interface Watched extends Writable<Counts>, Hashed {
  readonly account: Account;
  /** Since 1970. */
  window: number;
  /** A bit for each kind that it was warned of in this window. */
  warned: number;
}

interface Warning {
  readonly account: Account;
  readonly event: WarningEvent;
}

const NONE: readonly Warning[] = [];
const NOTHING = { orders: 0, amends: 0, cancels: 0, trades: 0, selfTrades: 0, warned: 0 };

export class Watching {
  private readonly hash: LateHash<Watched>;
  /** Those of whom the open command has counted something. */
  private readonly counted: Watched[] = [];
  private window = 0;

  constructor(hash: StateHash) {
    this.hash = new LateHash(hash, addToHash);
  }

  /** A command begins, at this time in microseconds since 1970. */
  begin(time: number): void {
    this.window = windowOf(time);
  }

  /** Counts what an account is told. */
  count(account: Account, event: AccountEvent): void {
    switch (event.kind) {
      case "accepted":
        this.current(account).orders += 1;
        break;
      case "filled":
        this.current(account).trades += 1;
        break;
      case "amended":
        this.current(account).amends += 1;
        break;
      case "reduced":
        if (event.code === Code.OK) this.current(account).amends += 1;
        else if (event.code === Code.SELF_TRADE_PREVENTED) this.selfTrade(account);
        break;
      case "ended":
        if (event.code === Code.SELF_TRADE_PREVENTED) this.selfTrade(account);
        break;
    }
  }

  /** The account has cancelled an order of such a time, or both of a pair. Those of windows before are no part of this one's rate. */
  cancel(account: Account, created: number, orders: 1 | 2): void {
    if (windowOf(created) === this.window) this.current(account).cancels += orders;
  }

  /** The account has traded with its owner's, or was kept from it. */
  selfTrade(account: Account): void {
    this.current(account).selfTrades += 1;
  }

  /** What the command that was done is the first in its window to be a reason for. */
  takeWarnings(): readonly Warning[] {
    let warnings = NONE;
    for (const watched of this.counted) {
      for (const kind of WARNING_KINDS) {
        const bit = 1 << kind;
        if ((watched.warned & bit) !== 0 || !isWorthAWarning(kind, watched)) continue;
        watched.warned |= bit;
        this.hash.touch(watched);
        warnings = [...warnings, { account: watched.account, event: warningOf(kind, watched) }];
      }
    }
    this.counted.length = 0;
    return warnings;
  }

  /** What a row of the account's journal keeps of it; empty for one of whom nothing was ever counted. */
  textOf({ watched }: Account): string {
    if (!watched) return "";
    const { window, orders, amends, cancels, trades, selfTrades, usualOrders, warned } = watched;
    return `${window},${orders},${amends},${cancels},${trades},${selfTrades},${usualOrders},${warned}`;
  }

  /** Takes what the account's last row in the journal has kept. */
  restore(account: Account, row: TableRow): void {
    const text = textIn(row, "counted");
    if (text === "") return;
    const [window, orders, amends, cancels, trades, selfTrades, usualOrders, warned] = text
      .split(",")
      .map(Number) as [number, number, number, number, number, number, number, number];
    const counts = { orders, amends, cancels, trades, selfTrades, usualOrders };
    this.add({ account, window, ...counts, warned, ...UNHASHED });
  }

  /** Brings the state's hash up to date. */
  rehash(): void {
    this.hash.settle();
  }

  private current(account: Account): Watched {
    const watched =
      account.watched ??
      this.add({ account, window: this.window, ...NOTHING, usualOrders: 0, ...UNHASHED });
    this.hash.touch(watched);
    if (watched.window !== this.window) roll(watched, this.window);
    this.counted.push(watched);
    return watched;
  }

  private add(watched: Watched): Watched {
    watched.account.watched = watched;
    this.hash.touch(watched);
    return watched;
  }
}

function windowOf(time: number): number {
  return Math.floor(time / WINDOW_MICROS);
}

/** Each window that has passed halves what is usual; the one that was counted has come to it before. */
function roll(watched: Watched, window: number): void {
  const { usualOrders, orders } = watched;
  const passed = window - watched.window;
  Object.assign(watched, NOTHING);
  watched.usualOrders = Math.floor((usualOrders + orders) / 2 ** passed);
  watched.window = window;
}

function warningOf(warning: WarningEvent["warning"], watched: Watched): WarningEvent {
  const { orders, amends, cancels, trades, selfTrades, usualOrders } = watched;
  const counts = { orders, amends, cancels, trades, selfTrades, usualOrders };
  return { kind: "warning", warning, window: watched.window * WINDOW_MICROS, ...counts };
}

function addToHash(hash: StateHash, watched: Watched): void {
  hash.part(HashKind.Watched);
  hash.part(watched.account.id);
  hash.part(watched.window);
  hash.part(watched.orders);
  hash.part(watched.amends);
  hash.part(watched.cancels);
  hash.part(watched.trades);
  hash.part(watched.selfTrades);
  hash.part(watched.usualOrders);
  hash.part(watched.warned);
  hash.end();
}
