import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AccountEvent,
  AccountState,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, NewOrder } from "../../services/client/exchange-client.js";
import { GatewayStage, type RunningGateway, TSMC, until } from "./gateway-stage.js";

const SHARDS = 2;
const MAKER = 11;
const TAKER = 12;

let stage: GatewayStage;
let gateway: RunningGateway;
let all: ExchangeClient;
let maker: ExchangeClient;
let taker: ExchangeClient;

beforeAll(async () => {
  stage = await GatewayStage.start(SHARDS);
  gateway = await stage.startGateway();
  all = stage.client(gateway, "all");
  maker = stage.client(gateway, [MAKER]);
  taker = stage.client(gateway, [TAKER]);
  await all.createInstrument(TSMC);
  for (const account of [MAKER, TAKER]) await stage.fund(all, account);
});

afterAll(() => stage?.stop());

let lastId = 0;
function order(side: Side, changes: Partial<NewOrder> = {}): NewOrder {
  lastId += 1;
  return {
    clientOrderId: `order-${lastId}`,
    symbol: TSMC.symbol,
    side,
    type: OrderType.ORDER_TYPE_LIMIT,
    price: 58_000,
    quantity: 20,
    ...changes,
  };
}

const sell = (changes?: Partial<NewOrder>) => order(Side.SIDE_SELL, changes);
const buy = (changes?: Partial<NewOrder>) => order(Side.SIDE_BUY, changes);

async function statusOf(client: ExchangeClient, clientOrderId: string): Promise<OrderStatus> {
  return (await client.getOrder({ clientOrderId })).order!.status;
}

describe("orders by unary calls", () => {
  it("are accepted, filled and looked up with their fills", async () => {
    const asked = sell();
    const made = await maker.placeOrder(asked);
    expect(made).toMatchObject({ code: "OK", repeated: false });
    expect(made.orderId).toBeGreaterThan(0);
    expect(made.sequence).toBeGreaterThan(0);
    expect(made.token).toBeGreaterThan(0);
    const taken = await taker.placeOrder(buy({ quantity: 10 }));
    await until(async () => {
      const { order } = await taker.getOrder({ orderId: taken.orderId });
      return order!.status === OrderStatus.ORDER_STATUS_FILLED;
    });
    await until(async () => (await maker.getOrder({ orderId: made.orderId })).fills.length === 1);
    const { order, fills } = await maker.getOrder({ clientOrderId: asked.clientOrderId });
    expect(order).toMatchObject({
      orderId: made.orderId,
      account: MAKER,
      symbol: TSMC.symbol,
      price: 58_000,
      quantity: 20,
      filled: 10,
      leaves: 10,
      status: OrderStatus.ORDER_STATUS_PARTIALLY_FILLED,
      timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
      code: "OK",
    });
    expect(fills).toMatchObject([{ price: 58_000, quantity: 10 }]);
    await maker.cancelOrder({ orderId: made.orderId });
  });

  it("are cancelled and reduced by either name", async () => {
    const first = sell();
    const second = sell({ quantity: 50 });
    await maker.placeOrder(first);
    const { orderId } = await maker.placeOrder(second);
    expect(await maker.reduceOrder({ orderId, leaves: 30 })).toMatchObject({ code: "OK", orderId });
    await until(async () => (await maker.getOrder({ orderId })).order!.leaves === 30);
    const { clientOrderId } = first;
    expect(await maker.cancelOrder({ clientOrderId })).toMatchObject({ code: "OK" });
    await until(
      async () => (await statusOf(maker, clientOrderId)) === OrderStatus.ORDER_STATUS_CANCELLED,
    );
    expect(await maker.cancelOrder({ clientOrderId })).toMatchObject({
      code: "ORDER_ALREADY_FINAL",
    });
    await maker.cancelOrder({ orderId });
  });

  it("give the first answer again for a client order id that was used", async () => {
    const asked = sell({ price: 60_000 });
    const first = await maker.placeOrder(asked);
    const again = await maker.placeOrder(asked);
    expect(again).toMatchObject({ code: "OK", orderId: first.orderId, repeated: true });
    const { rows } = await stage.cluster.pool.query<{ count: string }>(
      "SELECT count(*) FROM orders WHERE client_order_id = $1",
      [asked.clientOrderId],
    );
    expect(rows[0]!.count).toBe("1");
    await maker.cancelOrder({ orderId: first.orderId });
  });

  it("are resolved: known, or void from then on", async () => {
    const known = sell({ price: 60_000 });
    const { orderId } = await maker.placeOrder(known);
    expect((await maker.resolveOrder(0, known.clientOrderId)).order).toMatchObject({ orderId });
    await maker.cancelOrder({ orderId });
    const voided = (await maker.resolveOrder(MAKER, "never-sent")).order!;
    expect(voided).toMatchObject({ status: OrderStatus.ORDER_STATUS_VOIDED, symbol: "" });
    expect((await maker.resolveOrder(MAKER, "never-sent")).order).toEqual(voided);
    expect(await maker.placeOrder(sell({ clientOrderId: "never-sent" }))).toMatchObject({
      code: "CLIENT_ORDER_ID_VOIDED",
    });
  });
});

