import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIRST_MARKET_ID, shardOfAccount, shardOfOrder } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { isFinal, OrderRequest, type OrderStatus, Side } from "../../actors/kernel/order.js";
import type { ClientCommand } from "../../actors/ledger/messages.js";
import { type Post, WiredExchange } from "../helpers/wired-exchange.js";

const SHARDS = 2;
/** Two of each shard. */
const ACCOUNTS = [1, 2].flatMap((shard) =>
  Array.from({ length: 50 }, (_, at) => 100 + at)
    .filter((account) => shardOfAccount(account, SHARDS) === shard)
    .slice(0, 2),
);
const ASSETS = [1, 2, 3];
const FUNDS = 50_000;

const COMMON = { priceDecimals: 0, quantityDecimals: 0, tick: 1, lot: 1 };
const INSTRUMENTS: readonly Instrument[] = [
  {
    ...COMMON,
    id: FIRST_MARKET_ID,
    symbol: "A",
    baseAsset: 1,
    quoteAsset: 2,
    notionalFactor: 7,
    referencePrice: 100,
  },
  {
    ...COMMON,
    id: FIRST_MARKET_ID + 1,
    symbol: "B",
    baseAsset: 2,
    quoteAsset: 3,
    notionalFactor: 1,
    referencePrice: 100,
  },
];

interface Draw {
  readonly act: "place" | "amend" | "deliver" | "commit" | "crash" | "lose" | "double" | "resend";
  readonly post: number;
  readonly account: number;
  readonly market: number;
  readonly side: Side;
  readonly type: number;
  readonly timeInForce: number;
  readonly price: number;
  readonly quantity: number;
  readonly choice: number;
}

const draws: fc.Arbitrary<Draw[]> = fc.array(
  fc.record({
    act: fc.constantFrom(
      ...(["place", "place", "place", "place", "place", "amend", "amend"] as const),
      ...(["deliver", "deliver", "deliver", "deliver", "deliver", "deliver"] as const),
      ...(["commit", "commit", "commit", "commit"] as const),
      ...(["crash", "lose", "double", "resend"] as const),
    ),
    post: fc.nat(SHARDS + INSTRUMENTS.length - 1),
    account: fc.constantFrom(...ACCOUNTS),
    market: fc.constantFrom(...INSTRUMENTS.map(({ id }) => id)),
    side: fc.constantFrom(Side.Buy, Side.Sell),
    type: fc.constantFrom(1, 1, 1, 1, 2),
    timeInForce: fc.constantFrom(1, 1, 1, 2),
    price: fc.integer({ min: 97, max: 103 }),
    quantity: fc.integer({ min: 1, max: 20 }),
    choice: fc.nat(1_000),
  }),
  { minLength: 100, maxLength: 400, size: "max" },
);

/** What a client asks for: client order ids come from few, so that many are used twice. */
function commandOf(draw: Draw): ClientCommand {
  const { account, market, side, type, timeInForce, quantity, choice } = draw;
  const clientOrderId = `order-${choice % 60}`;
  if (draw.act === "amend") {
    const request = choice % 2 === 0 ? OrderRequest.Cancel : OrderRequest.Reduce;
    const leaves = quantity % 7;
    return { kind: "amend", account, deadline: 0, request, orderId: 0, clientOrderId, leaves };
  }
  const price = type === 2 ? 0 : draw.price;
  return {
    kind: "place",
    account,
    deadline: 0,
    clientOrderId,
    instrument: market,
    side,
    type,
    timeInForce,
    price,
    quantity,
  };
}

