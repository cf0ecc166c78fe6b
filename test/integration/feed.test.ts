import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { encodeEventFrame } from "../../actors/kernel/event-frame.js";
import { Side } from "../../actors/kernel/order.js";
import { encodeMarketEvent } from "../../actors/market/market-events.js";
import { Phase } from "../../actors/market/phase.js";
import { NatsBus } from "../../services/adapters/nats/index.js";
import { announceSubject, eventsSubject } from "../../services/ports/subjects.js";
import { MARKET_ID } from "../helpers/market.js";
import { until } from "./feed-clients.js";
import { SYMBOL } from "./feed-market.js";
import { BOOK_AND_TRADES, FeedStage } from "./feed-stage.js";

const stage = new FeedStage();

describe("a subscriber", () => {
  it("gets a snapshot, then trades and diffs that say what they stand at", async () => {
    stage.market.buy(9_900, 5);
    await stage.market.commitAndSay();
    const client = await stage.raw();
    expect(await client.ask({ ...BOOK_AND_TRADES, id: 7 })).toEqual({
      type: "subscribed",
      channels: BOOK_AND_TRADES.channels,
      id: 7,
    });
    await until("a snapshot and the phase", () => client.messages.length === 3);
    const common = { symbol: SYMBOL, token: 1, timestamp: expect.any(Number) as number };
    const snapshot = { type: "depth", ...common, snapshot: true, sequence: 2, previous: 2 };
    const phase = { type: "phase", phase: "continuous", until: null, sequence: 2 };
    expect(client.messages.slice(1)).toEqual([
      { ...snapshot, bids: [["99.00", "5"]], asks: [] },
      { ...common, ...phase },
    ]);
    stage.market.sell(9_900, 2);
    stage.market.sell(10_100, 8);
    await stage.market.commitAndSay();
    await until("a trade and a diff", () => client.messages.length === 5);
    const trade = {
      type: "trade",
      price: "99.00",
      quantity: "2",
      side: "sell",
      sequence: 3,
      tradeId: 1,
    };
    const stands = { type: "depth", snapshot: false, sequence: 4, previous: 2 };
    const diff = { ...stands, bids: [["99.00", "3"]], asks: [["101.00", "8"]] };
    expect(client.messages.slice(3)).toEqual([
      { ...common, ...trade },
      { ...common, ...diff },
    ]);
  });

  it("gets diffs for each command where it asks for them, and joins late without a gap", async () => {
    const early = await stage.listener("command");
    const batches = await stage.listener();
    stage.enterSome(3);
    await stage.market.commitAndSay();
    const late = await stage.listener("command");
    stage.enterSome(3);
    await stage.market.commitAndSay();
    await stage.expectCurrent(early, batches, late);
    expect(early.depth.length).toBeGreaterThan(12);
    expect(batches.depth.length).toBe(3);
    expect(early.tradeIds).toEqual(await stage.market.tradeIds());
    expect([early, batches, late].map(({ client }) => client.gaps)).toEqual([0, 0, 0]);
  });

  it("is told of phases, of what an auction would give, and of the crossed book meanwhile", async () => {
    const { market } = stage;
    const client = await stage.raw();
    await client.ask({ action: "subscribe", channels: [`trade.${SYMBOL}`] });
    await until("the phase", () => client.messages.length === 2);
    market.order({ kind: "phase", phase: Phase.OpeningAuction, until: 0 });
    market.buy(10_000, 5);
    market.sell(9_900, 8);
    await market.commitAndSay();
    const of = (type: string) => client.messages.filter((message) => message.type === type);
    await until("what an uncross would give", () => of("indicative").length > 0);
    expect(of("phase").at(-1)).toMatchObject({
      phase: "opening-auction",
      until: null,
      reason: "PHASE_BY_OPERATOR",
    });
    expect(of("indicative").at(-1)).toMatchObject({ quantity: "5", surplus: "-3" });
    // Who comes now, or hears it only after a new leader has come, learns the same.
    const late = await stage.listener();
    await stage.expectCurrent(late);
    expect(late.levels(SYMBOL)).toEqual({ bids: [["100.00", "5"]], asks: [["99.00", "8"]] });
    const newcomer = await stage.raw();
    await newcomer.ask({ action: "subscribe", channels: [`trade.${SYMBOL}`] });
    await until("phase and price", () => newcomer.messages.length === 3);
    expect(newcomer.messages.slice(1)).toMatchObject([
      { type: "phase", phase: "opening-auction" },
      { type: "indicative", quantity: "5", surplus: "-3" },
    ]);
    await market.takeOver();
    market.order({ kind: "phase", phase: Phase.Continuous, until: 0 });
    await market.commit();
    market.announce();
    await until("the end of the auction", () => of("phase").length === 3);
    expect(of("phase").at(-1)).toMatchObject({ phase: "continuous", token: 2 });
    expect(of("trade")).toMatchObject([{ quantity: "5" }]);
    await stage.expectCurrent(late);
  });

  it("gets nothing of a batch that is not committed, as nothing is said of it", async () => {
    const client = await stage.listener();
    stage.market.buy(9_900, 5);
    await stage.market.commit();
    expect(client.depth.length).toBe(1);
  });

  it("gets no more after it has unsubscribed", async () => {
    const client = await stage.listener();
    await client.client.unsubscribe(BOOK_AND_TRADES.channels);
    const other = await stage.listener();
    stage.enterSome();
    await stage.market.commitAndSay();
    await stage.expectCurrent(other);
    expect(client.trades).toEqual([]);
    expect(client.depth.length).toBe(1);
  });
});

