/**
 * Pairs of new orders (rule book, 1.7): accepted together or not at all, and held for once, by what the larger of the two
 * can cost, since at most one of them ever trades (R7). Whoever asks for the same pair again gets the first answer (R10).
 */
import { Code } from "../kernel/codes.js";
import { ratesOf } from "../kernel/fees.js";
import { OrderStatus, OrderType } from "../kernel/order.js";
import { isImmediate } from "../kernel/order-terms.js";
import { judgeTrading } from "./account-state.js";
import type { Account } from "./accounts.js";
import { assetHeld, holdOf } from "./holds.js";
import { judgeMeans, judgeTerms, limitPrice } from "./ladder.js";
import type { LedgerState } from "./ledger-state.js";
import type { Listing } from "./listings.js";
import type { NewOrder, PlacePair } from "./messages.js";
import { firstAnswer, type Order } from "./order.js";
import { openOrder, rejectOrder } from "./order-opening.js";
import { cameInAt, isLate, type RequestOf } from "./request.js";
import type { ReviewDesk } from "./review-desk.js";

type PairRequest = RequestOf<"place-pair">;

/** Why a pair is not accepted, and for which leg: 1 or 2; 0: for both. */
interface Verdict {
  readonly code: Code;
  readonly leg: 0 | 1 | 2;
}

const FINE: Verdict = { code: Code.OK, leg: 0 };

export class PairDesk {
  private readonly state: LedgerState;
  private readonly reviews: ReviewDesk;

  constructor(state: LedgerState, reviews: ReviewDesk) {
    this.state = state;
    this.reviews = reviews;
  }

  place(request: PairRequest): void {
    const { state } = this;
    const { command, time } = request;
    state.counters.ordersReceived += 2;
    const account = state.accounts.find(command.account);
    const late = isLate(request);
    const cannotBe = account ? judgeIds(command) : { code: Code.UNKNOWN_ACCOUNT, leg: 0 as const };
    if (!account || cannotBe.code !== Code.OK) {
      return this.refuse(request, late ? { code: Code.DEADLINE_PASSED, leg: 0 } : cannotBe);
    }
    const [first, second] = command.legs.map(({ clientOrderId }) =>
      state.orders.findByClientId(account, clientOrderId, cameInAt(request)),
    );
    if (first || second) return this.answerKnown(request, first, second);
    if (late) return this.reject(request, account, { code: Code.DEADLINE_PASSED, leg: 0 });
    const standing = judgeTrading(state.accounts.stateOf(account), command.legs[0].side);
    if (standing !== Code.OK) return this.reject(request, account, { code: standing, leg: 0 });
    const head = state.accounts.headOf(account);
    const limit = state.limits.take(head, 2, time);
    if (limit !== Code.OK) return this.refuse(request, { code: limit, leg: 0 });
    const verdict = this.judge(command, head.tier, time);
    const listing = state.listings.find(command.legs[0].instrument);
    if (verdict.code !== Code.OK || !listing) return this.reject(request, account, verdict);
    this.accept(request, account, listing);
  }

  /** Each leg by itself, then both as a pair. */
  private judge({ legs }: PlacePair, tier: number, time: number): Verdict {
    const { listings } = this.state;
    const [first, second] = legs;
    const codes = legs.map((leg) => judgeTerms(leg, listings.find(leg.instrument), tier, time));
    if (codes[0] !== Code.OK) return { code: codes[0]!, leg: 1 };
    if (codes[1] !== Code.OK) return { code: codes[1]!, leg: 2 };
    if (first.instrument !== second.instrument) return { code: Code.PAIR_SYMBOLS_DIFFER, leg: 0 };
    if (first.side !== second.side) return { code: Code.PAIR_SIDES_DIFFER, leg: 0 };
    if (neverWaits(first)) return { code: Code.PAIR_OF_IMMEDIATE, leg: 1 };
    if (neverWaits(second)) return { code: Code.PAIR_OF_IMMEDIATE, leg: 2 };
    return FINE;
  }

