/** Order flow for tests and benchmarks: the same seed gives the same flow. */
import { orderIdOf } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { type MarketCommand, plainOrder } from "../../actors/market/messages.js";

export type OrderCommand = Extract<MarketCommand, { readonly kind: "enter" | "cancel" | "reduce" }>;

/** Numbers that look random and repeat with their seed. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export interface FlowOptions {
  readonly seed: number;
  readonly commands: number;
  readonly shards: number;
  /** The middle of the prices, and how far from it orders are entered. */
  readonly mid: number;
  readonly spread: number;
  /** Resting orders from which on as many are cancelled as are entered. */
  readonly standing: number;
}

/**
 * Cancel-heavy flow: about half of the commands are new orders, of which 15 in 100 are immediate and may cross; of the
 * others most are cancelled and some reduced before.
 */
export function* cancelHeavyFlow(options: FlowOptions): Generator<OrderCommand> {
  const random = randomNumbers(options.seed);
  const live: { readonly orderId: number; readonly quantity: number }[] = [];
  let count = 0;
  for (let n = 0; n < options.commands; n++) {
    const isFull = live.length > options.standing;
    if (live.length > 0 && random(100) < (isFull ? 60 : 30)) {
      const at = random(live.length);
      const { orderId, quantity } = live[at]!;
      if (random(100) < 17) {
        yield { kind: "reduce", orderId, leaves: 1 + random(quantity) };
        continue;
      }
      live[at] = live[live.length - 1]!;
      live.pop();
      yield { kind: "cancel", orderId };
      continue;
    }
    count += 1;
    const orderId = orderIdOf(count, 1 + random(options.shards));
    const side = random(2) === 0 ? Side.Buy : Side.Sell;
    const isImmediate = random(100) < 15;
    const away = isImmediate ? -random(10) : 1 + random(options.spread);
    const price = options.mid + (side === Side.Buy ? -away : away);
    const quantity = 1 + random(100);
    if (!isImmediate) live.push({ orderId, quantity });
    const timeInForce = isImmediate ? TimeInForce.ImmediateOrCancel : TimeInForce.GoodTillCancel;
    const account = 1 + random(1_000);
    yield plainOrder({ orderId, account, side, timeInForce, price, quantity });
  }
}
