/** Orders of all kinds and operators' commands through a gateway, on real servers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CommandResult,
  Liquidity,
  MarketPhase,
  type MarketRules,
  OrderStatus,
  OrderType,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import {
  type EntryStream,
  type ExchangeClient,
  fullOrder,
} from "../../services/client/exchange-client.js";
import { audit } from "../../services/audit/audit.js";
import { buy, Ear, placed, sell } from "./gateway-orders.js";
import { GatewayStage, TSMC, until } from "./gateway-stage.js";

const MAKER = 7;
const TAKER = 8;
const SECOND = 1_000_000;
const { symbol } = TSMC;

let stage: GatewayStage;
let all: ExchangeClient;
let maker: ExchangeClient;
let taker: ExchangeClient;
const ear = new Ear();
const hear = ear.hear.bind(ear);

beforeAll(async () => {
  stage = await GatewayStage.start(2);
  const gateway = await stage.startGateway();
  all = stage.client(gateway, "all");
  maker = stage.client(gateway, [MAKER]);
  taker = stage.client(gateway, [TAKER]);
  await all.createInstrument(TSMC);
  for (const account of [MAKER, TAKER]) await stage.fund(all, account);
  const positions = [MAKER, TAKER].map((account) => ({ account, fromSequence: 0 }));
  all.subscribeAccounts(positions, { onEvents: (events) => ear.take(events) });
});

afterAll(() => stage?.stop());

/** An order-entry stream, and the results that come from it. */
function entry(client: ExchangeClient): [CommandResult[], EntryStream] {
  const results: CommandResult[] = [];
  return [results, client.orderEntry({ onResults: (more) => void results.push(...more) })];
}

async function cancelEverything(): Promise<void> {
  await all.massCancel({ symbol });
  await until(async () => {
    const { rows } = await stage.cluster.pool.query<{ count: number }>(
      "SELECT count(*)::integer AS count FROM orders WHERE status < 4",
    );
    return rows[0]!.count === 0;
  });
}

