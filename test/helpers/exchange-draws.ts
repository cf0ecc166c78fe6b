/** What happens to an exchange that is wired by hand in its property tests: orders, requests, phases, and faults. */
import fc from "fast-check";
import { FIRST_MARKET_ID, shardOfAccount } from "../../actors/kernel/ids.js";
import type { FeeRates } from "../../actors/kernel/fees.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { isFinal, OrderRequest, type OrderStatus, Side } from "../../actors/kernel/order.js";
import {
  type ClientCommand,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
  type PlaceOrder,
} from "../../actors/ledger/messages.js";
import { Phase } from "../../actors/market/phase.js";
import type { WiredExchange } from "./wired-exchange.js";

export const SHARDS = 2;
/** Two of each shard. */
export const ACCOUNTS = [1, 2].flatMap((shard) =>
  Array.from({ length: 50 }, (_, at) => 100 + at)
    .filter((account) => shardOfAccount(account, SHARDS) === shard)
    .slice(0, 2),
);
export const ASSETS = [1, 2, 3];
export const FUNDS = 50_000;

const COMMON = { priceDecimals: 0, quantityDecimals: 0, tick: 1, lot: 1 };
export const INSTRUMENTS: readonly Instrument[] = [
  {
    ...COMMON,
    id: FIRST_MARKET_ID,
    symbol: "A",
    baseAsset: 1,
    quoteAsset: 2,
    notionalFactor: 7,
    referencePrice: 100,
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  },
  {
    ...COMMON,
    id: FIRST_MARKET_ID + 1,
    symbol: "B",
    baseAsset: 2,
    quoteAsset: 3,
    notionalFactor: 1,
    referencePrice: 100,
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  },
];

/** Without fees, with a fee for both, and with rebates, the highest too. */
export const fees: fc.Arbitrary<FeeRates> = fc.constantFrom(
  { makerFee: 0, takerFee: 0 },
  { makerFee: 1_500, takerFee: 7 },
  { makerFee: -900, takerFee: 2_500 },
  { makerFee: -40_000, takerFee: 40_000 },
);

export interface Draw {
  readonly act:
    | "place"
    | "pair"
    | "amend"
    | "operate"
    | "deliver"
    | "commit"
    | "crash"
    | "lose"
    | "double"
    | "resend";
  readonly post: number;
  readonly account: number;
  readonly market: number;
  readonly side: Side;
  readonly terms: Partial<PlaceOrder>;
  readonly price: number;
  readonly quantity: number;
  readonly choice: number;
}

/** Orders of every kind; most are plain. Times are those of `WiredExchange`, which begin at 1,000. */
const terms: fc.Arbitrary<Partial<PlaceOrder>> = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant({ timeInForce: 2 }) },
  { weight: 2, arbitrary: fc.constant({ type: 2, timeInForce: 2, price: 0 }) },
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 96, max: 104 })
      .map((stopPrice) => ({ type: 3, price: 0, stopPrice })),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 96, max: 104 }).map((stopPrice) => ({ type: 4, stopPrice })),
  },
  { weight: 3, arbitrary: fc.constant({ quantity: 18, display: 4 }) },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 1_000, max: 2_000 })
      .map((expires) => ({ timeInForce: 4, expires })),
  },
  { weight: 1, arbitrary: fc.constantFrom({ timeInForce: 3 }, { timeInForce: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom({ timeInForce: 6 }, { timeInForce: 7 }) },
  { weight: 1, arbitrary: fc.constant({ postOnly: true }) },
  { weight: 2, arbitrary: fc.constant({ postOnly: true, reprices: true }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }).map((minQuantity) => ({ minQuantity })) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }).map((selfTrade) => ({ selfTrade })) },
);

const PHASES = [Phase.OpeningAuction, Phase.ClosingAuction, Phase.Halted, Phase.Closed] as const;

export const draws: fc.Arbitrary<Draw[]> = fc.array(
  fc.record({
    act: fc.constantFrom(
      ...(["place", "place", "place", "place", "place", "amend", "amend", "amend"] as const),
      ...(["amend", "operate", "pair", "pair"] as const),
      ...(["deliver", "deliver", "deliver", "deliver", "deliver", "deliver"] as const),
      ...(["commit", "commit", "commit", "commit"] as const),
      ...(["crash", "lose", "double", "resend"] as const),
    ),
    post: fc.nat(SHARDS + INSTRUMENTS.length - 1),
    account: fc.constantFrom(...ACCOUNTS),
    market: fc.constantFrom(...INSTRUMENTS.map(({ id }) => id)),
    side: fc.constantFrom(Side.Buy, Side.Sell),
    terms,
    price: fc.integer({ min: 97, max: 103 }),
    quantity: fc.integer({ min: 1, max: 20 }),
    choice: fc.nat(1_000),
  }),
  { minLength: 100, maxLength: 400, size: "max" },
);

/** What a client asks for: client order ids come from few, so that many are used twice. */
function commandOf(draw: Draw): ClientCommand {
  const { account, market, side, price, quantity, choice } = draw;
  const clientOrderId = `order-${choice % 60}`;
  if (draw.act === "amend") return requestOf(draw, clientOrderId);
  if (draw.act === "pair") return pairOf(draw);
  return {
    kind: "place",
    account,
    deadline: 0,
    clientOrderId,
    instrument: market,
    side,
    type: 1,
    timeInForce: 1,
    price,
    quantity,
    ...NO_OTHER_TERMS,
    ...draw.terms,
  };
}