describe("the bridge heals", () => {
  it("a lost frame, when the next one shows the gap", async () => {
    const client = await stage.listener("command");
    stage.enterSome(2);
    await stage.market.commit();
    stage.enterSome(1);
    await stage.market.commitAndSay();
    await stage.expectCurrent(client);
    expect(client.tradeIds).toEqual(await stage.market.tradeIds());
    expect(client.client.gaps).toBe(0);
  });

  it("a lost frame that nothing follows, by the next announcement", async () => {
    const client = await stage.listener();
    stage.enterSome(4);
    await stage.market.commit();
    stage.market.announce();
    await stage.expectCurrent(client);
    expect(client.tradeIds).toEqual(await stage.market.tradeIds());
  });

  it("after a new leader, whose token is in what follows", async () => {
    const client = await stage.listener();
    stage.enterSome();
    await stage.market.commitAndSay();
    await stage.market.takeOver();
    stage.enterSome(2);
    await stage.market.commit();
    stage.enterSome();
    await stage.market.commitAndSay();
    await stage.expectCurrent(client);
    expect(client.tradeIds).toEqual(await stage.market.tradeIds());
    expect(client.client.book(SYMBOL)!.token).toBe(2);
    const tokens = client.depth.map(({ token }) => token);
    expect(tokens).toEqual([...tokens].sort((one, other) => one - other));
  });

  it("not from a lower token, which is ignored", async () => {
    const client = await stage.listener();
    await stage.market.takeOver();
    stage.market.buy(9_900, 5);
    await stage.market.commitAndSay();
    await stage.expectCurrent(client);
    const writer = new ByteWriter();
    const level = {
      kind: "depth",
      sequence: 9,
      side: Side.Buy,
      price: 9_990,
      quantity: 1,
    } as const;
    encodeMarketEvent(writer, level);
    const stale = { actor: MARKET_ID, token: 1, batch: 99, previousBatch: stage.market.eventBatch };
    const body = { time: 0, events: writer.take(), replies: null };
    stage.market.say(encodeEventFrame({ ...stale, ...body }));
    stage.market.announce(1, 99);
    stage.market.buy(9_800, 5);
    await stage.market.commitAndSay();
    await stage.expectCurrent(client);
    expect(JSON.stringify(client.depth)).not.toContain("99.90");
  });

  it("what was said while NATS was away", async () => {
    const client = await stage.listener();
    stage.enterSome();
    await stage.market.commitAndSay();
    await stage.nats.server.stop();
    stage.enterSome(3);
    await stage.market.commit();
    await stage.nats.server.restart();
    await stage.expectCurrent(client);
    expect(client.tradeIds).toEqual(await stage.market.tradeIds());
    stage.enterSome();
    await until("both are connected again", async () => {
      const flushed = [stage.speaking.flush(), stage.listening.flush()];
      return Promise.all(flushed).then(
        () => true,
        () => false,
      );
    });
    await stage.market.commitAndSay();
    await stage.expectCurrent(client);
    expect(client.tradeIds).toEqual(await stage.market.tradeIds());
  });

  it("and passes over garbage on its subjects", async () => {
    const client = await stage.listener();
    const bus = new NatsBus(stage.speaking);
    for (const subject of [eventsSubject, announceSubject].map((of) => of("market.2330%2ETW"))) {
      for (const bytes of [[], [1], [9, 9, 9], Array(300).fill(255)]) {
        bus.publish(subject, Uint8Array.from(bytes as number[]));
      }
    }
    bus.publish(eventsSubject("market.none"), Uint8Array.from([1, 2]));
    stage.enterSome();
    await stage.market.commitAndSay();
    await stage.expectCurrent(client);
  });
});
