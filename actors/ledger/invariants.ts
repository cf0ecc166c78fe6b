/** What must be true of a shard between any two commands, worked out anew from its parts. Slow. */
import { assert } from "../kernel/assert.js";
import { isHouseAccount } from "../kernel/ids.js";
import { UNITS_MAX } from "../kernel/limits.js";
import { isFinal, OrderStatus } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import { assetHeld } from "./holds.js";
import type { LedgerState } from "./ledger-state.js";
import { isConsistent, type Order } from "./order.js";
import { heldWith } from "./order-hold.js";
import { isOpen, WithdrawalStatus } from "./withdrawals.js";

/** Amounts by asset, exact at any size. */
class Sums {
  private readonly byAsset = new Map<number, bigint>();

  add(asset: number, amount: number | bigint): void {
    this.byAsset.set(asset, this.of(asset) + BigInt(amount));
  }

  of(asset: number): bigint {
    return this.byAsset.get(asset) ?? 0n;
  }

  assets(): Iterable<number> {
    return this.byAsset.keys();
  }
}

/** Turnover totals wrap at 2^53, and with them what is compared with them. */
const MODULUS = BigInt(UNITS_MAX) + 1n;

export function checkLedger(state: LedgerState): void {
  checkOrdersAndHolds(state);
  checkDeposits(state);
  checkConservation(state);
}

function checkOrdersAndHolds(state: LedgerState): void {
  const { accounts, orders, listings, withdrawals } = state;
  const holds = new Map<Account, Sums>();
  const open = new Map<Account, number>();
  for (const order of orders.all()) {
    assert(isConsistent(order), "order %s does not add up", order.id);
    assert(orders.wasIssued(order.id), "order %s was never issued", order.id);
    assert(order.lastSequence <= order.account.sequence, "order %s is ahead", order.id);
    const sameId = orders.findByClientId(order.account, order.clientOrderId, order.updated);
    assert(sameId?.id === order.id, "the client order id of order %s leads elsewhere", order.id);
    if (isFinal(order.status)) continue;
    checkPair(state, order);
    const isUntouched = order.status === OrderStatus.PendingNew && order.amend === null;
    assert(
      order.reviewUntil === 0 || isUntouched,
      "order %s is under review, and traded",
      order.id,
    );
    const { instrument } = listings.of(order.instrument);
    const sums = holds.get(order.account) ?? new Sums();
    // The first of a pair counts for both.
    const isSecond = (orders.pairOf(order)?.id ?? order.id) < order.id;
    const asset = assetHeld(instrument, order.side);
    if (!isSecond) sums.add(asset, heldWith(state, order, order));
    holds.set(order.account, sums);
    open.set(order.account, (open.get(order.account) ?? 0) + 1);
  }
  for (const { account, asset, amount } of withdrawals.all().filter(isOpen)) {
    const sums = holds.get(account) ?? new Sums();
    sums.add(asset, amount);
    holds.set(account, sums);
  }
  for (const account of accounts.all()) {
    const head = accounts.headOf(account);
    assert(head.parent === 0, "account %s is a sub-account of a sub-account", account.id);
    const count = open.get(account) ?? 0;
    assert(account.openOrders === count, "account %s counts its open orders wrongly", account.id);
    for (const { asset, total, held } of account.balances) {
      const isWhole = held >= 0 && held <= total && total <= UNITS_MAX;
      assert(isWhole || isHouseAccount(account.id), "account %s: %s", account.id, asset);
      const expected = holds.get(account)?.of(asset) ?? 0n;
      assert(BigInt(held) === expected, "account %s holds %s of %s", account.id, held, asset);
    }
  }
}

/** Two that name each other are alike, and at most one of them has ever traded. */
function checkPair({ orders }: LedgerState, order: Order): void {
  const other = order.pair === 0 ? undefined : orders.find(order.pair);
  if (!other) return;
  const { account, instrument, side } = order;
  const isAlike =
    other.account === account && other.instrument === instrument && other.side === side;
  assert(isAlike && other.pair === order.id, "orders %s and %s are no pair", order.id, other.id);
  const isHeldAlike = isFinal(other.status) || other.reviewUntil === order.reviewUntil;
  assert(isHeldAlike, "of orders %s and %s one is under review", order.id, other.id);
  const done = other.filled > 0;
  assert(order.isPairDone === done, "order %s: has its pair traded? %s", order.id, done);
  assert(order.filled === 0 || !done, "orders %s and %s have both traded", order.id, other.id);
}

function checkDeposits({ deposits, totals, withdrawals }: LedgerState): void {
  const sums = new Sums();
  for (const deposit of deposits.all()) sums.add(deposit.asset, deposit.amount);
  for (const { asset, amount, status } of withdrawals.all()) {
    if (status === WithdrawalStatus.Settled) sums.add(asset, -amount);
  }
  for (const total of totals.all()) {
    const { asset } = total;
    assert(sums.of(asset) === BigInt(total.deposits), "asset %s: deposits are no total", asset);
  }
}

/** Balances are what came in and has not left, and what trades and transfers brought in, less what they took out (R7). */
function checkConservation({ accounts, flows, listings, totals }: LedgerState): void {
  const sums = new Sums();
  for (const account of accounts.all()) {
    for (const { asset, total } of account.balances) sums.add(asset, total);
  }
  for (const { asset, deposits, transferredIn, transferredOut } of totals.all()) {
    sums.add(asset, BigInt(transferredOut) - BigInt(transferredIn) - BigInt(deposits));
  }
  for (const flow of flows.all()) {
    const { baseAsset, quoteAsset } = listings.of(flow.peer).instrument;
    sums.add(baseAsset, BigInt(flow.baseOut) - BigInt(flow.baseIn));
    sums.add(quoteAsset, BigInt(flow.quoteOut) - BigInt(flow.quoteIn));
  }
  for (const asset of sums.assets()) {
    assert(sums.of(asset) % MODULUS === 0n, "asset %s is not conserved: %s", asset, sums.of(asset));
  }
}
