/**
 * Who is who. Actors, gateway slots, accounts and orders are whole numbers inside; names are for people, subjects
 * and streams.
 *
 * - Ledger shards are the actors 1 to K (K ≤ 512, fixed when the exchange is created); markets start at 1025.
 * - A source of commands is an actor (its id) or a gateway's slot (minus its number).
 * - An order id carries the shard that issued it: `n × 1024 + shard`.
 */
import { assert } from "./assert.js";
import { hashOfInteger } from "./hash.js";

export const LEDGER_SHARDS_MAX = 512;
export const FIRST_MARKET_ID = 1025;
const ORDER_ID_STRIDE = 1024;

/** What each shard's fees go to: an account of its own, beyond the numbers of all others. */
export const HOUSE_ACCOUNT_BASE = 2 ** 49;

export function houseAccountOf(shard: number): number {
  return HOUSE_ACCOUNT_BASE + shard;
}

export function isHouseAccount(account: number): boolean {
  return account > HOUSE_ACCOUNT_BASE;
}

/** Is it the number of a ledger shard that there may be? */
export function isLedgerShard(actor: number): boolean {
  return actor >= 1 && actor <= LEDGER_SHARDS_MAX;
}

/** Groups of accounts own orders under numbers beyond those of all accounts. */
const GROUP_OWNER_BASE = 2 ** 50;

/** Whom self-trade prevention takes an account's orders for: the account, or (but for group 0) its group. */
export function ownerOf(account: number, group: number): number {
  return group === 0 ? account : GROUP_OWNER_BASE + group;
}

/** The ledger shard that an account belongs to, for ever. */
export function shardOfAccount(account: number, shards: number): number {
  assert(shards >= 1 && shards <= LEDGER_SHARDS_MAX, "%s ledger shards", shards);
  if (isHouseAccount(account)) return account - HOUSE_ACCOUNT_BASE;
  return 1 + (hashOfInteger(account) % shards);
}

export function orderIdOf(count: number, shard: number): number {
  return count * ORDER_ID_STRIDE + shard;
}

/** The ledger shard that issued an order id. */
export function shardOfOrder(orderId: number): number {
  return orderId % ORDER_ID_STRIDE;
}

export function sourceOfSlot(slot: number): number {
  return -slot;
}

/** Is the source a gateway's slot (and not an actor)? */
export function isSlot(source: number): boolean {
  return source < 0;
}

export type ActorKind = "ledger" | "market";

export function ledgerName(shard: number): string {
  return `ledger.${shard}`;
}

export function marketName(symbol: string): string {
  return `market.${encodeSymbol(symbol)}`;
}

export function kindOfName(name: string): ActorKind {
  return name.startsWith("ledger.") ? "ledger" : "market";
}

/**
 * A symbol as one token of a subject, stream name, key or URL: everything but letters, digits, `_` and `-` becomes
 * `%` and two hexadecimal digits. `2330.TW` is `2330%2ETW`.
 */
export function encodeSymbol(symbol: string): string {
  let text = "";
  for (let at = 0; at < symbol.length; at++) {
    const character = symbol[at]!;
    text += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `%${symbol.charCodeAt(at).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

export function decodeSymbol(text: string): string {
  return text.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
