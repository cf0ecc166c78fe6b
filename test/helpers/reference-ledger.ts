/**
 * A slow and plain ledger to compare with: it keeps the history of one shard, as events, the amends that it sent and the
 * market's trades, and works every balance, hold and order out from all of it, in big integers, whenever it is asked.
 */
import { assert } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { houseAccountOf, shardOfOrder } from "../../actors/kernel/ids.js";
import type { FeeRates } from "../../actors/kernel/fees.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import type { AccountEvent, Origin } from "../../actors/ledger/account-events.js";
import type { TradeReport } from "../../actors/ledger/messages.js";
import { WithdrawalStatus } from "../../actors/ledger/withdrawals.js";
import type { AmendOrder, MarketCommand } from "../../actors/market/messages.js";

type Withdrawn = Extract<AccountEvent, { kind: "withdrawal" }> & { readonly account: number };
type Accepted = Extract<AccountEvent, { kind: "accepted" }>;

export interface ReferenceBalance {
  total: bigint;
  held: bigint;
}

export interface ReferenceOrder {
  readonly account: number;
  readonly terms: Accepted;
  readonly rates: FeeRates;
  price: bigint;
  filled: bigint;
  leaves: bigint;
  isOpen: boolean;
  /** The amend that its market has not answered. */
  amend: AmendOrder | null;
  /** What it has traded, in quote units, and as whom. */
  makerValue: bigint;
  takerValue: bigint;
}

export class ReferenceLedger {
  private readonly shard: number;
  private readonly instruments: ReadonlyMap<number, Instrument>;
  private readonly events: { readonly account: number; readonly event: AccountEvent }[] = [];
  private readonly trades: TradeReport[] = [];
  private readonly amends: AmendOrder[] = [];

  constructor(shard: number, instruments: readonly Instrument[]) {
    this.shard = shard;
    this.instruments = new Map(instruments.map((instrument) => [instrument.id, instrument]));
  }

  /** What the shard told an account; of fills only the market's own trades are believed. */
  told(account: number, event: AccountEvent): void {
    this.events.push({ account, event });
  }

  /** What the shard sent to a market, before it told anybody. */
  sent(command: MarketCommand): void {
    if (command.kind === "amend") this.amends.push(command);
  }

  traded(trade: TradeReport): void {
    this.trades.push(trade);
  }

  /** Every accepted order as it must stand after the whole history. */
  orders(): Map<number, ReferenceOrder> {
    const orders = new Map<number, ReferenceOrder>();
    for (const { account, event } of this.events) {
      if (event.kind !== "accepted") continue;
      orders.set(event.orderId, {
        account,
        terms: event,
        rates: ratesOfTier(this.instrumentOf(event), this.tierOf(account, event.origin)),
        price: BigInt(event.price),
        filled: 0n,
        leaves: BigInt(event.quantity),
        isOpen: true,
        amend: null,
        makerValue: 0n,
        takerValue: 0n,
      });
    }
    for (const [orderId, order] of orders) {
      order.filled = this.sides(orderId).reduce((sum, trade) => sum + BigInt(trade.quantity), 0n);
      const factor = BigInt(this.instrumentOf(order.terms).notionalFactor);
      for (const { makerOrder, price, quantity } of this.sides(orderId)) {
        const value = BigInt(price) * BigInt(quantity) * factor;
        if (makerOrder === orderId) order.makerValue += value;
        else order.takerValue += value;
      }
      order.leaves -= order.filled + this.takenOff(orderId, order);
      order.isOpen = order.leaves > 0n;
      this.follow(orderId, order);
    }
    return orders;
  }

  /** The tier of an account, or of its parent, when a command was taken: all are of one slot, whose numbers tell their order. */
  private tierOf(account: number, { number }: Origin): number {
    let [head, tier] = [account, 0];
    for (const { account: of, event } of this.events) {
      if (of === account && event.kind === "opened") head = event.parent ?? account;
    }
    for (const { account: of, event } of this.events) {
      if (of !== head || event.kind !== "account-tier") continue;
      if (event.origin.number < number) ({ tier } = event);
    }
    return tier;
  }

  /** Every balance, by "account/asset". */
  balances(): Map<string, ReferenceBalance> {
    const balances = new Map<string, ReferenceBalance>();
    const move = (account: number, asset: number, total: bigint, held: bigint): void => {
      const balance = balances.get(`${account}/${asset}`) ?? { total: 0n, held: 0n };
      balances.set(`${account}/${asset}`, balance);
      balance.total += total;
      balance.held += held;
    };
    const withdrawals = new Map<string, Withdrawn>();
    for (const { account, event } of this.events) {
      if (event.kind === "deposited") move(account, event.asset, BigInt(event.amount), 0n);
      if (event.kind === "transfer") move(account, event.asset, -BigInt(event.amount), 0n);
      if (event.kind === "transfer-received") move(account, event.asset, BigInt(event.amount), 0n);
      if (event.kind === "transfer-ended" && event.code !== Code.OK) {
        move(account, event.asset, BigInt(event.amount), 0n);
      }
      if (event.kind === "withdrawal") {
        withdrawals.set(`${account}/${event.key}`, { ...event, account });
      }
    }
    for (const { account, asset, amount, status } of withdrawals.values()) {
      if (status === WithdrawalStatus.Settled) move(account, asset, -BigInt(amount), 0n);
      else if (status !== WithdrawalStatus.Refused) move(account, asset, 0n, BigInt(amount));
    }
    const orders = this.orders();
    for (const [orderId, order] of orders) {
      const { account, terms } = order;
      const pair = orders.get(terms.pair);
      const instrument = this.instrumentOf(terms);
      const { baseAsset, quoteAsset, notionalFactor } = instrument;
      const isBuy = terms.side === Side.Buy;
      const factor = BigInt(notionalFactor);
      move(account, isBuy ? quoteAsset : baseAsset, 0n, mostThatIsHeld(order, pair, instrument));
      const fees = feesOf(order);
      move(account, quoteAsset, -fees, 0n);
      if (fees !== 0n) move(houseAccountOf(this.shard), quoteAsset, fees, 0n);
      for (const trade of this.sides(orderId)) {
        const quantity = BigInt(trade.quantity);
        const value = BigInt(trade.price) * quantity * factor;
        move(account, baseAsset, isBuy ? quantity : -quantity, 0n);
        move(account, quoteAsset, isBuy ? -value : value, 0n);
      }
    }
    return balances;
  }

