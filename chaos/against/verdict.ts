/**
 * What became of a probe's orders, judged from what the probe was told and from what the public interfaces say when all is over.
 * What only the database knows (stale commits, other accounts' money) is not judged here.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type AccountEvent,
  type Balance,
  OrderStatus,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ProbeOrder } from "./probe.js";

export interface Evidence {
  readonly orders: readonly ProbeOrder[];
  /** As they came while it lasted. */
  readonly told: readonly AccountEvent[];
  /** The same numbers, asked for again when all was over. */
  readonly kept: readonly AccountEvent[];
  /** The account's sequence: the first number after the drill had begun, and the last one when all was over. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** By client order id, what the exchange says of it when all is over; null: it knows no such order. */
  readonly known: ReadonlyMap<
    string,
    { readonly orderId: number; readonly status: OrderStatus } | null
  >;
  readonly balancesBefore: readonly Balance[];
  readonly balancesAfter: readonly Balance[];
}

export interface Verdict {
  /** Accepted orders that nobody knows, or whose end was not told. */
  readonly lost: number;
  /** Ids with two orders, orders with two ends, numbers that were told twice and not alike. */
  readonly duplicated: number;
  /** Numbers of the account's sequence that were not told. */
  readonly gaps: number;
  /** Orders that were refused and exist all the same. */
  readonly contradicted: number;
  readonly fills: number;
  /** Is everything there, and as little held, as before? */
  readonly conserved: boolean;
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 10;
const ENDED: ReadonlySet<OrderStatus> = new Set([
  OrderStatus.ORDER_STATUS_CANCELLED,
  OrderStatus.ORDER_STATUS_EXPIRED,
]);

export function judge(evidence: Evidence): Verdict {
  const story = storyOf(evidence);
  const examples: string[] = [];
  const count = (found: readonly string[]): number => {
    examples.push(...found);
    return found.length;
  };
  const isConserved = isDeepStrictEqual(
    byAsset(evidence.balancesBefore),
    byAsset(evidence.balancesAfter),
  );
  if (!isConserved) examples.push("the account's balances or holds are not those of before");
  const verdict = {
    lost: count(lostOf(evidence, story)),
    duplicated: count(doubledOf(evidence, story)),
    gaps: count(gapsOf(evidence)),
    contradicted: count(contradictedOf(evidence)),
    fills: count(fillsOf(evidence)),
    conserved: isConserved,
  };
  examples.push(...strangersOf(evidence, story), ...staleOf(evidence));
  return { ...verdict, examples: examples.slice(0, EXAMPLES_MAX) };
}

interface Story {
  /** Order numbers by client order id, and the ends told by order number. */
  readonly accepted: ReadonlyMap<string, readonly number[]>;
  readonly ends: ReadonlyMap<number, number>;
}

function storyOf({ told }: Evidence): Story {
  const accepted = new Map<string, number[]>();
  const ends = new Map<number, number>();
  for (const { event } of bySequence(told).values()) {
    if (event?.$case === "accepted") {
      const { clientOrderId, orderId } = event.value;
      accepted.set(clientOrderId, [...(accepted.get(clientOrderId) ?? []), orderId]);
    } else if (event?.$case === "ended") {
      ends.set(event.value.orderId, (ends.get(event.value.orderId) ?? 0) + 1);
    }
  }
  return { accepted, ends };
}

/** Each number once, as it was told first. */
function bySequence(events: readonly AccountEvent[]): Map<number, AccountEvent> {
  const found = new Map<number, AccountEvent>();
  for (const each of events) if (!found.has(each.sequence)) found.set(each.sequence, each);
  return found;
}

const isAccepted = ({ answer }: ProbeOrder): boolean => answer?.code === "OK";

function lostOf({ orders, known }: Evidence, { accepted, ends }: Story): string[] {
  return orders.filter(isAccepted).flatMap(({ clientOrderId, answer }) => {
    const { orderId } = answer!;
    const kept = known.get(clientOrderId);
    if (!kept || kept.orderId !== orderId)
      return [`${clientOrderId} was accepted, and is not known`];
    if (!accepted.get(clientOrderId)?.includes(orderId)) {
      return [`${clientOrderId} was accepted, and its account was not told`];
    }
    if (!ENDED.has(kept.status) || !ends.has(orderId)) return [`${clientOrderId} has no end`];
    return [];
  });
}

function doubledOf({ told, kept }: Evidence, { accepted, ends }: Story): string[] {
  const found: string[] = [];
  for (const [id, orderIds] of accepted) {
    if (orderIds.length > 1) found.push(`${id} became the orders ${orderIds.join(" and ")}`);
  }
  for (const [orderId, count] of ends) {
    if (count > 1) found.push(`order ${orderId} ended ${count} times`);
  }
  const first = bySequence(told);
  for (const again of [...told, ...kept]) {
    const { sequence } = again;
    const before = first.get(sequence);
    if (before && before !== again && !isDeepStrictEqual(before, again)) {
      found.push(`number ${sequence} was told again, and as something else`);
    }
  }
  return found;
}

function gapsOf({ told, kept, firstSequence, lastSequence }: Evidence): string[] {
  const found: string[] = [];
  const heard = bySequence(told);
  const stored = bySequence(kept);
  for (let sequence = firstSequence; sequence <= lastSequence; sequence++) {
    if (!heard.has(sequence)) found.push(`number ${sequence} was not told`);
    else if (!stored.has(sequence)) found.push(`number ${sequence} is not kept`);
  }
  return found;
}

function contradictedOf({ orders, known }: Evidence): string[] {
  return orders
    .filter(({ refusal, clientOrderId }) => refusal !== null && known.get(clientOrderId))
    .map(({ clientOrderId, refusal }) => `${clientOrderId} was refused (${refusal}), and is there`);
}

function fillsOf({ told }: Evidence): string[] {
  return told
    .filter(({ event }) => event?.$case === "filled")
    .map(({ sequence }) => `number ${sequence} is a trade, and the probe's orders must not trade`);
}

/** The account is to be the probe's alone. */
function strangersOf({ orders }: Evidence, { accepted }: Story): string[] {
  const own = new Set(orders.map(({ clientOrderId }) => clientOrderId));
  return [...accepted.keys()]
    .filter((id) => !own.has(id))
    .map((id) => `${id} is none of the probe's: somebody else uses its account`);
}

/** A number that was committed under a lower token than the one before it. */
function staleOf({ told }: Evidence): string[] {
  const events = [...bySequence(told).values()].toSorted((a, b) => a.sequence - b.sequence);
  return events
    .filter(({ token }, at) => at > 0 && token < events[at - 1]!.token)
    .map(({ sequence, token }) => `number ${sequence} is of token ${token}, lower than before`);
}

function byAsset(balances: readonly Balance[]): object {
  const present = balances.filter(({ total, held }) => total !== 0 || held !== 0);
  return Object.fromEntries(present.map(({ asset, ...amounts }) => [asset!.name, amounts]));
}
