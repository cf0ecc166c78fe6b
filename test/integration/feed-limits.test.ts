import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { FeedClient, FeedError } from "../../services/client/feed-client.js";
import { registry } from "../../services/common/metrics.js";
import { MESSAGE_BYTES_CLOSING, MESSAGES_PER_SECOND_MAX } from "../../services/feed/limits.js";
import { until } from "./feed-clients.js";
import { SYMBOL } from "./feed-market.js";
import { BOOK_AND_TRADES, FeedStage } from "./feed-stage.js";

const stage = new FeedStage();

describe("a slow subscriber", () => {
  const SMALL = { conflateAboveBytes: 64_000, closeAboveBytes: 2_000_000, conflatedMsMax: 60_000 };
  const LEVELS = 400;

  /** Changes many levels in one batch, so that each diff is large. */
  async function churn(from: number): Promise<void> {
    for (let n = 0; n < LEVELS; n++) stage.market.buy(from + n, 1 + n);
    await stage.market.commitAndSay();
  }

  it("gets merged diffs, and the right book in the end; the others notice nothing", async () => {
    const slowBridge = await stage.startBridge({ connectionLimits: SMALL });
    const fast = await stage.listener("batch", slowBridge);
    const slow = await stage.listener("batch", slowBridge);
    const { socket } = slow.client as unknown as { socket: { pause(): void; resume(): void } };
    socket.pause();
    // The kernel takes some megabytes before the bridge can notice.
    const merged = diffsMerged;
    const before = await merged();
    for (let n = 0; (await merged()) - before < 20 && n < 2_000; n++) await churn(1_000);
    await stage.expectCurrent(fast);
    expect(fast.client.gaps).toBe(0);
    socket.resume();
    await stage.expectCurrent(slow);
    expect(slow.client.gaps).toBe(0);
    expect(slow.client.reconnects).toBe(0);
    expect(slow.depth.length).toBeLessThan(fast.depth.length);
  });

  it("is closed with a reason when it does not catch up", async () => {
    const limits = { ...SMALL, conflatedMsMax: 300 };
    const slowBridge = await stage.startBridge({ connectionLimits: limits });
    const fast = await stage.listener("batch", slowBridge);
    const slow = await stage.raw({}, slowBridge);
    await slow.ask({ action: "subscribe", channels: [`depth.${SYMBOL}`] });
    slow.socket.pause();
    const closed = slowClosed;
    const before = await closed();
    for (let n = 0; (await closed()) === before && n < 2_000; n++) await churn(1_000);
    expect(await closed()).toBe(before + 1);
    slow.socket.resume();
    await until("it is closed", () => slow.closed !== undefined);
    expect(slow.closed).toMatchObject({ code: 1013 });
    expect(slow.closed?.reason).toContain("SLOW_CONSUMER");
    await stage.expectCurrent(fast);
    expect(fast.client.reconnects).toBe(0);
  });
});

async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number> {
  const metric = await registry.getSingleMetric(name)!.get();
  const found = metric.values.filter((each) =>
    Object.entries(labels).every(([label, value]) => each.labels[label] === value),
  );
  return found.reduce((sum, { value }) => sum + value, 0);
}

function diffsMerged(): Promise<number> {
  return valueOf("exchange_feed_diffs_merged_total");
}

function slowClosed(): Promise<number> {
  return valueOf("exchange_feed_connections_closed_total", { reason: "slow" });
}

