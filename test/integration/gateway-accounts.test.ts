import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AccountEvent,
  AccountState,
  OrderStatus,
  OrderType,
  ReviewDecision,
  SelfTradePrevention,
  Side,
  type Warning,
  WarningKind,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, NewOrder } from "../../services/client/exchange-client.js";
import { GatewayStage, type RunningGateway, TSMC, until } from "./gateway-stage.js";

const SHARDS = 2;
const MAKER = 11;
const TAKER = 12;

let stage: GatewayStage;
let gateway: RunningGateway;
let all: ExchangeClient;

beforeAll(async () => {
  stage = await GatewayStage.start(SHARDS);
  gateway = await stage.startGateway();
  all = stage.client(gateway, "all");
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

describe("transfers, groups and limits", () => {
  /** An account of each shard, the first with money. */
  async function accounts(): Promise<[number, number]> {
    const found = new Map<number, number>();
    while (found.size < SHARDS) {
      const { account, shard } = await all.openAccount();
      found.set(shard, account);
    }
    const [first, second] = [...found.values()] as [number, number];
    const money = { account: first, asset: "TWD", amount: 2_000_000, idempotencyKey: "k" };
    await all.deposit(money);
    return [first, second];
  }

  it("reach an account of another shard, or come back, and both sides are told", async () => {
    const [sender, recipient] = await accounts();
    const events: AccountEvent[] = [];
    const positions = [sender, recipient].map((account) => ({ account, fromSequence: -1 }));
    const stream = all.subscribeAccounts(positions, { onEvents: (some) => events.push(...some) });
    await until(() => stream.positions().size === 2 && stream.positions().get(sender) === 2);
    const terms = { account: sender, asset: "TWD", amount: 300 };
    const gift = { ...terms, recipient, idempotencyKey: "gift" };
    expect(await all.transfer(gift)).toEqual({ repeated: false });
    expect(await all.transfer(gift)).toEqual({ repeated: true });
    const lost = [700_001, 700_002, 700_003, 700_004, 700_005, 700_006, 700_007, 700_008];
    const answers = await Promise.allSettled(
      lost.map((nobody) =>
        all.transfer({ ...terms, recipient: nobody, idempotencyKey: `to-${nobody}` }),
      ),
    );
    // Whoever would be in its own shard is known not to be there at once.
    const sent = 1 + answers.filter(({ status }) => status === "fulfilled").length;
    const ends = () => events.filter(({ event }) => event?.$case === "transferEnded");
    await until(() => ends().length === sent);
    const codes = ends().map(({ event }) => event!.$case === "transferEnded" && event.value.code);
    expect(codes.filter((code) => code === "OK")).toHaveLength(1);
    expect(codes.filter((code) => code === "UNKNOWN_RECIPIENT")).toHaveLength(sent - 1);
    await until(() => events.some(({ event }) => event?.$case === "transferReceived"));
    expect((await all.balances(sender)).balances).toMatchObject([{ total: 1_999_700 }]);
    expect((await all.balances(recipient)).balances).toMatchObject([{ total: 300, held: 0 }]);
    expect(await all.listTransfers(recipient)).toMatchObject([
      { sender, recipient, idempotencyKey: "gift", amount: 300, status: 2, code: "OK" },
    ]);
    expect(await all.listTransfers(sender)).toHaveLength(sent);
    stream.close();
  });

  it("may have sub-accounts, which are given to as any account is, and may do no more than they", async () => {
    const [parent] = await accounts();
    const own = stage.client(gateway, [parent]);
    const { account, shard } = await own.openAccount(0, parent);
    expect(shard).toBe((await all.openAccount(parent)).shard);
    expect(await all.openAccount(account, parent)).toEqual({
      account,
      shard,
      repeated: true,
    });
    const refused = async (asked: Promise<unknown>) =>
      asked.catch((error: { readonly code?: string }) => error.code);
    expect(await refused(all.openAccount(parent, parent))).toBe("ACCOUNT_EXISTS");
    expect(await refused(all.openAccount(0, account))).toBe("PARENT_IS_SUB_ACCOUNT");
    expect(await refused(own.openAccount(0, MAKER))).toBe("ACCOUNT_NOT_IN_SESSION");
    expect(await refused(all.setAccountTier(account, 1))).toBe("SHARED_WITH_PARENT");
    expect(await own.listSubAccounts()).toEqual([
      { account, state: AccountState.ACCOUNT_STATE_ACTIVE },
    ]);
    const gift = { recipient: account, asset: "TWD", amount: 900_000, idempotencyKey: "own" };
    await own.transfer({ account: parent, ...gift });
    expect(await all.balances(account)).toMatchObject({ parent, balances: [{ total: 900_000 }] });
    const sub = stage.client(gateway, [account]);
    const place = async () => (await sub.placeOrder(buy({ price: 50_000, quantity: 10 }))).code;
    expect(await place()).toBe("OK");
    await all.setAccountState(parent, AccountState.ACCOUNT_STATE_FROZEN);
    expect(await place()).toBe("ACCOUNT_FROZEN");
  });

  it("keep accounts of one group from trading with each other, by the taker's self-trade prevention", async () => {
    const two = await Promise.all([accounts(), accounts()]);
    const [seller, buyer] = [two[0][0], two[1][1]];
    const give = { amount: 1_000_000, idempotencyKey: "more" };
    await all.deposit({ account: seller, asset: "TSMC", ...give });
    await all.deposit({ account: buyer, asset: "TWD", ...give });
    for (const account of [seller, buyer]) {
      expect(await all.setAccountGroup(account, 7)).toEqual({ repeated: false });
      expect(await all.balances(account)).toMatchObject({ group: 7 });
    }
    const price = 57_000;
    const [from, to] = [stage.client(gateway, [seller]), stage.client(gateway, [buyer])];
    const asked = sell({ price, quantity: 10 });
    await from.placeOrder(asked);
    await until(
      async () => (await statusOf(from, asked.clientOrderId)) === OrderStatus.ORDER_STATUS_NEW,
    );
    const bid = buy({
      price,
      quantity: 10,
      selfTradePrevention: SelfTradePrevention.SELF_TRADE_PREVENTION_CANCEL_NEWEST,
    });
    await to.placeOrder(bid);
    await until(
      async () => (await statusOf(to, bid.clientOrderId)) === OrderStatus.ORDER_STATUS_CANCELLED,
    );
    expect((await to.getOrder({ clientOrderId: bid.clientOrderId })).order).toMatchObject({
      filled: 0,
      code: "SELF_TRADE_PREVENTED",
    });
    await from.cancelOrder({ clientOrderId: asked.clientOrderId });
  });

  it("are warned of trades with themselves, and who watches over all accounts is told, live and later", async () => {
    const [account] = await accounts();
    for (const asset of ["TSMC", "TWD"]) {
      await all.deposit({ account, asset, amount: 1_000_000, idempotencyKey: `own-${asset}` });
    }
    const heard: Warning[] = [];
    const take = (some: Warning[]): unknown => heard.push(...some);
    const live = all.subscribeWarnings({ since: 0, storedOnly: false }, { onWarnings: take });
    const client = stage.client(gateway, [account]);
    await client.placeOrder(sell({ price: 56_000, quantity: 10 }));
    await client.placeOrder(buy({ price: 56_000, quantity: 10 }));
    const own = () => heard.filter((warning) => warning.account === account);
    await until(() => own().length > 0);
    const warned = { kind: WarningKind.WARNING_KIND_SELF_TRADE, trades: 2, selfTrades: 1 };
    expect(own()).toMatchObject([{ account, warned }]);
    live.close();
    const [{ sequence, shard, batch }] = own() as [Warning];
    const events: AccountEvent[] = [];
    const stream = client.subscribeAccounts([{ account, fromSequence: sequence }], {
      onEvents: (some) => events.push(...some),
    });
    await until(() => events.length > 0);
    stream.close();
    expect(events[0]!.event).toMatchObject({ $case: "warning", value: warned });
    const stored = async (positions: ReadonlyMap<number, number>): Promise<Warning[]> => {
      const found: Warning[] = [];
      const wanted = { since: 0, storedOnly: true, positions };
      await new Promise<void>((resolve, reject) => {
        const onWarnings = (some: Warning[]): unknown => found.push(...some);
        const ends = { onEnd: resolve, onFailed: reject };
        stage.client(gateway, "all").subscribeWarnings(wanted, { onWarnings, ...ends });
      });
      return found.filter((warning) => warning.account === account);
    };
    expect(await stored(new Map())).toEqual(own());
    expect(await stored(new Map([[shard, batch]]))).toEqual([]);
    expect(await stored(new Map([[shard, batch - 1]]))).toEqual(own());
    const refused = await new Promise((resolve) => {
      const wanted = { since: 0, storedOnly: false };
      client.subscribeWarnings(wanted, { onWarnings: () => undefined, onFailed: resolve });
    });
    expect(refused).toMatchObject({ code: "OPERATORS_ONLY", kind: "final" });
  });

  it("let an account send as many orders as an operator says", async () => {
    const [account] = await accounts();
    const client = stage.client(gateway, [account]);
    const limits = { ordersPerDay: 2, openOrders: 1, requestsPerSecond: 0 };
    expect(await all.setAccountLimits(account, limits)).toEqual({ repeated: false });
    expect(await all.setAccountLimits(account, limits)).toEqual({ repeated: true });
    const place = async () => (await client.placeOrder(buy({ price: 50_000, quantity: 10 }))).code;
    expect([await place(), await place(), await place()]).toEqual([
      "OK",
      "TOO_MANY_OPEN_ORDERS",
      "TOO_MANY_ORDERS_TODAY",
    ]);
    const reviewLimits: unknown[] = [];
    const known = { limits, ordersToday: 2, own: true, reviewLimits };
    expect(await client.accountLimits()).toEqual(known);
  });

  it("are those of the account's tier, as the gateway has them, until it has limits of its own", async () => {
    const tierLimits = "1:0:0,0:7:0";
    const strict = stage.client(await stage.startGateway({ slot: 8, tierLimits }), "all");
    const { account } = await strict.openAccount();
    const first = { ordersPerDay: 1, openOrders: 0, requestsPerSecond: 0 };
    const second = { ordersPerDay: 0, openOrders: 7, requestsPerSecond: 0 };
    const known = () => all.accountLimits(account);
    expect(await known()).toMatchObject({ limits: first, ordersToday: 0, own: false });
    const money = { account, asset: "TWD", amount: 2_000_000, idempotencyKey: "k" };
    await all.deposit(money);
    const client = stage.client(gateway, [account]);
    const place = async () => (await client.placeOrder(buy({ price: 50_000, quantity: 10 }))).code;
    expect([await place(), await place()]).toEqual(["OK", "TOO_MANY_ORDERS_TODAY"]);
    await strict.setAccountTier(account, 4);
    expect(await known()).toMatchObject({ limits: second, ordersToday: 1, own: false });
    expect(await place()).toBe("OK");
    await all.setAccountLimits(account, first);
    await strict.setAccountTier(account, 1);
    expect(await known()).toMatchObject({ limits: first, ordersToday: 2, own: true });
    await strict.setAccountTier(account, 1, true);
    expect(await known()).toMatchObject({ limits: second, ordersToday: 2, own: false });
    const told: AccountEvent[] = [];
    const stream = all.subscribeAccounts([{ account, fromSequence: 1 }], {
      onEvents: (events) => told.push(...events),
    });
    const { sequence } = await all.balances(account);
    await until(() => stream.positions().get(account) === sequence);
    expect(told[0]).toMatchObject({ event: { $case: "opened", value: { limits: first } } });
    expect(told.at(-1)).toMatchObject({
      event: { $case: "accountTier", value: { tier: 1, limits: second } },
    });
    stream.close();
  });

  it("hold orders above a value for an operator, who approves or refuses them, or cancels all", async () => {
    const { account } = await all.openAccount();
    await stage.fund(all, account);
    const client = stage.client(gateway, [account]);
    const value = 1_000_000;
    const limit = { account, asset: "TWD", value };
    expect(await all.setReviewLimit(limit)).toEqual({ repeated: false });
    expect(await all.setReviewLimit(limit)).toEqual({ repeated: true });
    expect((await client.accountLimits()).reviewLimits).toEqual([
      { asset: { name: "TWD", decimals: 2 }, value },
    ]);
    const asked = [buy(), buy(), buy()].map((each) => ({
      ...each,
      price: 50_000,
      quantity: 1_000,
    }));
    for (const each of asked) expect((await client.placeOrder(each)).code).toBe("OK");
    const waiting = async () => (await all.listReviews()).map(({ clientOrderId }) => clientOrderId);
    expect(await waiting()).toEqual(asked.map(({ clientOrderId }) => clientOrderId));
    const [approved, refused, left] = asked.map(({ clientOrderId }) => clientOrderId);
    const decide = (clientOrderId: string, decision: ReviewDecision) =>
      all.decideReview({ account, orderId: 0, clientOrderId, decision });
    await decide(approved!, ReviewDecision.REVIEW_DECISION_APPROVED);
    await until(async () => (await statusOf(client, approved!)) === OrderStatus.ORDER_STATUS_NEW);
    await decide(refused!, ReviewDecision.REVIEW_DECISION_REFUSED);
    const codeOf = async (clientOrderId: string) =>
      (await client.getOrder({ clientOrderId })).order!.code;
    expect(await codeOf(refused!)).toBe("REVIEW_REFUSED");
    await expect(decide(left!, ReviewDecision.REVIEW_DECISION_UNSPECIFIED)).rejects.toMatchObject({
      code: "INVALID_DECISION",
    });
    await expect(decide(approved!, ReviewDecision.REVIEW_DECISION_APPROVED)).rejects.toMatchObject({
      code: "ORDER_NOT_UNDER_REVIEW",
    });
    await expect(client.listReviews()).rejects.toMatchObject({ code: "OPERATORS_ONLY" });
    await expect(client.setReviewLimit(limit)).rejects.toMatchObject({ code: "OPERATORS_ONLY" });
    // The kill switch reaches what its market has never heard of.
    await all.massCancel({ symbol: TSMC.symbol, account, side: Side.SIDE_UNSPECIFIED });
    expect([await waiting(), await codeOf(left!)]).toEqual([[], "REVIEW_REFUSED"]);
    await until(
      async () => (await statusOf(client, approved!)) === OrderStatus.ORDER_STATUS_CANCELLED,
    );
  });
});