  /** Notes the order's price, and the amend that is on its way. */
  private follow(orderId: number, order: ReferenceOrder): void {
    const amends = this.amends.filter((amend) => amend.orderId === orderId);
    for (const { event } of this.events) {
      if (!("orderId" in event) || event.orderId !== orderId) continue;
      if (event.kind === "requested" && event.request === OrderRequest.Amend) {
        order.amend = amends.shift()!;
      } else if (event.kind === "amended") {
        order.price = BigInt(event.price);
        order.amend = null;
      } else if (event.kind === "repriced") {
        order.price = BigInt(event.price);
      } else if (event.kind === "refused" && event.request === OrderRequest.Amend) {
        order.amend = null;
      }
    }
  }

  /** What reductions, amends and the end have taken off an order without a trade. */
  private takenOff(orderId: number, order: ReferenceOrder): bigint {
    let open = BigInt(order.terms.quantity);
    let takenOff = 0n;
    for (const { event } of this.events) {
      if (!("orderId" in event) || event.orderId !== orderId) continue;
      if (event.kind === "filled") open -= BigInt(event.quantity);
      if (event.kind !== "reduced" && event.kind !== "amended" && event.kind !== "ended") continue;
      const left = event.kind === "ended" ? 0n : BigInt(event.leaves);
      takenOff += open - left;
      open = left;
    }
    return takenOff;
  }

  private sides(orderId: number): TradeReport[] {
    return this.trades.filter(
      (trade) => trade.makerOrder === orderId || trade.takerOrder === orderId,
    );
  }

  private instrumentOf(terms: Accepted): Instrument {
    assert(shardOfOrder(terms.orderId) === this.shard, "an order of another shard");
    const instrument = this.instruments.get(terms.instrument);
    assert(instrument !== undefined, "instrument %s", terms.instrument);
    return instrument;
  }
}

/**
 * Of a pair whose market has not told that one of them has done something, either may still trade, but not both: the first
 * is counted with what the larger may cost. When one has traded, the other never will.
 */
function mostThatIsHeld(
  order: ReferenceOrder,
  pair: ReferenceOrder | undefined,
  instrument: Instrument,
): bigint {
  if (pair && pair.filled > 0n) return 0n;
  const own = mostWithFees(order, instrument);
  if (!pair?.isOpen || order.filled > 0n || !order.isOpen) return own;
  const others = mostWithFees(pair, instrument);
  if (order.terms.orderId > order.terms.pair) return 0n;
  return own > others ? own : others;
}

/** A buyer's in quote units, with all that fees may come to; a seller's in base units. */
function mostWithFees(order: ReferenceOrder, instrument: Instrument): bigint {
  const { terms, rates, makerValue, takerValue } = order;
  if (terms.side !== Side.Buy) return mostItCosts(order);
  const cost = mostItCosts(order) * BigInt(instrument.notionalFactor);
  const { makerFee, takerFee } = rates;
  if (cost === 0n || (makerFee === 0 && takerFee === 0)) return cost;
  if (makerFee <= 0) return cost + feeOn(takerValue + cost, takerFee) - feeOn(takerValue, takerFee);
  const budget = feeOn(makerValue + takerValue + cost, Math.max(makerFee, takerFee)) + 1n;
  return cost + budget - feesOf(order);
}

function feesOf({ rates, makerValue, takerValue }: ReferenceOrder): bigint {
  return feeOn(makerValue, rates.makerFee) + feeOn(takerValue, rates.takerFee);
}

/** Each tier that an instrument has rates for changes what those before it have said. */
function ratesOfTier({ makerFee, takerFee, feeTiers }: Instrument, tier: number): FeeRates {
  let rates: FeeRates = { makerFee, takerFee };
  for (const [at, next] of feeTiers.entries()) if (at < tier) rates = next;
  return rates;
}

/** A fee rounded up, a rebate down. */
function feeOn(value: bigint, rate: number): bigint {
  const parts = value * BigInt(Math.abs(rate));
  return rate < 0 ? -(parts / 1_000_000n) : (parts + 999_999n) / 1_000_000n;
}

/**
 * The most that an order can cost: tried out for each quantity that may trade before the amend on its way, at the old
 * price, and what is left then at the new one. A seller parts with what is sold at any price.
 */
function mostItCosts({ leaves, amend, terms, price: limit }: ReferenceOrder): bigint {
  const price = terms.side === Side.Buy ? limit : 1n;
  let most = price * leaves;
  if (!amend || leaves === 0n) return most;
  const newPrice = terms.side === Side.Buy ? BigInt(amend.price) : 1n;
  for (let before = 0n; before <= leaves; before++) {
    const left = leaves - before + BigInt(amend.change);
    const cost = left > 0n ? price * before + newPrice * left : 0n;
    if (cost > most) most = cost;
  }
  return most;
}
