/** Orders of tests through a gateway, and what is told of them. */
import { expect } from "vitest";
import { type AccountEvent, OrderType, Side } from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, NewOrder } from "../../services/client/exchange-client.js";
import { TSMC, until } from "./gateway-stage.js";

const { symbol } = TSMC;
let lastId = 0;
function order(side: Side, changes: Partial<NewOrder> = {}): NewOrder {
  lastId += 1;
  return {
    clientOrderId: `market-${lastId}`,
    symbol,
    side,
    type: OrderType.ORDER_TYPE_LIMIT,
    price: 58_000,
    quantity: 20,
    ...changes,
  };
}

export const sell = (changes?: Partial<NewOrder>) => order(Side.SIDE_SELL, changes);
export const buy = (changes?: Partial<NewOrder>) => order(Side.SIDE_BUY, changes);

/** Places an order that must be accepted; gives its id. */
export async function placed(client: ExchangeClient, wanted: NewOrder): Promise<number> {
  const result = await client.placeOrder(wanted);
  expect(result).toMatchObject({ code: "OK", message: "" });
  return result.orderId;
}

type EventCase = NonNullable<AccountEvent["event"]>["$case"];

/** Keeps what it is told, and waits for what it is not told yet. */
export class Ear {
  readonly told: AccountEvent[] = [];

  take(events: readonly AccountEvent[]): void {
    this.told.push(...events);
  }

  /** What was told of an order, of some kind: the last; waits for it. */
  async hear<Case extends EventCase>(orderId: number, kind: Case) {
    type Told = Extract<NonNullable<AccountEvent["event"]>, { readonly $case: Case }>["value"];
    const find = (): Told | undefined =>
      this.told
        .map(({ event }) => event)
        .findLast(
          (event) =>
            event?.$case === kind &&
            (event.value as { readonly orderId?: number }).orderId === orderId,
        )?.value as Told | undefined;
    await until(() => find() !== undefined);
    return find()!;
  }
}
