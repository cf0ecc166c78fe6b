/** What is told of an order and of an actor, from rows that actors have really written. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { rowHolders } from "../../services/explain/row-holders.js";
import { actorStory } from "../../services/explain/actor-story.js";
import { type OrderStory, orderStory } from "../../services/explain/order-story.js";
import { withRecords } from "../../services/explain/records.js";
import { Committer, FIRST, holderOf, SECOND, SYMBOL, Venue } from "./actors.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";

let databases: TestDatabases;
let database: TestDatabase;
let store: PostgresStore;
let venue: Venue;

beforeAll(async () => {
  databases = await TestDatabases.start();
});
afterAll(() => databases?.stop());

beforeEach(async () => {
  database = await databases.make();
  store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  const market = await database.addMarket(marketName(SYMBOL));
  await database.query(`INSERT INTO assets (name, decimals) VALUES ('BASE', 0), ('QUOTE', 2)`);
  await database.query(
    `INSERT INTO instruments VALUES (${market}, '${SYMBOL}', 1, 2, 2, 0, 1, 1, 1, 100)`,
  );
  await database.query("INSERT INTO slots VALUES (3, 1, 'gateway-3')");
  venue = await Venue.open(store, market);
  await venue.fund(FIRST, 1_000_000);
  await venue.fund(SECOND, 1_000_000);
});
afterEach(async () => {
  await store.close();
  await database.close();
});

async function storyOf(account: number, clientOrderId: string): Promise<OrderStory> {
  const told = await withRecords(database.url, (records) =>
    orderStory(records, 0, account, clientOrderId),
  );
  return told!;
}

/** Each step as one line: where, under which token, what, by whose command, and what moved. */
function linesOf({ steps }: OrderStory): string[] {
  return steps.map(({ actor, token, node, kind, message, what, money }) => {
    const by = message ? ` <- ${message.from}#${message.token}` : "";
    const moved = money.length > 0 ? ` [${money.join(", ")}]` : "";
    return `${actor}#${token} ${node} ${kind}: ${what}${by}${moved}`;
  });
}

const shardOf = (account: number) => `ledger.${venue.shardOf(account).record.id}`;
const market = `market.${SYMBOL}`;

