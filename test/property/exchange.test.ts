import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeName } from "../../actors/kernel/codes.js";
import type { FeeRates } from "../../actors/kernel/fees.js";
import {
  FIRST_MARKET_ID,
  houseAccountOf,
  shardOfAccount,
  shardOfOrder,
} from "../../actors/kernel/ids.js";
import {
  isFinal,
  Liquidity,
  OrderRequest,
  type OrderStatus,
  Side,
} from "../../actors/kernel/order.js";
import { decodeAccountEvents } from "../../actors/ledger/account-events.js";
import { NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import {
  ACCOUNTS,
  act,
  ASSETS,
  draws,
  fees,
  FUNDS,
  INSTRUMENTS,
  SHARDS,
  timeless,
} from "../helpers/exchange-draws.js";
import { type Post, WiredExchange } from "../helpers/wired-exchange.js";

function startWith(rates: FeeRates): WiredExchange {
  const instruments = INSTRUMENTS.map((instrument) => ({ ...instrument, ...rates }));
  const exchange = new WiredExchange(SHARDS, instruments);
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

/** A house account has what the orders of its shard were charged, and nothing else. Gives how many orders were charged anything. */
function checkHouses(exchange: WiredExchange): number {
  let charged = 0;
  for (const { id, tables } of exchange.shards) {
    const due = new Map<unknown, number>();
    for (const row of tables.rows("orders")) {
      const { quoteAsset } = INSTRUMENTS[(row["instrument"] as number) - FIRST_MARKET_ID] ?? {};
      const paid = (row["fees"] ?? 0) as number;
      if (paid !== 0) charged += 1;
      if (paid !== 0) due.set(quoteAsset, (due.get(quoteAsset) ?? 0) + paid);
    }
    const house = tables.rows("balances").filter((row) => row["account"] === houseAccountOf(id));
    for (const row of house) {
      expect(row).toMatchObject({ total: due.get(row["asset"]) ?? 0, held: 0 });
      due.delete(row["asset"]);
    }
    expect([...due.values()].every((paid) => paid === 0)).toBe(true);
  }
  return charged;
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
        ...NO_NEW_TERMS,
      });
    }
  }
  exchange.drain();
}

/** Counts what accounts were told, by kind; expiries, auctions' fills and prevented self-trades apart. */
function countEvents(told: Map<string, number>, bytes: Uint8Array): void {
  for (const event of decodeAccountEvents(bytes)) {
    let { kind }: { kind: string } = event;
    if (event.kind === "ended" || event.kind === "reduced") kind += ` ${codeName(event.code)}`;
    if (event.kind === "filled") kind += ` ${event.liquidity}`;
    if (event.kind === "accepted" && event.pair !== 0) kind += " of a pair";
    if (event.kind === "refused") kind += ` ${event.request} ${codeName(event.code)}`;
    told.set(kind, (told.get(kind) ?? 0) + 1);
  }
}

describe("ledger shards and markets together, with frames lost, doubled and late", () => {
  it("conserve every asset and number every journal at every step, and hold nothing in the end", () => {
    let trades = 0;
    let openAtEnd = 0;
    let charged = 0;
    const told = new Map<string, number>();
    fc.assert(
      fc.property(fees, draws, (rates, draws) => {
        const exchange = startWith(rates);
        for (const draw of draws) {
          act(exchange, draw);
          if (draw.act !== "commit") continue;
          exchange.posts[draw.post]!.actor.checkInvariants();
          checkConserved(exchange);
          checkHouses(exchange);
          checkJournals(exchange);
        }
        for (const { actor } of exchange.posts) actor.checkInvariants();
        exchange.drain();
        checkConserved(exchange);
        checkJournals(exchange);
        for (const { tables } of exchange.markets) openAtEnd += tables.rows("book").length;
        cancelAll(exchange);
        checkConserved(exchange);
        charged += checkHouses(exchange);
        for (const { tables, actor } of exchange.shards) {
          actor.checkInvariants();
          for (const row of tables.rows("balances")) expect(row["held"]).toBe(0);
          for (const row of tables.rows("orders")) expect(row["leaves"]).toBe(0);
        }
        for (const { tables } of exchange.markets) {
          expect(tables.rows("book")).toEqual([]);
          trades += tables.rows("trades").length;
        }
        for (const { tables } of exchange.shards) {
          for (const row of tables.rows("journal")) countEvents(told, row["events"] as Uint8Array);
        }
      }),
      { numRuns: 60 },
    );
    expect(trades).toBeGreaterThan(200);
    expect(openAtEnd).toBeGreaterThan(50);
    expect(charged).toBeGreaterThan(100);
    const seen = (kind: string): number => told.get(kind) ?? 0;
    expect(seen("amended")).toBeGreaterThan(40);
    expect(seen("refused 3 TOO_LATE")).toBeGreaterThan(10);
    expect(seen("triggered")).toBeGreaterThan(20);
    expect(seen("ended EXPIRED")).toBeGreaterThan(0);
    expect(seen(`filled ${Liquidity.Auction}`)).toBeGreaterThan(0);
    expect(seen("ended SELF_TRADE_PREVENTED")).toBeGreaterThan(5);
    expect(seen("accepted of a pair")).toBeGreaterThan(100);
    expect(seen("ended PAIR_DONE")).toBeGreaterThan(40);
  });

  it("come to the same end when nothing is lost, doubled or crashed", () => {
    fc.assert(
      fc.property(fees, draws, (rates, draws) => {
        // One order of arrival at each actor: everything is drained after each command.
        const calm = startWith(rates);
        const rough = startWith(rates);
        // Each has a time of its own, so nothing may depend on it.
        for (const draw of draws.map(timeless)) {
          if (!["place", "pair", "amend", "operate"].includes(draw.act)) continue;
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
