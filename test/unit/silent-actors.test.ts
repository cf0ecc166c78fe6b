/** Who follows another makes nothing of what that has said, and stands where it stands. That it does so whatever comes, the property tests show. */
import { expect, it } from "vitest";
import type { Actor } from "../../actors/kernel/actor.js";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  encodeLedgerCommand,
  type LedgerCommand,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import { Market } from "../../actors/market/market.js";
import { plainOrder } from "../../actors/market/messages.js";
import { orderIdOf, sourceOfSlot } from "../../actors/kernel/ids.js";
import * as ledger from "../helpers/ledger.js";
import * as market from "../helpers/market.js";
import { expectNothing } from "../helpers/nothing.js";

/** Lets a speaking and a silent one do the same. */
function both<Some extends Actor>(create: () => Some, play: (actor: Some) => void): Some[] {
  const speaking = create();
  const silent = create();
  silent.setSilent(true);
  play(speaking);
  play(silent);
  expect(silent.stateHash()).toBe(speaking.stateHash());
  expect([...silent.links.all()]).toEqual([...speaking.links.all()]);
  return [speaking, silent];
}

function partsOf(actor: Actor) {
  actor.setSilent(false);
  const { rows, sends, events, replies } = actor.takeEffects();
  const isSpoken = sends.size > 0 || events !== null || replies !== null;
  return { isSpoken, parts: Object.keys(rows).filter((part) => rows[part]!.count > 0) };
}

it("a shard", () => {
  const { ALICE, QUOTE, MARKET, INSTRUMENT, SHARD, SLOT, NOON } = ledger;
  const [speaking, silent] = both(
    () => LedgerShard.create(SHARD),
    (shard) => {
      const ask = (command: LedgerCommand, source = sourceOfSlot(SLOT)) =>
        ledger.give(shard, source, encodeLedgerCommand(command), NOON);
      ask({ kind: "instrument", instrument: INSTRUMENT }, MARKET);
      ask({ kind: "open", account: ALICE, deadline: 0 });
      ask({ kind: "open", account: ALICE, deadline: 0 });
      ask({ kind: "deposit", account: ALICE, deadline: 0, asset: QUOTE, amount: 1e6, key: "1" });
      ask({
        kind: "place",
        account: ALICE,
        deadline: 0,
        clientOrderId: "a",
        instrument: MARKET,
        side: Side.Buy,
        type: OrderType.Limit,
        timeInForce: TimeInForce.GoodTillCancel,
        price: 100,
        quantity: 10,
        ...NO_OTHER_TERMS,
      });
    },
  ) as [LedgerShard, LedgerShard];
  const spoken = partsOf(speaking);
  expect(spoken.isSpoken).toBe(true);
  expect(spoken.parts).toEqual(expect.arrayContaining(["journal", "orders_new"]));
  const { isSpoken, parts } = partsOf(silent);
  expect(isSpoken).toBe(false);
  expect(parts.filter((part) => part === "journal" || part.startsWith("orders"))).toEqual([]);
});

it("a market", () => {
  const [speaking, silent] = both(
    () => Market.create(market.MARKET_ID),
    (actor) => {
      market.list(actor);
      market.withoutBands(actor);
      for (const [count, side] of [Side.Buy, Side.Sell, Side.Sell].entries()) {
        // The two sides are of different shards.
        const orderId = orderIdOf(count + 1, side);
        const terms = { orderId, account: side, side, price: 100, quantity: 4 - count };
        market.give(actor, plainOrder({ ...terms, timeInForce: TimeInForce.GoodTillCancel }));
      }
    },
  ) as [Market, Market];
  expect(speaking.tradesExecuted).toBeGreaterThan(0);
  expect(silent.tradesExecuted).toBe(speaking.tradesExecuted);
  expect(silent.tradeVolume).toBe(speaking.tradeVolume);
  const spoken = partsOf(speaking);
  expect(spoken.isSpoken).toBe(true);
  expect(spoken.parts).toContain("trades");
  const { isSpoken, parts } = partsOf(silent);
  expect(isSpoken).toBe(false);
  expect(parts).not.toContain("trades");
});

it("a shard that speaks can drop what it would say, too", () => {
  const { ALICE, SHARD, SLOT, NOON } = ledger;
  const shard = LedgerShard.create(SHARD);
  const payload = encodeLedgerCommand({ kind: "open", account: ALICE, deadline: 0 });
  ledger.give(shard, sourceOfSlot(SLOT), payload, NOON);
  ledger.give(shard, sourceOfSlot(SLOT), payload, NOON);
  shard.dropEffects();
  expectNothing(shard.takeEffects());
});
