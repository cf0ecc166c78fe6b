/** Turns what an engine did, record by record, into what is told: answers to ledger shards and public events. */
import { assert, assertNever } from "../kernel/assert.js";
import type { OrderRequest, Side } from "../kernel/order.js";
import { AUCTION_SIDE_OFFSET, EventKind, type EventLog, Field } from "./event-log.js";
import type { MarketBatch } from "./market-batch.js";
import type { Phase } from "./phase.js";

/** The terms of the amend under way that its record does not have. */
export interface AmendedTerms {
  readonly stopPrice: number;
  readonly display: number;
}

/** Tells all records of a log. `amended` is there for a command that asks for an amend: what else is amended reprices. */
export function reportAll(
  log: EventLog,
  instrument: number,
  batch: MarketBatch,
  amended: AmendedTerms | null,
): void {
  for (let at = 0; at < log.count; at++) {
    const kind = log.value(at, Field.kind) as EventKind;
    if (kind === EventKind.Trade) reportTrade(log, at, instrument, batch);
    else if (kind === EventKind.Amended) reportAmended(log, at, batch, amended);
    else if (kind >= EventKind.Depth) reportMarket(log, at, batch);
    else reportOrder(log, at, kind as OrderKind, batch);
  }
}

/** Only counts what `reportAll` would tell shards, for who follows another. */
export function countAll(log: EventLog, batch: MarketBatch): void {
  for (let at = 0; at < log.count; at++) {
    const kind = log.value(at, Field.kind);
    if (kind === EventKind.Trade) {
      const quantity = log.value(at, Field.tradeQuantity);
      const takerOrder = log.value(at, Field.takerOrder);
      batch.countTrade(log.value(at, Field.makerOrder), takerOrder, quantity);
    } else if (kind < EventKind.Depth && kind !== EventKind.Refilled) {
      batch.countAnswer(log.value(at, Field.orderId));
    }
  }
}

function reportTrade(log: EventLog, at: number, instrument: number, batch: MarketBatch): void {
  const side = log.value(at, Field.takerSide);
  const isAuction = side > AUCTION_SIDE_OFFSET;
  batch.trade(
    {
      kind: "trade",
      instrument,
      tradeId: log.value(at, Field.tradeId),
      price: log.value(at, Field.tradePrice),
      quantity: log.value(at, Field.tradeQuantity),
      takerSide: (isAuction ? side - AUCTION_SIDE_OFFSET : side) as Side,
      isAuction,
      makerOrder: log.value(at, Field.makerOrder),
      takerOrder: log.value(at, Field.takerOrder),
      makerLeaves: log.value(at, Field.makerLeaves),
      takerLeaves: log.value(at, Field.takerLeaves),
      sequence: log.value(at, Field.sequence),
    },
    log.value(at, Field.makerAccount),
    log.value(at, Field.takerAccount),
  );
}

function reportAmended(
  log: EventLog,
  at: number,
  batch: MarketBatch,
  amended: AmendedTerms | null,
): void {
  const orderId = log.value(at, Field.orderId);
  const price = log.value(at, Field.price);
  const sequence = log.value(at, Field.sequence);
  if (!amended) return batch.answer({ kind: "repriced", orderId, price, sequence });
  const leaves = log.value(at, Field.leaves);
  batch.answer({ kind: "amended", orderId, price, leaves, ...amended, sequence });
}

type OrderKind = Exclude<
  EventKind,
  | typeof EventKind.Trade
  | typeof EventKind.Amended
  | typeof EventKind.Depth
  | typeof EventKind.PhaseChanged
  | typeof EventKind.Indicative
>;

function reportOrder(log: EventLog, at: number, kind: OrderKind, batch: MarketBatch): void {
  const orderId = log.value(at, Field.orderId);
  const leaves = log.value(at, Field.leaves);
  const code = log.value(at, Field.code);
  const sequence = log.value(at, Field.sequence);
  switch (kind) {
    case EventKind.Rested:
      batch.answer({ kind: "rested", orderId, leaves, sequence });
      break;
    case EventKind.Waiting:
      batch.answer({ kind: "waiting", orderId, leaves, sequence });
      break;
    case EventKind.Triggered:
      batch.answer({ kind: "triggered", orderId, leaves, sequence });
      break;
    case EventKind.Refilled:
      // Nothing has changed for its account; everybody sees it by its level.
      break;
    case EventKind.Reduced:
      batch.answer({ kind: "reduced", orderId, leaves, code, sequence });
      break;
    case EventKind.Ended:
      batch.answer({ kind: "ended", orderId, leaves, code, sequence });
      break;
    case EventKind.Refused: {
      const request = log.value(at, Field.request) as OrderRequest;
      batch.answer({ kind: "refused", orderId, request, code, sequence });
      break;
    }
    default:
      assertNever(kind);
  }
}

function reportMarket(log: EventLog, at: number, batch: MarketBatch): void {
  const kind = log.value(at, Field.kind);
  const sequence = log.value(at, Field.sequence);
  if (kind === EventKind.Depth) {
    const side = log.value(at, Field.depthSide) as Side;
    const price = log.value(at, Field.depthPrice);
    batch.report({
      kind: "depth",
      sequence,
      side,
      price,
      quantity: log.value(at, Field.depthQuantity),
    });
  } else if (kind === EventKind.PhaseChanged) {
    const phase = log.value(at, Field.phase) as Phase;
    const until = log.value(at, Field.phaseUntil);
    const code = log.value(at, Field.phaseCode);
    batch.report({ kind: "phase", sequence, phase, until, code });
  } else {
    assert(kind === EventKind.Indicative, "a record of kind %s", kind);
    const price = log.value(at, Field.indicativePrice);
    const volume = log.value(at, Field.indicativeVolume);
    const surplus = log.value(at, Field.indicativeSurplus);
    batch.report({ kind: "indicative", sequence, price, volume, surplus });
  }
}
