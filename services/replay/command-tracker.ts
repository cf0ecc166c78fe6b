/**
 * Follows each command of a file through the account events that it leads to: when the market has dealt with it, at which
 * market sequence, and which fills it got. Maker and taker of a trade are matched by its id; both sides must agree.
 */
import {
  type AccountEvent,
  Liquidity,
  type OrderEnded,
  type OrderFilled,
  OrderRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExpectedFill } from "./file.js";

export interface TrackedFill {
  readonly tradeId: number;
  readonly price: number;
  readonly quantity: number;
}

export interface TrackedCommand {
  /** What it got as taker, in match order. */
  readonly fills: TrackedFill[];
  /** Answers of the market that are still to come. */
  openParts: number;
  /** Something of it was rejected or refused. */
  hasFailed: boolean;
  /** The market's sequence of its last answer; 0: the market never saw it. */
  sequence: number;
}

interface TrackedOrder {
  readonly fileId: number;
  /** The command that entered it; null once the market has answered that. */
  entering: TrackedCommand | null;
  readonly command: TrackedCommand;
  /** Requests on their way to the market, oldest first. */
  readonly requests: { readonly request: OrderRequest; readonly command: TrackedCommand }[];
}

interface MakerSide extends TrackedFill {
  readonly fileId: number;
}

const IMMEDIATE_REMAINDER = "IMMEDIATE_REMAINDER";

export class CommandTracker {
  /** Commands that the market has dealt with, whatever came of them; in any order. */
  settled = 0;
  private readonly onSettled: () => void;
  private readonly byClientId = new Map<string, TrackedOrder>();
  private readonly byOrderId = new Map<number, TrackedOrder>();
  private readonly makers = new Map<number, MakerSide>();

  constructor(onSettled: () => void) {
    this.onSettled = onSettled;
  }

  /** A command that will be sent as so many parts. */
  begin(parts: number): TrackedCommand {
    return { fills: [], openParts: parts, hasFailed: false, sequence: 0 };
  }

  /** A part that enters an order. */
  enter(command: TrackedCommand, clientOrderId: string, fileId: number): void {
    this.byClientId.set(clientOrderId, { fileId, entering: command, command, requests: [] });
  }

  /** A part that asks something of an order; of one that was never entered, the exchange will say so. */
  ask(command: TrackedCommand, clientOrderId: string, request: OrderRequest): void {
    this.byClientId.get(clientOrderId)?.requests.push({ request, command });
  }

  /** The exchange refused to take a part. */
  refused(command: TrackedCommand, clientOrderId: string, request: OrderRequest | null): void {
    const order = this.byClientId.get(clientOrderId);
    if (request === null) {
      if (order) order.entering = null;
    } else {
      const at = order?.requests.findIndex((each) => each.command === command) ?? -1;
      if (at >= 0) order!.requests.splice(at, 1);
    }
    command.hasFailed = true;
    this.settle(command, 0);
  }

  take({ event }: AccountEvent): void {
    switch (event?.$case) {
      case "accepted": {
        const order = this.byClientId.get(event.value.clientOrderId);
        if (order) this.byOrderId.set(event.value.orderId, order);
        break;
      }
      case "rested":
        this.entered(event.value.orderId, event.value.marketSequence);
        break;
      case "filled":
        this.fill(event.value);
        break;
      case "ended":
        this.end(event.value);
        break;
      case "reduced":
        this.answered(event.value, OrderRequest.ORDER_REQUEST_REDUCE, false);
        break;
      case "refused":
        this.answered(event.value, event.value.request, true);
        break;
      default: // The others say nothing of the market.
    }
  }

  /** Has every fill been reported to its maker too? */
  hasMakersOf({ fills }: TrackedCommand): boolean {
    return fills.every(({ tradeId }) => this.makers.has(tradeId));
  }

  /** Did the command come to what was expected of it? */
  isAsExpected(command: TrackedCommand, expected: readonly ExpectedFill[]): boolean {
    const { fills, openParts, hasFailed } = command;
    if (openParts > 0 || hasFailed || fills.length !== expected.length) return false;
    return fills.every(({ tradeId, price, quantity }, at) => {
      const wanted = expected[at]!;
      const maker = this.makers.get(tradeId);
      return (
        maker?.fileId === wanted.makerId &&
        [price, maker.price].every((each) => each === wanted.price) &&
        [quantity, maker.quantity].every((each) => each === wanted.quantity)
      );
    });
  }

  private fill(filled: OrderFilled): void {
    const { orderId, tradeId, price, quantity, leaves, marketSequence } = filled;
    const order = this.byOrderId.get(orderId);
    if (!order) return;
    if (filled.liquidity === Liquidity.LIQUIDITY_MAKER) {
      this.makers.set(tradeId, { fileId: order.fileId, tradeId, price, quantity });
      return;
    }
    order.command.fills.push({ tradeId, price, quantity });
    if (leaves === 0) this.entered(orderId, marketSequence);
  }

  private end(ended: OrderEnded): void {
    const entering = this.byOrderId.get(ended.orderId)?.entering;
    if (!entering) {
      this.answered(ended, OrderRequest.ORDER_REQUEST_CANCEL, false);
      return;
    }
    if (ended.code !== IMMEDIATE_REMAINDER) entering.hasFailed = true;
    this.entered(ended.orderId, ended.marketSequence);
  }

  private entered(orderId: number, sequence: number): void {
    const order = this.byOrderId.get(orderId);
    const command = order?.entering;
    if (!order || !command) return;
    order.entering = null;
    this.settle(command, sequence);
  }

  /** The market has answered the oldest request of this kind. */
  private answered(
    answer: { readonly orderId: number; readonly marketSequence: number },
    request: OrderRequest,
    hasFailed: boolean,
  ): void {
    const requests = this.byOrderId.get(answer.orderId)?.requests ?? [];
    const at = requests.findIndex((each) => each.request === request);
    const [answered] = at < 0 ? [] : requests.splice(at, 1);
    if (!answered) return;
    if (hasFailed) answered.command.hasFailed = true;
    this.settle(answered.command, answer.marketSequence);
  }

  private settle(command: TrackedCommand, sequence: number): void {
    command.sequence = Math.max(command.sequence, sequence);
    command.openParts -= 1;
    if (command.openParts > 0) return;
    this.settled += 1;
    this.onSettled();
  }
}