describe("an order through a gateway", () => {
  it("waits as a stop, is triggered by a trade, and is told what became of it", async () => {
    const terms = { type: OrderType.ORDER_TYPE_STOP_LIMIT, price: 59_500, stopPrice: 59_000 };
    const orderId = await placed(maker, buy({ ...terms, quantity: 10 }));
    expect(await hear(orderId, "accepted")).toMatchObject({ ...terms, quantity: 10 });
    expect(await hear(orderId, "waiting")).toMatchObject({ leaves: 10 });
    await placed(maker, sell({ price: 59_000, quantity: 30 }));
    await placed(taker, buy({ price: 59_000, quantity: 10 }));
    expect(await hear(orderId, "triggered")).toMatchObject({ leaves: 10 });
    expect(await hear(orderId, "filled")).toMatchObject({ price: 59_000, leaves: 0 });
    const { order: found } = await maker.getOrder({ orderId });
    expect(found).toMatchObject({ status: OrderStatus.ORDER_STATUS_FILLED, stopPrice: 59_000 });
    await cancelEverything();
  });

  it("of a pair ends when the other one trades, and both are held for once", async () => {
    const stop = { type: OrderType.ORDER_TYPE_STOP, price: 0, stopPrice: 60_000 };
    const [one, other] = [buy({ quantity: 40 }), buy({ ...stop, quantity: 50 })];
    const held = async () =>
      (await maker.balances()).balances.find(({ asset }) => asset!.name === TSMC.quoteAsset!.name)!
        .held;
    const before = await held();
    const result = await maker.placePair(one, other);
    expect(result).toMatchObject({ code: "OK", leg: 0, repeated: false });
    const { orderId, pairOrderId } = result;
    expect(await hear(orderId, "accepted")).toMatchObject({ pairOrderId });
    expect(await hear(pairOrderId, "accepted")).toMatchObject({ pairOrderId: orderId });
    await hear(pairOrderId, "waiting");
    const scale = 10 ** (TSMC.quoteAsset!.decimals - TSMC.priceDecimals - TSMC.quantityDecimals);
    expect((await held()) - before).toBe(72_000 * 50 * scale);
    expect(await maker.placePair(one, other)).toMatchObject({
      code: "OK",
      repeated: true,
      orderId,
      pairOrderId,
    });
    await placed(taker, sell({ quantity: 10 }));
    expect(await hear(orderId, "filled")).toMatchObject({ leaves: 30 });
    expect(await hear(pairOrderId, "ended")).toMatchObject({ leaves: 50, code: "PAIR_DONE" });
    expect((await held()) - before).toBe(58_000 * 30 * scale);
    const { order: found } = await maker.resolveOrder(MAKER, other.clientOrderId);
    expect(found).toMatchObject({ orderId: pairOrderId, pairOrderId: orderId, code: "PAIR_DONE" });
    await cancelEverything();
    expect(await held()).toBe(before);
    expect((await audit(stage.cluster.servers.urls.postgres)).firstViolation).toBeNull();
  });

  it("of a pair is rejected with it, and the answer says which of the two is wrong", async () => {
    const wrong = await maker.placePair(buy(), buy({ price: 57_999 }));
    expect(wrong).toMatchObject({ code: "PRICE_OFF_TICK", leg: 2, repeated: false });
    expect(await hear(wrong.orderId, "rejected")).toMatchObject({ code: "OTHER_LEG_REJECTED" });
    expect(await hear(wrong.pairOrderId, "rejected")).toMatchObject({ code: "PRICE_OFF_TICK" });
    expect(await maker.placePair(buy(), sell())).toMatchObject({
      code: "PAIR_SIDES_DIFFER",
      leg: 0,
    });
    const used = buy({ price: 50_000 });
    await placed(maker, used);
    expect(await maker.placePair(used, buy())).toMatchObject({
      code: "CLIENT_ORDER_ID_USED",
      leg: 1,
    });
    const unknown = maker.placePair(buy(), buy({ symbol: "X" }));
    await expect(unknown).rejects.toMatchObject({ code: "UNKNOWN_SYMBOL" });
    await expect(unknown).rejects.toThrow(/the second order: /);
    const [results, stream] = entry(maker);
    const [first, second] = [fullOrder(buy({ price: 50_000 })), fullOrder(buy({ price: 49_000 }))];
    const stranger = fullOrder(buy({ account: TAKER }));
    stream.send([
      { requestId: 1, command: { $case: "placePair", value: { first, second } } },
      { requestId: 2, command: { $case: "placePair", value: { first, second: undefined } } },
      { requestId: 3, command: { $case: "placePair", value: { first, second: stranger } } },
    ]);
    await stream.close();
    const byId = results.toSorted((a, b) => a.requestId - b.requestId);
    expect(byId.map(({ code }) => code)).toEqual([
      "OK",
      "PAIR_INCOMPLETE",
      "ACCOUNT_NOT_IN_SESSION",
    ]);
    expect(byId[0]!.pairOrderId).toBeGreaterThan(byId[0]!.orderId);
    await cancelEverything();
  });

  it("is amended, once at a time, and says what cannot be", async () => {
    const orderId = await placed(maker, sell({ quantity: 40, displayQuantity: 10 }));
    expect(await hear(orderId, "rested")).toMatchObject({ leaves: 40 });
    const amended = await maker.amendOrder({ orderId, price: 58_500, quantity: 60 });
    expect(amended).toMatchObject({ code: "OK", orderId });
    expect(await hear(orderId, "amended")).toMatchObject({
      price: 58_500,
      quantity: 60,
      leaves: 60,
      displayQuantity: 10,
    });
    const { order: found } = await maker.getOrder({ orderId });
    expect(found).toMatchObject({ price: 58_500, quantity: 60, displayQuantity: 10 });
    expect(await maker.amendOrder({ orderId, stopPrice: 58_000 })).toMatchObject({
      code: "AMEND_OF_OTHER_TERMS",
      message: expect.stringContaining("only stops a stop price") as string,
    });
    expect(await maker.amendOrder({ orderId, quantity: 1_000_000 })).toMatchObject({
      code: "INSUFFICIENT_FUNDS",
    });
    await expect(maker.amendOrder({ orderId, price: -50 })).rejects.toMatchObject({
      code: "PRICE_NOT_POSITIVE",
    });
    await cancelEverything();
  });

  it("is amended on a stream too", async () => {
    const orderId = await placed(maker, sell());
    const results: unknown[] = [];
    const stream = maker.orderEntry({ onResults: (some) => void results.push(...some) });
    const value = { account: 0, orderId, clientOrderId: "", price: 58_050, quantity: 0 };
    const amend = { ...value, stopPrice: 0, displayQuantity: 0 };
    stream.send([{ requestId: 5, command: { $case: "amend", value: amend } }]);
    await stream.close();
    expect(results).toMatchObject([{ requestId: 5, code: "OK", orderId }]);
    expect(await hear(orderId, "amended")).toMatchObject({ price: 58_050 });
    await cancelEverything();
  });

  it("expires at its time, though nobody sends anything", async () => {
    const expiresAt = (await all.serverTime()) + SECOND;
    const terms = { timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_DATE, expiresAt };
    const orderId = await placed(maker, sell(terms));
    expect(await hear(orderId, "ended")).toMatchObject({ code: "EXPIRED", leaves: 20 });
    const { order: found } = await maker.getOrder({ orderId });
    expect(found).toMatchObject({ status: OrderStatus.ORDER_STATUS_EXPIRED, ...terms });
    const late = await maker.placeOrder(sell({ ...terms, expiresAt: expiresAt - 5 * SECOND }));
    expect(late).toMatchObject({ code: "EXPIRY_IN_THE_PAST" });
  });

  it("does not trade with one of its own account, if it asks for that", async () => {
    const resting = await placed(maker, sell({ quantity: 30 }));
    const selfTradePrevention = SelfTradePrevention.SELF_TRADE_PREVENTION_DECREMENT;
    const orderId = await placed(maker, buy({ quantity: 10, selfTradePrevention }));
    expect(await hear(orderId, "ended")).toMatchObject({ code: "SELF_TRADE_PREVENTED" });
    expect(await hear(resting, "reduced")).toMatchObject({
      leaves: 20,
      code: "SELF_TRADE_PREVENTED",
    });
    const postOnly = await placed(taker, buy({ postOnly: true }));
    expect(await hear(postOnly, "ended")).toMatchObject({ code: "POST_ONLY_WOULD_TRADE" });
    await cancelEverything();
  });

  it("costs a taker his fee and gives a maker his, and the house has the rest", async () => {
    const fees = { makerFee: -100, takerFee: 400, feeTiers: [{ makerFee: -50, takerFee: 300 }] };
    const charging = { ...TSMC, symbol: "FEES", ...fees };
    const wrong = { ...charging, symbol: "X", makerFee: -301 };
    await expect(all.createInstrument(wrong)).rejects.toThrow("the maker's fee is at most");
    expect(await all.createInstrument(charging)).toMatchObject(fees);
    expect(await all.createInstrument(charging)).toMatchObject(fees);
    const other = { ...charging, feeTiers: [] };
    await expect(all.createInstrument(other)).rejects.toThrow("another definition: feeTiers");
    // The fees of a tier above those that the instrument has are those of its last.
    expect(await all.setAccountTier(TAKER, 5)).toEqual({ repeated: false });
    expect(await all.setAccountTier(TAKER, 5)).toEqual({ repeated: true });
    expect(await taker.balances()).toMatchObject({ tier: 5 });
    const money = async (client: ExchangeClient) =>
      (await client.balances()).balances.find(
        ({ asset }) => asset!.name === TSMC.quoteAsset!.name,
      )!;
    const before = [await money(maker), await money(taker)].map(({ total }) => total);
    const terms = { symbol: "FEES", price: 58_000, quantity: 20 };
    const resting = await placed(maker, sell(terms));
    await hear(resting, "rested");
    const taking = await placed(taker, buy(terms));
    const scale = 10 ** (TSMC.quoteAsset!.decimals - TSMC.priceDecimals - TSMC.quantityDecimals);
    const value = 58_000 * 20 * scale;
    const [rebate, fee] = [Math.floor((value * 100) / 1e6), Math.ceil((value * 300) / 1e6)];
    expect(await hear(resting, "filled")).toMatchObject({ fee: -rebate });
    expect(await hear(taking, "filled")).toMatchObject({ fee });
    expect(await money(maker)).toMatchObject({ total: before[0]! + value + rebate, held: 0 });
    expect(await money(taker)).toMatchObject({ total: before[1]! - value - fee, held: 0 });
    const { order: paid, fills } = await taker.getOrder({ orderId: taking });
    expect([paid!.fees, fills.map((each) => each.fee)]).toEqual([fee, [fee]]);
    expect(await audit(stage.cluster.servers.urls.postgres)).toMatchObject({
      firstViolation: null,
    });
  });

  it("takes another limit, trades so much at once or not at all, or follows the price", async () => {
    const resting = await placed(maker, sell({ price: 58_000 }));
    await hear(resting, "rested");
    const repriced = await placed(taker, buy({ price: 59_000, postOnly: true, reprices: true }));
    const { price } = await hear(repriced, "repriced");
    expect(price).toBeLessThan(58_000);
    await hear(repriced, "rested");
    const orderOf = async (orderId: number) => (await taker.getOrder({ orderId })).order;
    expect(await orderOf(repriced)).toMatchObject({ price, reprices: true });
    const least = await placed(taker, buy({ price: 58_000, quantity: 100, minQuantity: 30 }));
    expect(await hear(least, "ended")).toMatchObject({ code: "MIN_QUANTITY_NOT_FILLABLE" });
    const type = OrderType.ORDER_TYPE_STOP;
    const trailing = await placed(taker, sell({ type, price: 0, stopPrice: 50_000, trail: 500 }));
    await hear(trailing, "waiting");
    expect(await orderOf(trailing)).toMatchObject({ stopPrice: 50_000, trail: 500 });
    await cancelEverything();
  });

  it("is cancelled with all others of its account, of a symbol and a side if they are named", async () => {
    const ids = [await placed(maker, sell()), await placed(maker, buy({ price: 57_000 }))];
    await placed(taker, buy({ price: 57_000 }));
    const sells = await maker.cancelAll({ symbol, side: Side.SIDE_SELL });
    expect(sells).toMatchObject({ orders: 1, result: { code: "OK" } });
    expect(await hear(ids[0]!, "ended")).toMatchObject({ code: "CANCELLED_BY_CLIENT" });
    expect(await maker.openOrders()).toMatchObject([{ orderId: ids[1]!, symbol }]);
    expect(await maker.cancelAll()).toMatchObject({ orders: 1 });
    expect(await hear(ids[1]!, "ended")).toMatchObject({ code: "CANCELLED_BY_CLIENT" });
    await until(() =>
      ear.told.some(
        ({ event }) => event?.$case === "allCancelRequested" && event.value.orders === 1,
      ),
    );
    await expect(maker.cancelAll({ symbol: "NONE" })).rejects.toMatchObject({
      code: "UNKNOWN_SYMBOL",
    });
    await expect(maker.cancelAll({ account: TAKER })).rejects.toMatchObject({
      code: "ACCOUNT_NOT_IN_SESSION",
    });
    await cancelEverything();
  });
});