describe("bad manners", () => {
  it("are answered with a code, and nothing of the request is done", async () => {
    const client = await stage.raw();
    expect(await client.ask("{")).toMatchObject({ type: "error", code: "NOT_JSON" });
    expect(await client.ask({ action: "hack", id: 1 })).toMatchObject({
      type: "error",
      code: "UNKNOWN_ACTION",
      id: 1,
    });
    const mixed = { ...BOOK_AND_TRADES, channels: [`depth.${SYMBOL}`, "depth.NONE"] };
    expect(await client.ask(mixed)).toMatchObject({ type: "error", code: "UNKNOWN_SYMBOL" });
    client.socket.send(Buffer.from([1, 2, 3]));
    await until("an error", () => client.messages.length === 4);
    expect(client.messages[3]).toMatchObject({ type: "error", code: "NOT_TEXT" });
    stage.enterSome();
    await stage.market.commitAndSay();
    expect(await client.ask(BOOK_AND_TRADES)).toMatchObject({ type: "subscribed" });
    expect(client.messages.filter(({ type }) => type === "depth").length).toBeLessThanOrEqual(1);
  });

  it("too large a message closes the connection, too many are ignored", async () => {
    const large = await stage.raw();
    large.send("x".repeat(MESSAGE_BYTES_CLOSING + 1));
    await until("it is closed", () => large.closed !== undefined);
    expect(large.closed?.code).toBe(1009);
    const eager = await stage.raw();
    for (let n = 0; n < 10 * MESSAGES_PER_SECOND_MAX; n++) eager.send("{}");
    const refused = () =>
      eager.messages.some((each) => each.type === "error" && each.code === "TOO_MANY_MESSAGES");
    await until("it is told", refused);
    await until("it may speak again", async () => {
      const answer = await Promise.race([eager.ask(BOOK_AND_TRADES), nothingSoon()]);
      return answer?.type === "subscribed";
    });
  });

  it("too many channels are refused", async () => {
    const client = await stage.raw();
    for (let round = 0; round < 5; round++) {
      const channels = Array.from({ length: 256 }, (_, n) => `trade.S${round}-${n}`);
      const rows = channels.map((_, n) => `(${5_000 + round * 256 + n}, 'S${round}-${n}')`);
      await addInstruments(rows);
      const answer = await client.ask({ action: "subscribe", channels });
      const code = round < 4 ? "subscribed" : "error";
      expect(answer.type).toBe(code);
      if (answer.type === "error") expect(answer.code).toBe("TOO_MANY_CHANNELS");
    }
  });

  it("a client that answers no ping is dropped", async () => {
    const impatient = await stage.startBridge({ pingEveryMs: 100 });
    const dead = await stage.raw({ autoPong: false }, impatient);
    const alive = await stage.listener("batch", impatient);
    await until("it is dropped", () => dead.closed !== undefined);
    expect(alive.client.reconnects).toBe(0);
  });

  it("a port that is taken is named", async () => {
    await expect(stage.startBridge({ port: stage.bridge.port })).rejects.toMatchObject({
      code: "PORT_UNAVAILABLE",
    });
  });
});

async function nothingSoon(): Promise<undefined> {
  await new Promise((wake) => setTimeout(wake, 200));
  return undefined;
}

async function addInstruments(rows: readonly string[]): Promise<void> {
  await stage.postgres.query(
    `WITH new (id, symbol) AS (VALUES ${rows.join(", ")}),
       named AS (INSERT INTO actors (actor, name, kind) SELECT id, 'market.' || symbol, 'market' FROM new)
     SELECT 1`,
  );
  await stage.postgres.query(
    `INSERT INTO instruments SELECT id, symbol, 1, 2, 0, 0, 1, 1, 1, 1 FROM (VALUES ${rows.join(", ")}) AS new (id, symbol)`,
  );
}

describe("the end of a feed", () => {
  it("is told, and clients find their way to the next one", async () => {
    const first = await stage.startBridge();
    const client = await stage.listener("batch", first);
    const plain = await stage.raw({}, first);
    const { port } = first;
    await first.close();
    expect(plain.messages).toEqual([{ type: "shutdown" }]);
    await until("it is closed", () => plain.closed !== undefined);
    expect(plain.closed?.code).toBe(1012);
    stage.enterSome();
    await stage.market.commit();
    await stage.startBridge({ port });
    await stage.expectCurrent(client);
    expect(client.client.reconnects).toBe(1);
  });
});

describe("the client", () => {
  it("asks for a new snapshot when a diff does not continue the last message", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    stage.after(() => server.close());
    await once(server, "listening");
    let subscribed = 0;
    server.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        subscribed += 1;
        const { id, channels } = JSON.parse(data.toString("utf8")) as Record<string, unknown>;
        const depth = { type: "depth", symbol: "X", timestamp: 1, token: 1, asks: [] };
        const snapshot = { ...depth, sequence: subscribed * 10, previous: 0, snapshot: true };
        const diff = { ...depth, sequence: 15, snapshot: false, bids: [["2", "1"]] };
        socket.send(JSON.stringify({ type: "subscribed", id, channels }));
        socket.send(JSON.stringify({ ...snapshot, bids: [["1", "1"]] }));
        if (subscribed === 1) socket.send(JSON.stringify({ ...diff, previous: 12 }));
      });
    });
    const { port } = server.address() as AddressInfo;
    const client = await FeedClient.connect(`ws://127.0.0.1:${port}`);
    stage.after(() => client.close());
    await client.subscribe(["depth.X"]);
    await until("the second snapshot", () => client.book("X")?.sequence === 20);
    expect(client.gaps).toBe(1);
    expect(client.book("X")?.bids).toEqual([["1", "1"]]);
  });

  it("says what is wrong", async () => {
    const { client } = await stage.listener();
    const refused = client.subscribe(["trade.NONE"]).catch((error: unknown) => error);
    expect(await refused).toBeInstanceOf(FeedError);
    expect(await refused).toMatchObject({ code: "UNKNOWN_SYMBOL" });
    const nobody = createServer();
    await new Promise<void>((done) => nobody.listen(0, "127.0.0.1", done));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((done) => nobody.close(done));
    await expect(FeedClient.connect(`ws://127.0.0.1:${port}`)).rejects.toThrow("ECONNREFUSED");
  });
});
