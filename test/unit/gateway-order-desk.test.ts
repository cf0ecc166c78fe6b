import { expect, it } from "vitest";
import type { Commands } from "../../services/gateway/commands.js";
import { OrderDesk } from "../../services/gateway/order-desk.js";
import type { Waiter } from "../../services/gateway/pending.js";

it("does not say that nothing was published when the database goes after an id was asked for", async () => {
  let readings = 0;
  const order = async () => {
    readings += 1;
    if (readings > 1) throw new Error("the connection broke");
    return null;
  };
  const answer = {
    account: 1,
    code: 0,
    orderId: 5,
    sequence: 2,
    token: 1,
    repeated: false,
    orders: 0,
  };
  const commands = {
    deadline: () => 0,
    submit: (_receiver: number, _payload: Uint8Array, waiter: Waiter) => {
      queueMicrotask(() => waiter(answer));
      return undefined;
    },
  } as unknown as Commands;
  const desk = new OrderDesk({
    reads: { order },
    commands,
    shards: 1,
  } as never);
  await expect(desk.resolve(1, "a")).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
});