describe("an operator through a gateway", () => {
  it("opens an auction, which trades at one price when it ends, and sees how the market stands", async () => {
    const halted = await all.changePhase(symbol, MarketPhase.MARKET_PHASE_OPENING_AUCTION);
    expect(halted).toMatchObject({ symbol, phase: MarketPhase.MARKET_PHASE_OPENING_AUCTION });
    const ids = [
      await placed(maker, sell({ price: 58_000 })),
      await placed(taker, buy({ price: 59_000 })),
    ];
    await until(async () => (await all.market(symbol)).indicative !== undefined);
    const { indicative } = await all.market(symbol);
    expect(indicative).toMatchObject({ volume: 20, surplus: 0 });
    const open = await all.changePhase(symbol, MarketPhase.MARKET_PHASE_CONTINUOUS);
    expect(open).toMatchObject({
      phase: MarketPhase.MARKET_PHASE_CONTINUOUS,
      lastPrice: indicative!.price,
      sessionReference: indicative!.price,
    });
    for (const orderId of ids) {
      expect(await hear(orderId, "filled")).toMatchObject({
        liquidity: Liquidity.LIQUIDITY_AUCTION,
        price: indicative!.price,
      });
    }
  });

  it("lets an auction end by itself", async () => {
    const endsAt = (await all.serverTime()) + SECOND;
    const phase = MarketPhase.MARKET_PHASE_VOLATILITY_AUCTION;
    expect(await all.changePhase(symbol, phase, endsAt)).toMatchObject({
      phase,
      phaseUntil: endsAt,
    });
    await until(
      async () => (await all.market(symbol)).phase === MarketPhase.MARKET_PHASE_CONTINUOUS,
    );
  });

  it("sets rules, which hold for what comes after", async () => {
    const { rules: before } = await all.market(symbol);
    expect(before).toMatchObject({ staticBandBps: 2_000, breakerHaltSeconds: [60, 300, 900] });
    const rules: MarketRules = { ...before!, staticBandBps: 100, breakerHaltSeconds: [5] };
    expect((await all.setRules(symbol, rules)).rules).toEqual(rules);
    const far = await placed(taker, buy({ price: 50_000 }));
    expect(await hear(far, "ended")).toMatchObject({ code: "PRICE_OUTSIDE_BAND" });
    await expect(all.setRules(symbol, { ...rules, breakerBps: 20_000 })).rejects.toMatchObject({
      code: "RULES_INVALID",
      message: expect.stringContaining("breakerBps is 0 (off) to 10000") as string,
    });
    await all.setRules(symbol, before!);
  });

  it("sets a schedule, which is kept to", async () => {
    const now = await all.serverTime();
    const schedule = [
      { time: now + SECOND, phase: MarketPhase.MARKET_PHASE_HALTED },
      { time: now + 2 * SECOND, phase: MarketPhase.MARKET_PHASE_CONTINUOUS },
      { time: now + 3_600 * SECOND, phase: MarketPhase.MARKET_PHASE_CLOSED },
    ];
    expect((await all.setSchedule(symbol, schedule)).schedule).toEqual(schedule);
    await until(async () => (await all.market(symbol)).phase === MarketPhase.MARKET_PHASE_HALTED);
    await until(
      async () => (await all.market(symbol)).phase === MarketPhase.MARKET_PHASE_CONTINUOUS,
    );
    expect((await all.market(symbol)).schedule).toEqual(schedule.slice(2));
    for (const wrong of [schedule, schedule.toReversed()]) {
      await expect(all.setSchedule(symbol, wrong)).rejects.toMatchObject({
        code: "SCHEDULE_INVALID",
      });
    }
    await all.setSchedule(symbol, []);
  });

  it("cancels what rests of an account and a side", async () => {
    const [theirs, others] = [await placed(maker, sell()), await placed(taker, sell())];
    await hear(others, "rested");
    await all.massCancel({ symbol, account: MAKER, side: Side.SIDE_SELL });
    expect(await hear(theirs, "ended")).toMatchObject({ code: "CANCELLED_BY_OPERATOR" });
    expect((await taker.getOrder({ orderId: others })).order).toMatchObject({ leaves: 20 });
    await cancelEverything();
  });

  it("is told what is wrong, and nobody else may", async () => {
    const wrong: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["UNKNOWN_SYMBOL", () => all.market("NONE")],
      ["UNKNOWN_PHASE", () => all.changePhase(symbol, 77 as MarketPhase)],
      ["PHASE_INVALID", () => all.changePhase(symbol, MarketPhase.MARKET_PHASE_CONTINUOUS)],
      ["PHASE_INVALID", () => all.changePhase(symbol, MarketPhase.MARKET_PHASE_HALTED, 5)],
      ["PHASE_INVALID", () => all.changePhase(symbol, MarketPhase.MARKET_PHASE_CLOSING_AUCTION, 5)],
      ["ACCOUNT_INVALID", () => all.massCancel({ symbol, account: -1 })],
      ["OPERATORS_ONLY", () => maker.market(symbol)],
      ["OPERATORS_ONLY", () => maker.changePhase(symbol, MarketPhase.MARKET_PHASE_HALTED)],
      ["OPERATORS_ONLY", () => maker.massCancel({ symbol })],
    ];
    for (const [code, call] of wrong) await expect(call(), code).rejects.toMatchObject({ code });
    expect(await all.market(symbol)).toMatchObject({ phase: MarketPhase.MARKET_PHASE_CONTINUOUS });
  });

  it("finds in the audit that nothing was made or lost", async () => {
    expect(await audit(stage.cluster.servers.urls.postgres)).toMatchObject({ ok: true });
  });
});