function act(exchange: WiredExchange, draw: Draw): void {
  const post = exchange.posts[draw.post]!;
  const { choice } = draw;
  switch (draw.act) {
    case "place":
    case "amend":
      return exchange.ask(shardOfAccount(draw.account, SHARDS), commandOf(draw));
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

function startWith(): WiredExchange {
  const exchange = new WiredExchange(SHARDS, INSTRUMENTS);
  for (const account of ACCOUNTS) {
    const shard = shardOfAccount(account, SHARDS);
    exchange.ask(shard, { kind: "open", account, deadline: 0 });
    for (const asset of ASSETS) {
      const deposit = { account, deadline: 0, asset, amount: FUNDS, key: `${asset}` };
      exchange.ask(shard, { kind: "deposit", ...deposit });
    }
  }
  exchange.drain();
  return exchange;
}

interface Moved {
  baseIn: number;
  baseOut: number;
  quoteIn: number;
  quoteOut: number;
}

/** What a market's trades moved for a shard's sides, of those whose report the shard has (or has not) committed. */
function movedBy(market: Post, shard: Post, wanted: "settled" | "in flight"): Moved {
  const { notionalFactor } = INSTRUMENTS[market.id - FIRST_MARKET_ID]!;
  const received = shard.received(market.id);
  const moved = { baseIn: 0, baseOut: 0, quoteIn: 0, quoteOut: 0 };
  for (const trade of market.tables.rows("trades") as unknown as Record<string, number>[]) {
    const value = trade["price"]! * trade["quantity"]! * notionalFactor;
    for (const role of ["maker", "taker"]) {
      if (shardOfOrder(trade[`${role}_order`]!) !== shard.id) continue;
      const isSettled = trade[`${role}_number`]! <= received;
      if (isSettled !== (wanted === "settled")) continue;
      if ((trade["taker_side"] === Side.Buy) === (role === "taker")) {
        moved.baseIn += trade["quantity"]!;
        moved.quoteOut += value;
      } else {
        moved.baseOut += trade["quantity"]!;
        moved.quoteIn += value;
      }
    }
  }
  return moved;
}

/** R7, from committed rows alone: each shard adds up by itself, agrees with each market, and so does the whole. */
function checkConserved(exchange: WiredExchange): void {
  const world = new Map<number, number>(ASSETS.map((asset) => [asset, 0]));
  const add = (sums: Map<number, number>, asset: number, amount: number): void => {
    sums.set(asset, (sums.get(asset) ?? 0) + amount);
  };
  for (const shard of exchange.shards) {
    const sums = new Map<number, number>(ASSETS.map((asset) => [asset, 0]));
    for (const row of shard.tables.rows("balances") as unknown as Record<string, number>[]) {
      add(sums, row["asset"]!, row["total"]!);
      add(world, row["asset"]!, row["total"]!);
    }
    for (const row of shard.tables.rows("shard_totals") as unknown as Record<string, number>[]) {
      add(sums, row["asset"]!, -row["deposits"]!);
      add(world, row["asset"]!, -row["deposits"]!);
    }
    for (const market of exchange.markets) {
      const { baseAsset, quoteAsset } = INSTRUMENTS[market.id - FIRST_MARKET_ID]!;
      const settled = movedBy(market, shard, "settled");
      const flow = shard.tables.rows("flows").find(({ peer }) => peer === market.id);
      expect({
        baseIn: flow?.["base_in"] ?? 0,
        baseOut: flow?.["base_out"] ?? 0,
        quoteIn: flow?.["quote_in"] ?? 0,
        quoteOut: flow?.["quote_out"] ?? 0,
      }).toEqual(settled);
      add(sums, baseAsset, settled.baseOut - settled.baseIn);
      add(sums, quoteAsset, settled.quoteOut - settled.quoteIn);
      const flying = movedBy(market, shard, "in flight");
      add(world, baseAsset, flying.baseIn - flying.baseOut);
      add(world, quoteAsset, flying.quoteIn - flying.quoteOut);
    }
    expect([...sums.values()]).toEqual(ASSETS.map(() => 0));
  }
  expect([...world.values()]).toEqual(ASSETS.map(() => 0));
}

/** R9: each account's journal is 1, 2, 3, … without a gap. */
function checkJournals(exchange: WiredExchange): void {
  const last = new Map<unknown, number>();
  for (const { tables } of exchange.shards) {
    for (const row of tables.rows("journal")) {
      const account = row["account"];
      expect(row["first_sequence"]).toBe((last.get(account) ?? 0) + 1);
      last.set(account, row["last_sequence"] as number);
    }
  }
}

function cancelAll(exchange: WiredExchange): void {
  for (const { id, tables } of exchange.shards) {
    for (const row of tables.rows("orders")) {
      if (isFinal(row["status"] as OrderStatus)) continue;
      exchange.ask(id, {
        kind: "amend",
        account: row["account"] as number,
        deadline: 0,
        request: OrderRequest.Cancel,
        orderId: row["order_id"] as number,
        clientOrderId: "",
        leaves: 0,
      });
    }
  }
  exchange.drain();
}

describe("ledger shards and markets together, with frames lost, doubled and late", () => {
  it("conserve every asset and number every journal at every step, and hold nothing in the end", () => {
    let trades = 0;
    let openAtEnd = 0;
    fc.assert(
      fc.property(draws, (draws) => {
        const exchange = startWith();
        for (const draw of draws) {
          act(exchange, draw);
          if (draw.act !== "commit") continue;
          checkConserved(exchange);
          checkJournals(exchange);
        }
        for (const { actor } of exchange.posts) actor.checkInvariants();
        exchange.drain();
        checkConserved(exchange);
        checkJournals(exchange);
        for (const { tables } of exchange.markets) openAtEnd += tables.rows("book").length;
        cancelAll(exchange);
        checkConserved(exchange);
        for (const { tables, actor } of exchange.shards) {
          actor.checkInvariants();
          for (const row of tables.rows("balances")) expect(row["held"]).toBe(0);
          for (const row of tables.rows("orders")) expect(row["leaves"]).toBe(0);
        }
        for (const { tables } of exchange.markets) {
          expect(tables.rows("book")).toEqual([]);
          trades += tables.rows("trades").length;
        }
      }),
      { numRuns: 60 },
    );
    expect(trades).toBeGreaterThan(200);
    expect(openAtEnd).toBeGreaterThan(50);
  });

  it("come to the same end when nothing is lost, doubled or crashed", () => {
    fc.assert(
      fc.property(draws, (draws) => {
        // One order of arrival at each actor: everything is drained after each command.
        const calm = startWith();
        const rough = startWith();
        for (const draw of draws) {
          if (draw.act !== "place" && draw.act !== "amend") continue;
          act(calm, draw);
          calm.drain();
          act(rough, draw);
          for (const post of rough.posts) {
            act(rough, { ...draw, act: "double" });
            if (draw.choice % 3 === 0) act(rough, { ...draw, act: "lose" });
            rough.deliver(post);
            if (draw.choice % 2 === 0) rough.commit(post);
            else rough.crash(post);
          }
          rough.drain();
        }
        for (const [at, { actor }] of calm.posts.entries()) {
          expect(rough.posts[at]!.actor.stateHash()).toBe(actor.stateHash());
        }
      }),
      { numRuns: 25 },
    );
  });
});