/** A limit order, and a stop on the other side of it, in either order. Now and then one has an id that others use. */
function pairOf({ account, market, side, price, quantity, terms, choice }: Draw): ClientCommand {
  const away = (side === Side.Buy ? 1 : -1) * (1 + (choice % 4));
  const { selfTrade = 0, expires = 0, display = 0 } = terms;
  const common = { ...NO_OTHER_TERMS, instrument: market, side, selfTrade };
  const dated = { expires, timeInForce: expires > 0 ? 4 : 1 };
  const limit = {
    ...common,
    ...dated,
    type: 1,
    price,
    quantity,
    display: display < quantity ? display : 0,
  };
  const isStop = choice % 3 > 0;
  const stop = {
    ...common,
    type: isStop ? 3 : 4,
    timeInForce: 1,
    stopPrice: price + away,
    price: isStop ? 0 : price + 2 * away,
    quantity: choice % 2 === 0 ? quantity : 1 + (choice % 20),
  };
  const [one, other] = [`pair-${choice % 40}-a`, `pair-${choice % 40}-b`];
  const first = { ...limit, clientOrderId: choice % 50 === 0 ? `order-${choice % 60}` : one };
  const second = { ...stop, clientOrderId: other };
  const legs = choice % 5 === 0 ? ([second, first] as const) : ([first, second] as const);
  return { kind: "place-pair", account, deadline: 0, legs };
}

/** Mostly amends; now and then everything of a side is cancelled. */
function requestOf(draw: Draw, clientOrderId: string): ClientCommand {
  const { account, side, price, quantity, choice, market } = draw;
  if (choice % 40 === 0) {
    return { kind: "cancel-all", account, deadline: 0, instrument: market, side };
  }
  const common = { kind: "amend", account, deadline: 0, orderId: 0, clientOrderId } as const;
  if (choice % 7 === 0) {
    return { ...common, request: OrderRequest.Cancel, leaves: 0, ...NO_NEW_TERMS };
  }
  if (choice % 7 === 1) {
    return { ...common, request: OrderRequest.Reduce, leaves: quantity % 7, ...NO_NEW_TERMS };
  }
  const stopPrice = draw.terms.stopPrice ?? 0;
  return {
    ...common,
    request: OrderRequest.Amend,
    leaves: 0,
    price: stopPrice > 0 || choice % 3 === 0 ? 0 : price,
    quantity: choice % 3 === 1 ? 0 : quantity,
    stopPrice,
    display: draw.terms.display === undefined ? 0 : 3,
  };
}

/** A request, about one of the orders that are live in the shard's tables, if any is. */
function aimed(
  exchange: WiredExchange,
  shard: number,
  command: ClientCommand,
  choice: number,
): ClientCommand {
  if (command.kind !== "amend" || choice % 5 === 0) return command;
  const rows = exchange.shards[shard - 1]!.tables.rows("orders");
  const live = rows.filter((row) => !isFinal(row["status"] as OrderStatus));
  const row = live[choice % live.length];
  if (!row) return command;
  const [account, orderId] = [row["account"] as number, row["order_id"] as number];
  return { ...command, account, orderId, clientOrderId: "" };
}

/** A phase that does not trade, and continuous trading again; or everything is cancelled. */
function operate(exchange: WiredExchange, { market, side, choice }: Draw): void {
  if (choice % 10 === 0) {
    return exchange.operate(market, { kind: "mass-cancel", account: 0, side });
  }
  const phase = choice % 10 < 4 ? PHASES[choice % PHASES.length]! : Phase.Continuous;
  exchange.operate(market, { kind: "phase", phase, until: 0 });
}

export function act(exchange: WiredExchange, draw: Draw): void {
  const post = exchange.posts[draw.post]!;
  const { choice } = draw;
  switch (draw.act) {
    case "place":
    case "pair":
    case "amend": {
      const shard = shardOfAccount(draw.account, SHARDS);
      return exchange.ask(shard, aimed(exchange, shard, commandOf(draw), choice));
    }
    case "operate":
      return operate(exchange, draw);
    case "deliver":
      for (let count = choice % 5; count >= 0; count--) exchange.deliver(post);
      return;
    case "commit":
      return exchange.commit(post, 1 + (choice % 4));
    case "crash":
      return exchange.crash(post);
    case "lose":
      post.inbox.splice(choice % (post.inbox.length + 1), 1);
      return;
    case "double":
      post.inbox.push(...post.inbox.slice(choice % (post.inbox.length + 1)));
      return;
    case "resend": {
      const source = [-1, ...exchange.posts.map(({ id }) => id)][choice % 5]!;
      return exchange.resend(source, post, 1 + (choice % 17), 1 + (choice % 6));
    }
  }
}

/** The same, but for what depends on the time. */
export function timeless(draw: Draw): Draw {
  return draw.terms.expires === undefined ? draw : { ...draw, terms: {} };
}