describe("accounts", () => {
  it("are opened under a free number or a given one, once", async () => {
    const { account, shard } = await all.openAccount();
    expect(account).toBeGreaterThan(0);
    expect(shard).toBeGreaterThan(0);
    expect(await all.openAccount(account)).toEqual({ account, shard, repeated: true });
  });

  it("get each deposit once by its key", async () => {
    const { account } = await all.openAccount();
    const deposit = { account, asset: "TWD", amount: 500, idempotencyKey: "k1" };
    expect(await all.deposit(deposit)).toEqual({ repeated: false });
    expect(await all.deposit(deposit)).toEqual({ repeated: true });
    await expect(all.deposit({ ...deposit, amount: 501 })).rejects.toMatchObject({
      code: "DEPOSIT_KEY_REUSED",
      kind: "final",
    });
    expect(await all.balances(account)).toEqual({
      balances: [{ asset: { name: "TWD", decimals: 2 }, total: 500, held: 0, available: 500 }],
      sequence: 2,
      state: AccountState.ACCOUNT_STATE_ACTIVE,
      group: 0,
      tier: 0,
      parent: 0,
    });
  });

  it("show what open orders hold", async () => {
    const { account } = await all.openAccount();
    const client = stage.client(gateway, [account]);
    await all.deposit({ account, asset: "TWD", amount: 2_000_000, idempotencyKey: "k" });
    const { orderId } = await client.placeOrder(buy({ price: 50_000, quantity: 20 }));
    const { balances } = await client.balances();
    expect(balances).toMatchObject([{ total: 2_000_000, held: 1_000_000, available: 1_000_000 }]);
    await client.cancelOrder({ orderId });
    expect(await client.placeOrder(buy({ price: 50_000, quantity: 1_000_000 }))).toMatchObject({
      code: "INSUFFICIENT_FUNDS",
    });
  });
});

describe("account events", () => {
  it("come stored first, then live, each once, over many accounts of one stream", async () => {
    const events: AccountEvent[] = [];
    const stream = all.subscribeAccounts(
      [
        { account: MAKER, fromSequence: 1 },
        { account: TAKER, fromSequence: 0 },
      ],
      { onEvents: (some) => events.push(...some) },
    );
    // Each account is read by itself: what was stored is here when both have come as far as their balances say.
    for (const account of [MAKER, TAKER]) {
      const { sequence } = await all.balances(account);
      await until(() => stream.positions().get(account)! >= sequence);
    }
    const before = events.length;
    expect(before).toBeGreaterThan(0);
    await maker.placeOrder(sell());
    await taker.placeOrder(buy());
    const fills = () =>
      events
        .slice(before)
        .filter(({ event }) => event?.$case === "filled" && event.value.leaves === 0);
    await until(() => fills().length === 2);
    for (const account of [MAKER, TAKER]) {
      const { sequence } = await all.balances(account);
      await until(() => stream.positions().get(account) === sequence);
      const sequences = events.filter((each) => each.account === account).map((e) => e.sequence);
      expect(sequences).toEqual(Array.from({ length: sequence }, (_, n) => n + 1));
    }
    stream.close();
  });

  it("begin where they are asked to, or with what is new", async () => {
    const { account } = await all.openAccount();
    const give = (key: string) =>
      all.deposit({ account, asset: "TWD", amount: 1, idempotencyKey: key });
    await give("a");
    await give("b");
    const some: number[] = [];
    const fresh: number[] = [];
    const streams = [
      all.subscribeAccounts([{ account, fromSequence: 2 }], {
        onEvents: (events) => some.push(...events.map((each) => each.sequence)),
      }),
      all.subscribeAccounts([{ account, fromSequence: -1 }], {
        onEvents: (events) => fresh.push(...events.map((each) => each.sequence)),
      }),
    ];
    await until(() => streams[1]!.positions().get(account) === 3);
    await give("c");
    await until(() => some.length === 3 && fresh.length === 1);
    expect(some).toEqual([2, 3, 4]);
    expect(fresh).toEqual([4]);
    for (const stream of streams) stream.close();
  });

  it("are refused for what cannot be given", async () => {
    const refusals: string[] = [];
    for (const position of [
      { account: 999_999, fromSequence: 1 },
      { account: MAKER, fromSequence: 1_000_000 },
    ]) {
      all.subscribeAccounts([position], {
        onEvents: () => undefined,
        onFailed: (error) => refusals.push(error.code),
      });
    }
    await until(() => refusals.length === 2);
    expect(refusals.sort()).toEqual(["SEQUENCE_AHEAD", "UNKNOWN_ACCOUNT"]);
  });
});