describe("an order's story", () => {
  it("is told from its command to its end, with who led what and what moved", async () => {
    await venue.ask(venue.order(FIRST, "rests", { side: Side.Sell, price: 105 }));
    await venue.ask(venue.order(SECOND, "takes", { price: 110, quantity: 4 }));
    await venue.ask(venue.cancel(FIRST, "rests"));
    const sold = await storyOf(FIRST, "rests");
    const [mine, slot] = [shardOf(FIRST), "gateway-3 (slot 3)#1"];
    expect(linesOf(sold)).toEqual([
      `${mine}#1 node-1 asked: asks for it <- ${slot}`,
      `${mine}#1 node-1 told: accepted: SELL 10 ${SYMBOL} at 1.05 [held +10 BASE]`,
      `${market}#1 node-1 taken: takes the order: SELL 10 ${SYMBOL} at 1.05 <- ${mine}#1`,
      `${market}#1 node-1 traded: trade 1: 4 at 1.05 (maker)`,
      `${mine}#1 node-1 told: on the book, 10 open <- ${market}#1`,
      `${mine}#1 node-1 told: settled 4 at 1.05 by trade 1 (maker), 6 open <- ${market}#1 [owns -4 BASE, held -4 BASE, owns +4.20 QUOTE]`,
      `${mine}#1 node-1 asked: asks to cancel it <- ${slot}`,
      `${mine}#1 node-1 told: cancel passed on to the market`,
      `${market}#1 node-1 taken: takes a cancel <- ${mine}#1`,
      `${mine}#1 node-1 told: ended (CANCELLED_BY_CLIENT), 6 unfilled <- ${market}#1 [held -6 BASE]`,
    ]);
    expect(sold).toMatchObject({
      symbol: SYMBOL,
      terms: `SELL 10 ${SYMBOL} at 1.05`,
      standing: "CANCELLED (CANCELLED_BY_CLIENT): filled 4, open 0",
      gaps: [],
    });
    const bought = linesOf(await storyOf(SECOND, "takes"));
    expect(bought.at(-1)).toMatch(/settled 4 at 1\.05 by trade 1 \(taker\), 0 open.*owns -4\.20/);
    const byNumber = await withRecords(database.url, (records) =>
      orderStory(records, sold.order.orderId, 0, ""),
    );
    expect(byNumber).toEqual(sold);
  });

  it("has what a review was, and that a cancel of what is held for one reaches no market", async () => {
    const asset = venue.instrument.quoteAsset;
    const limit = { kind: "set-review-limit", account: FIRST, deadline: 0, asset } as const;
    await venue.ask({ ...limit, value: 1 });
    const named = { account: FIRST, deadline: 0, orderId: 0 } as const;
    for (const id of ["ends", "enters"]) await venue.ask(venue.order(FIRST, id, { price: 95 }));
    await venue.ask(venue.cancel(FIRST, "ends"));
    await venue.ask({ kind: "decide-review", ...named, clientOrderId: "enters", isApproved: true });
    const toldOf = async (id: string) =>
      linesOf(await storyOf(FIRST, id)).map((line) =>
        line.replace(/^.*#1 node-1 /, "").replace(/ <- .*| \[.*/, ""),
      );
    expect((await toldOf("ends")).slice(2)).toEqual([
      "told: held for review",
      "asked: asks to cancel it",
      "told: cancel taken; the order was not at its market",
      "told: ended (CANCELLED_BY_CLIENT), 10 unfilled",
    ]);
    expect(await toldOf("enters")).toEqual(
      expect.arrayContaining(["asked: decides on it", "told: approved by an operator"]),
    );
  });

  it("says of the other order of a pair, too, that an operator has decided on it", async () => {
    const { quoteAsset: asset } = venue.instrument;
    const first = { account: FIRST, deadline: 0 } as const;
    await venue.ask({ kind: "set-review-limit", ...first, asset, value: 1 });
    const common = { instrument: venue.instrument.id, side: Side.Buy, quantity: 10 };
    const terms = { ...NO_OTHER_TERMS, ...common, timeInForce: TimeInForce.GoodTillCancel };
    const limit = { ...terms, clientOrderId: "limit", type: OrderType.Limit, price: 95 };
    const stopped = { type: OrderType.StopLimit, price: 120, stopPrice: 110 };
    const legs = [limit, { ...terms, clientOrderId: "stop", ...stopped }] as const;
    await venue.ask({ kind: "place-pair", ...first, legs });
    const named = { orderId: 0, clientOrderId: "limit" };
    await venue.ask({ kind: "decide-review", ...first, ...named, isApproved: true });
    const toldOf = async (id: string) => (await storyOf(FIRST, id)).steps.map(({ what }) => what);
    expect(await toldOf("limit")).toContain("decides on it");
    expect(await toldOf("stop")).toEqual(
      expect.arrayContaining(["an operator decides on its pair", "approved by an operator"]),
    );
  });

  it("is told in the order of causes, whatever the batches' own times are", async () => {
    await venue.ask(venue.order(FIRST, "now", { timeInForce: TimeInForce.ImmediateOrCancel }));
    await database.query(`UPDATE batch_log SET time = time - 5000 WHERE actor > 1000`);
    expect((await storyOf(FIRST, "now")).steps.map(({ kind }) => kind)).toEqual([
      "asked",
      "told",
      "taken",
      "told",
    ]);
  });

  it("has what its client asked in vain, and what was only rejected", async () => {
    await venue.ask(venue.order(FIRST, "big", { quantity: 999_999_999 }));
    await venue.ask(venue.order(FIRST, "small", {}));
    await venue.ask(venue.order(FIRST, "small", {}), venue.order(FIRST, "other", {}));
    const rejected = await storyOf(FIRST, "big");
    expect(linesOf(rejected).map((line) => line.replace(/^.*(asked|told): /, ""))).toEqual([
      expect.stringContaining("asks for it"),
      "rejected: INSUFFICIENT_FUNDS",
    ]);
    const lines = linesOf(await storyOf(FIRST, "small"));
    expect(lines.filter((line) => line.includes("asks for it"))).toEqual([
      expect.not.stringContaining("again"),
      expect.stringContaining("asks for it: its first answer is given again"),
    ]);
    expect(await withRecords(database.url, (each) => orderStory(each, 77, 0, ""))).toBeNull();
  });

  it("has the stop price of one that follows the market, which nobody is told", async () => {
    const stop = { side: Side.Sell, type: 3, price: 0, stopPrice: 40, trail: 10 };
    await venue.ask(venue.order(FIRST, "follows", stop));
    expect((await storyOf(FIRST, "follows")).trailingStop).toBe("0.40");
    await venue.ask(venue.order(FIRST, "rests", { side: Side.Sell, price: 90, quantity: 1 }));
    await venue.ask(venue.order(SECOND, "takes", { price: 90, quantity: 1 }));
    const story = await storyOf(FIRST, "follows");
    expect(story).toMatchObject({ trailingStop: "0.80", gaps: [] });
    expect(story.terms).toContain("from 0.40 on");
    await venue.ask(venue.cancel(FIRST, "follows"));
    expect((await storyOf(FIRST, "follows")).trailingStop).toBeNull();
  });

  it("says what a trade that its shard has not heard of is, and that its log was trimmed", async () => {
    await venue.ask(venue.order(FIRST, "rests", { side: Side.Sell, price: 105 }));
    const { id } = venue.market.record;
    const { order } = await storyOf(FIRST, "rests");
    await database.query(
      `INSERT INTO trades VALUES (${id}, 1, 2, 9, 9, 105, 3, 1, ${order.orderId}, 5, ${FIRST}, 5, 9, 9)`,
    );
    expect(linesOf(await storyOf(FIRST, "rests"))).toContain(
      `${market}#1 node-1 traded: trade 1: 3 at 1.05 (maker)`,
    );
    await database.query("DELETE FROM claims");
    await database.query(`DELETE FROM batch_log WHERE actor <> ${id}`);
    await database.query(`DELETE FROM batch_log WHERE batch < 2`);
    const trimmed = await storyOf(FIRST, "rests");
    expect(trimmed.gaps).toEqual([
      expect.stringMatching(/ledger\.\d is empty: .* no longer kept/),
      expect.stringMatching(/market\..* begins at batch 2: .* no longer kept/),
    ]);
    // The journal and the actors' own rows have the rest.
    expect(linesOf(trimmed)[0]).toBe(
      `${shardOf(FIRST)}#1 node-1 asked: asks <- gateway-3 (slot 3)#1`,
    );
  });
});

describe("an actor's story", () => {
  it("has each claim with its reason and its gap, its inbox, and what waits in its outbox", async () => {
    const { id, name } = venue.shardOf(FIRST).record;
    const claim = await store.raise(id, 1, holderOf("node-2", "its leader is silent"), 0);
    await store.raise(id, 2, holderOf("node-3", "its leader's process has ended"), 0);
    const shard = await Committer.claim(store, id, venue.shardOf(FIRST).tables);
    shard.ask(venue.order(FIRST, "late", {}));
    await shard.commit();
    const story = await withRecords(database.url, ({ pool }) => actorStory(pool, name));
    expect(story).toMatchObject({ name, actor: name, token: 4, holder: "node-1", untoldUpTo: 0 });
    expect(story).toMatchObject({ batch: claim!.batch + 1, inbox: { anchor: 1 } });
    expect(story.inbox.position).toBe(shard.record.position);
    const { batch } = claim!;
    expect(story.claims).toMatchObject([
      { token: 4, node: "node-1", lastBatch: batch, gapUs: 1_000 },
      { token: 3, node: "node-3", reason: "its leader's process has ended", firstBatchTime: null },
      { token: 2, node: "node-2", reason: "its leader is silent", gapUs: null },
      { token: 1, node: "node-1", lastBatch: 0, lastBatchTime: null, gapUs: null },
    ]);
    expect(story.outbox).toEqual(
      expect.arrayContaining([expect.objectContaining({ to: market, last: expect.any(Number) })]),
    );
    await database.query("DELETE FROM claims WHERE token < 3");
    const later = await withRecords(database.url, ({ pool }) => actorStory(pool, name));
    expect(later.untoldUpTo).toBe(2);
  });

  it("says which session has its row while a commit waits for that, and nobody when it has let go", async () => {
    const shard = venue.shardOf(FIRST);
    const { id, name } = shard.record;
    const heldBy = () =>
      withRecords(database.url, async ({ pool }) => (await actorStory(pool, name)).heldBy);
    const owner = await database.pool.connect();
    await owner.query("SET application_name = 'somebody'");
    await owner.query("BEGIN");
    await owner.query("SELECT FROM actors WHERE actor = $1 FOR UPDATE", [id]);
    // Nobody waits for it yet.
    expect(await heldBy()).toEqual([]);
    shard.ask(venue.order(FIRST, "waits", {}));
    const late = shard.commit();
    let found = await heldBy();
    while (found.length === 0) found = await heldBy();
    expect(found).toEqual([
      {
        actor: name,
        pid: expect.any(Number),
        name: "somebody",
        state: "idle in transaction",
        since: expect.any(Number),
      },
    ]);
    let ofAll = await rowHolders(database.url);
    // Between two tries nobody waits.
    while (ofAll.length === 0) ofAll = await rowHolders(database.url);
    expect(ofAll).toEqual(found);
    await owner.query("ROLLBACK");
    owner.release(true);
    await late;
    expect(await heldBy()).toEqual([]);
    expect(await rowHolders(database.url)).toEqual([]);
  });
});
