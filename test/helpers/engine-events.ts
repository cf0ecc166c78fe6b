/** What an engine told, as objects and as sentences. */
import { codeName } from "../../actors/kernel/codes.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import {
  AUCTION_SIDE_OFFSET,
  EventKind,
  type EventLog,
  Field,
} from "../../actors/market/event-log.js";
import { type Phase, PHASE_NAMES } from "../../actors/market/phase.js";

/** When the tests begin, in microseconds since 1970, and a second of theirs. */
export const START = 1_700_000_000_000_000;
export const SECOND = 1_000_000;

export type EngineEvent =
  | {
      readonly kind: "trade";
      readonly sequence: number;
      readonly tradeId: number;
      readonly price: number;
      readonly quantity: number;
      readonly maker: number;
      readonly taker: number;
      readonly makerAccount: number;
      readonly takerAccount: number;
      readonly takerSide: number;
      readonly isAuction: boolean;
      readonly makerLeaves: number;
      readonly takerLeaves: number;
    }
  | OrderEvent
  | {
      readonly kind: "refused";
      readonly sequence: number;
      readonly orderId: number;
      readonly request: number;
      readonly code: string;
    }
  | {
      readonly kind: "depth";
      readonly sequence: number;
      readonly side: number;
      readonly price: number;
      readonly quantity: number;
    }
  | {
      readonly kind: "phase";
      readonly sequence: number;
      readonly phase: Phase;
      readonly until: number;
      readonly code: string;
    }
  | {
      readonly kind: "indicative";
      readonly sequence: number;
      readonly price: number;
      readonly volume: number;
      readonly surplus: number;
    };

export interface OrderEvent {
  readonly kind: (typeof ORDER_KINDS)[keyof typeof ORDER_KINDS];
  readonly sequence: number;
  readonly orderId: number;
  readonly account: number;
  readonly side: number;
  readonly price: number;
  readonly leaves: number;
  readonly shown: number;
  readonly priority: number;
  readonly code: string;
}

const ORDER_KINDS = {
  [EventKind.Rested]: "rested",
  [EventKind.Waiting]: "waiting",
  [EventKind.Triggered]: "triggered",
  [EventKind.Refilled]: "refilled",
  [EventKind.Amended]: "amended",
  [EventKind.Reduced]: "reduced",
  [EventKind.Ended]: "ended",
} as const;

/** The records of a log as objects. */
export function eventsOf(log: EventLog): EngineEvent[] {
  return Array.from({ length: log.count }, (_, at) => eventAt(log, at));
}

function eventAt(log: EventLog, at: number): EngineEvent {
  const value = (field: keyof typeof Field): number => log.value(at, Field[field]);
  const kind = value("kind") as EventKind;
  const sequence = value("sequence");
  switch (kind) {
    case EventKind.Trade:
      return {
        kind: "trade",
        sequence,
        tradeId: value("tradeId"),
        price: value("tradePrice"),
        quantity: value("tradeQuantity"),
        maker: value("makerOrder"),
        taker: value("takerOrder"),
        makerAccount: value("makerAccount"),
        takerAccount: value("takerAccount"),
        takerSide: ((value("takerSide") - 1) % AUCTION_SIDE_OFFSET) + 1,
        isAuction: value("takerSide") > AUCTION_SIDE_OFFSET,
        makerLeaves: value("makerLeaves"),
        takerLeaves: value("takerLeaves"),
      };
    case EventKind.Refused: {
      const [orderId, request] = [value("orderId"), value("request")];
      return { kind: "refused", sequence, orderId, request, code: codeName(value("code")) };
    }
    case EventKind.Depth: {
      const [side, price] = [value("depthSide"), value("depthPrice")];
      return { kind: "depth", sequence, side, price, quantity: value("depthQuantity") };
    }
    case EventKind.PhaseChanged: {
      const [phase, until] = [value("phase") as Phase, value("phaseUntil")];
      return { kind: "phase", sequence, phase, until, code: codeName(value("phaseCode")) };
    }
    case EventKind.Indicative: {
      const [price, volume] = [value("indicativePrice"), value("indicativeVolume")];
      const surplus = value("indicativeSurplus");
      return { kind: "indicative", sequence, price, volume, surplus };
    }
    default:
      return {
        kind: ORDER_KINDS[kind],
        sequence,
        orderId: value("orderId"),
        account: value("account"),
        side: value("side"),
        price: value("price"),
        leaves: value("leaves"),
        shown: value("shown"),
        priority: value("priority"),
        code: codeName(value("code")),
      };
  }
}

const REQUEST_NAMES: Readonly<Record<number, string>> = {
  [OrderRequest.Cancel]: "cancel",
  [OrderRequest.Reduce]: "reduce",
  [OrderRequest.Amend]: "amend",
};

/** What an event says, short enough to be compared by eye. */
export function sentence(event: EngineEvent): string {
  switch (event.kind) {
    case "trade": {
      const { maker, taker, price, quantity, isAuction } = event;
      return `${taker} takes ${quantity} at ${price} from ${maker}${isAuction ? " in auction" : ""}`;
    }
    case "refused":
      return `${REQUEST_NAMES[event.request]} of ${event.orderId} is refused: ${event.code}`;
    case "depth":
      return `${event.side === Side.Buy ? "bid" : "ask"} ${event.price}: ${event.quantity}`;
    case "phase": {
      const end =
        event.until === 0 ? "" : ` for ${(event.until - START) / SECOND} s from the start`;
      return `${PHASE_NAMES[event.phase]} begins${end}: ${event.code}`;
    }
    case "indicative":
      return `indicative: ${event.volume} at ${event.price}, surplus ${event.surplus}`;
    default:
      return orderSentence(event);
  }
}

function orderSentence(event: OrderEvent): string {
  const { kind, orderId, price, leaves, shown, priority, code } = event;
  const why = code === "OK" ? "" : `: ${code}`;
  const showing = shown === leaves || shown === 0 ? "" : `, showing ${shown}`;
  switch (kind) {
    case "rested":
      return `${orderId} rests with ${leaves} at ${price}${showing}`;
    case "waiting":
      return `${orderId} waits with ${leaves}`;
    case "triggered":
      return `${orderId} is triggered`;
    case "refilled":
      return `${orderId} shows ${shown} of ${leaves} again`;
    case "amended":
      return `${orderId} is amended to ${leaves} at ${price}${showing}${priority === 0 ? ", off the book" : ""}`;
    case "reduced":
      return `${orderId} is reduced to ${leaves}${showing}${why}`;
    default:
      return `${orderId} ends with ${leaves} left${why}`;
  }
}