  private accept(request: PairRequest, account: Account, listing: Listing): void {
    const { accounts, balances, limits, orders } = this.state;
    const { legs } = request.command;
    const { instrument } = listing;
    const prices = legs.map((leg) => limitPrice(leg, listing));
    const head = accounts.headOf(account);
    const rates = ratesOf(instrument, head.tier);
    const asset = assetHeld(instrument, legs[0].side);
    const holds = legs.map(({ side, quantity }, at) =>
      holdOf(instrument, rates, side, prices[at]!, quantity),
    );
    const amount = Math.max(...holds);
    // There has to be room for two.
    const most = limits.openOrders(head);
    const available = balances.available(account, asset);
    const code = judgeMeans(accounts.openOrdersWith(account) + 1, most, available, amount);
    if (code !== Code.OK) return this.reject(request, account, { code, leg: 0 });
    balances.move(account, asset, 0, amount);
    const [first, second] = [orders.nextId(), orders.nextId()];
    const { state } = this;
    const opened = [
      openOrder(state, request, account, legs[0], prices[0]!, { orderId: first, pair: second }),
      openOrder(state, request, account, legs[1], prices[1]!, { orderId: second, pair: first }),
    ];
    this.reviews.passOn(opened, request.time);
  }

  /** Both legs keep their ids; each says whether something was wrong with it. */
  private reject(request: PairRequest, account: Account, { code, leg }: Verdict): void {
    const { state } = this;
    const { legs } = request.command;
    const [first, second] = [state.orders.nextId(), state.orders.nextId()];
    const codes = [1, 2].map((at) => (leg === 0 || leg === at ? code : Code.OTHER_LEG_REJECTED));
    rejectOrder(state, request, account, legs[0], codes[0]!, { orderId: first, pair: second });
    rejectOrder(state, request, account, legs[1], codes[1]!, { orderId: second, pair: first });
  }

  /** The first answer again, if these two are a pair; else one of the ids is in use, and nothing is done. */
  private answerKnown(
    request: PairRequest,
    knownFirst: Order | undefined,
    knownSecond: Order | undefined,
  ): void {
    const { legs } = request.command;
    const first = knownFirst ?? this.otherOf(knownSecond, legs[0]);
    const second = knownSecond ?? this.otherOf(knownFirst, legs[1]);
    if (first && second && first.pair === second.id) return this.repeat(request, first, second);
    // One whose pair is forgotten is about to end as that has, so both were accepted.
    if (first && !second && this.isOfForgotten(first)) {
      return this.answer(request, FINE, first.id, first.pair, true);
    }
    if (second && !first && this.isOfForgotten(second)) {
      return this.answer(request, FINE, second.pair, second.id, true);
    }
    const known = first ?? second!;
    const leg = first ? 1 : 2;
    const isVoided = known.status === OrderStatus.Voided;
    const code = isVoided ? Code.CLIENT_ORDER_ID_VOIDED : Code.CLIENT_ORDER_ID_USED;
    this.answer(request, { code, leg }, leg === 1 ? known.id : 0, leg === 2 ? known.id : 0, false);
  }

  /** Two that are a pair may end one after the other: the id of one is free while the other's is not. */
  private otherOf(known: Order | undefined, leg: NewOrder): Order | undefined {
    const other = known && this.state.orders.find(known.pair);
    return other?.clientOrderId === leg.clientOrderId ? other : undefined;
  }

  private isOfForgotten({ pair }: Order): boolean {
    return pair !== 0 && !this.state.orders.find(pair);
  }

  private repeat(request: PairRequest, first: Order, second: Order): void {
    const codes = [firstAnswer(first), firstAnswer(second)] as Code[];
    let verdict: Verdict = { code: codes[0]!, leg: 0 };
    if (codes[1] === Code.OTHER_LEG_REJECTED) verdict = { code: codes[0]!, leg: 1 };
    if (codes[0] === Code.OTHER_LEG_REJECTED) verdict = { code: codes[1]!, leg: 2 };
    this.answer(request, verdict, first.id, second.id, true);
  }

  private refuse(request: PairRequest, verdict: Verdict): void {
    this.answer(request, verdict, 0, 0, false);
  }

  private answer(
    { command, origin }: PairRequest,
    { code, leg }: Verdict,
    orderId: number,
    secondId: number,
    repeated: boolean,
  ): void {
    const pair = { orderId: secondId, leg };
    this.state.outgoing.reply({ origin, account: command.account, code, orderId, repeated, pair });
  }
}

/** Each needs an id of its own. */
function judgeIds({ legs: [first, second] }: PlacePair): Verdict {
  if (first.clientOrderId === "") return { code: Code.CLIENT_ORDER_ID_MISSING, leg: 1 };
  if (second.clientOrderId === "") return { code: Code.CLIENT_ORDER_ID_MISSING, leg: 2 };
  const isOne = first.clientOrderId === second.clientOrderId;
  return isOne ? { code: Code.PAIR_OF_ONE_ID, leg: 0 } : FINE;
}

/** Such an order is done with at once, and has nothing to end another by. */
function neverWaits({ type, timeInForce }: NewOrder): boolean {
  return type === OrderType.Market || isImmediate(timeInForce);
}
