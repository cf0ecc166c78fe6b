/** The orders of one account as its events tell them. */
import { type AccountEvent, Liquidity } from "../../proto/gen/exchange/v1/exchange.js";
import type { Told } from "./told.js";

export interface OpenOrder {
  readonly orderId: number;
  readonly symbol: string;
  leaves: number;
  /** Was a cancel or a reduce sent that has not been answered by an event? */
  isAsked: boolean;
}

export class OwnOrders {
  readonly account: number;
  /** The last event that was seen. */
  sequence = 0;
  /** Resting orders by id, oldest first. */
  readonly resting = new Map<number, OpenOrder>();
  /** Accepted orders that neither rest nor have ended yet. */
  readonly unsettled = new Map<number, OpenOrder>();

  constructor(account: number) {
    this.account = account;
  }

  /** Takes the next event of the account; gives back what is worth remembering of it. */
  take({ account, sequence, token, event }: AccountEvent): Told | undefined {
    this.sequence = sequence;
    if (!event) return undefined;
    const said = { account, sequence, token };
    switch (event.$case) {
      case "accepted": {
        const { orderId, clientOrderId, symbol, quantity } = event.value;
        this.unsettled.set(orderId, { orderId, symbol, leaves: quantity, isAsked: false });
        return { kind: "accepted", clientOrderId, orderId, ...said };
      }
      case "rejected":
        return { kind: "rejected", ...event.value, ...said };
      case "voided":
        return { kind: "voided", ...event.value, ...said };
      case "rested": {
        const { orderId, leaves } = event.value;
        this.#rest(orderId, leaves);
        return { kind: "rested", orderId, leaves, ...said };
      }
      case "filled": {
        const { orderId, tradeId, symbol, price, quantity, leaves } = event.value;
        this.#leave(orderId, leaves);
        const isMaker = event.value.liquidity === Liquidity.LIQUIDITY_MAKER;
        const liquidity = isMaker ? "maker" : "taker";
        const fill = { orderId, tradeId, symbol, liquidity, price, quantity, leaves } as const;
        return { kind: "filled", ...fill, ...said };
      }
      case "ended": {
        const { orderId, code, leaves } = event.value;
        this.#leave(orderId, 0);
        return { kind: "ended", orderId, code, leaves, ...said };
      }
      case "reduced":
        this.#leave(event.value.orderId, event.value.leaves);
        this.forgetRequest(event.value.orderId);
        return undefined;
      case "refused":
        this.forgetRequest(event.value.orderId);
        return undefined;
      default:
        return undefined;
    }
  }

  /** A request came to nothing: the order may be asked for again. */
  forgetRequest(orderId: number): void {
    const order = this.resting.get(orderId);
    if (order) order.isAsked = false;
  }

  #rest(orderId: number, leaves: number): void {
    const order = this.unsettled.get(orderId);
    this.unsettled.delete(orderId);
    if (!order) return;
    order.leaves = leaves;
    this.resting.set(orderId, order);
  }

  #leave(orderId: number, leaves: number): void {
    const order = this.resting.get(orderId) ?? this.unsettled.get(orderId);
    if (order) order.leaves = leaves;
    if (leaves > 0) return;
    this.resting.delete(orderId);
    this.unsettled.delete(orderId);
  }
}
