/** What a gateway owes its clients when messages, gateways and leaders are lost. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeAnnouncement, encodeAnnouncement } from "../../actors/kernel/event-frame.js";
import {
  type CommandResult,
  type OrderCommand,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, ExchangeError } from "../../services/client/exchange-client.js";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import { framesResent } from "../../services/gateway/metrics.js";
import { Random } from "../../services/participants/random.js";
import { type Bus, LogRefusedError } from "../../services/ports/log.js";
import { GatewayStage, TSMC, until } from "./gateway-stage.js";

const ACCOUNT = 31;
let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start(1);
  const gateway = await stage.startGateway({ slot: 1 });
  const all = stage.client(gateway, "all");
  await all.createInstrument(TSMC);
  await stage.fund(all, ACCOUNT);
  await gateway.stop();
});

afterAll(() => stage?.stop());

let lastId = 0;
function place(): OrderCommand {
  lastId += 1;
  const value = {
    account: ACCOUNT,
    clientOrderId: `fault-${lastId}`,
    symbol: TSMC.symbol,
    side: Side.SIDE_SELL,
    type: OrderType.ORDER_TYPE_LIMIT,
    timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
    price: 61_000,
    quantity: 10,
    ...PLAIN_TERMS,
  };
  return { requestId: lastId, command: { $case: "place", value } };
}

const idOf = ({ command }: OrderCommand): string =>
  command?.$case === "place" ? command.value.clientOrderId : "";

async function countOrders(commands: readonly OrderCommand[]): Promise<number> {
  const { rows } = await stage.cluster.pool.query<{ count: number }>(
    "SELECT count(*)::integer AS count FROM orders WHERE client_order_id = ANY($1)",
    [commands.map(idOf)],
  );
  return rows[0]!.count;
}

async function enter(client: ExchangeClient, commands: OrderCommand[]): Promise<CommandResult[]> {
  const results: CommandResult[] = [];
  const stream = client.orderEntry({ onResults: (some) => results.push(...some) });
  for (const command of commands) {
    stream.send([command]);
    await new Promise((wake) => setTimeout(wake, 1));
  }
  await stream.close();
  return results;
}

/** Frames sent again by time, so far. */
async function resends(): Promise<number> {
  const { values } = await framesResent.get();
  return values.find(({ labels }) => labels.reason === "overdue")?.value ?? 0;
}

/** A bus that loses every message of a subject for which `loses` says so. */
const losing =
  (loses: (subject: string) => boolean) =>
  (bus: Bus): Bus => ({
    publish: (subject, data) => bus.publish(subject, data),
    onReconnect: (handler) => bus.onReconnect(handler),
    roundTrip: () => bus.roundTrip(),
    subscribe: (subject, handler) =>
      bus.subscribe(subject, (data, from) => {
        if (!loses(from)) handler(data, from);
      }),
  });

/** A bus on which leaders are heard, but never what they have committed. */
const withoutMarks = (bus: Bus): Bus => ({
  publish: (subject, data) => bus.publish(subject, data),
  onReconnect: (handler) => bus.onReconnect(handler),
  roundTrip: () => bus.roundTrip(),
  subscribe: (subject, handler) =>
    bus.subscribe(subject, (data, from) => {
      if (!from.startsWith("announce.")) return handler(data, from);
      handler(encodeAnnouncement({ ...decodeAnnouncement(data), marks: [] }), from);
    }),
});

describe("a gateway", () => {
  it("answers from Postgres when event frames are lost, every third or all of them", async () => {
    for (const every of [3, 1]) {
      let count = 0;
      const wrapBus = losing((subject) => {
        if (!subject.startsWith("events.")) return false;
        count += 1;
        return count % every === 0;
      });
      const gateway = await stage.startGateway({ slot: 2, wrapBus });
      const client = stage.client(gateway, [ACCOUNT]);
      const sequences: number[] = [];
      const { sequence } = await client.balances();
      const events = client.subscribeAccounts([{ account: ACCOUNT, fromSequence: sequence + 1 }], {
        onEvents: (some) => sequences.push(...some.map((each) => each.sequence)),
      });
      const commands = Array.from({ length: 100 }, place);
      const results = await enter(client, commands);
      expect(results.filter(({ code }) => code === "OK")).toHaveLength(commands.length);
      expect(count).toBeGreaterThan(0);
      // Each order is accepted, and rests.
      await until(() => sequences.length === 200);
      expect(sequences).toEqual(Array.from({ length: 200 }, (_, n) => sequence + 1 + n));
      events.close();
      await gateway.stop();
    }
  });

  it("sends again frames that were lost or refused, and nothing is done twice", async () => {
    const random = new Random(1);
    let lost = 0;
    const gateway = await stage.startGateway({
      slot: 3,
      losesFrame: async () => {
        if (random.chance(0.95)) return false;
        lost += 1;
        if (lost % 2 === 0) throw new LogRefusedError("unavailable", "as if it did not answer");
        return true;
      },
    });
    const client = stage.client(gateway, [ACCOUNT]);
    const commands = Array.from({ length: 200 }, place);
    const results = await enter(client, commands);
    expect(lost).toBeGreaterThan(5);
    expect(results.map(({ code }) => code)).toEqual(commands.map(() => "OK"));
    expect(results.every(({ repeated }) => !repeated)).toBe(true);
    expect(await countOrders(commands)).toBe(commands.length);
    await gateway.stop();
  });

  it("sends again under the same numbers what is not confirmed, and nothing is done twice", async () => {
    const gateway = await stage.startGateway({ slot: 8, wrapBus: withoutMarks });
    const client = stage.client(gateway, [ACCOUNT]);
    const commands = Array.from({ length: 50 }, place);
    const before = await resends();
    const results = await enter(client, commands);
    expect(results.map(({ code }) => code)).toEqual(commands.map(() => "OK"));
    await until(async () => (await resends()) > before);
    expect(await countOrders(commands)).toBe(commands.length);
    await gateway.stop();
  });

  it("that is replaced in the middle leaves no order without a definite answer, and none twice", async () => {
    const first = await stage.startGateway({ slot: 4 });
    const client = stage.client(first, [ACCOUNT]);
    const { sequence } = await client.balances();
    const sequences: number[] = [];
    const events = client.subscribeAccounts([{ account: ACCOUNT, fromSequence: sequence + 1 }], {
      onEvents: (some) => sequences.push(...some.map((each) => each.sequence)),
    });
    const answered = new Map<number, CommandResult>();
    let lost: ExchangeError | undefined;
    const entry = client.orderEntry({
      onResults: (some) => {
        for (const result of some) answered.set(result.requestId, result);
      },
      onClosed: (error) => {
        lost = error;
      },
    });
    const commands = Array.from({ length: 300 }, place);
    for (let n = 0; n < commands.length; n += 10) {
      entry.send(commands.slice(n, n + 10));
      await new Promise((wake) => setTimeout(wake, 1));
      if (n === 150) void first.stop();
    }
    await until(() => lost !== undefined);
    const port = first.gateway.port;
    await first.stop();
    const second = await stage.startGateway({ slot: 4, port });
    expect(second.gateway.slot.token).toBe(first.gateway.slot.token + 1);
    await client.ready();
    let orders = 0;
    for (const command of commands) {
      const { order } = await client.resolveOrder(ACCOUNT, idOf(command));
      const isVoid = order!.status === OrderStatus.ORDER_STATUS_VOIDED;
      if (answered.get(command.requestId)?.code === "OK") expect(isVoid).toBe(false);
      if (!isVoid) orders += 1;
    }
    expect(orders).toBeGreaterThan(0);
    expect(await countOrders(commands)).toBe(commands.length);
    const last = (await client.balances()).sequence;
    await until(() => sequences.at(-1) === last);
    expect(sequences).toEqual(Array.from({ length: last - sequence }, (_, n) => sequence + 1 + n));
    events.close();
    await second.stop();
  });

  it("holds back a client alone, refuses what many offer, and lets people out, while nobody answers", async () => {
    let isLost = false;
    const losesFrame = async () => isLost;
    const gateway = await stage.startGateway({ slot: 8, losesFrame });
    // Three clients, since the lowest account of each is another one.
    const accounts = [[ACCOUNT], [ACCOUNT - 1, ACCOUNT], [ACCOUNT - 2, ACCOUNT]];
    const clients = accounts.map((some) => stage.client(gateway, some));
    const rests = await enter(clients[0]!, [place()]);
    isLost = true;
    const results = clients.map((): CommandResult[] => []);
    const streams = clients.map((client, n) =>
      client.orderEntry({ onResults: (some) => results[n]!.push(...some) }),
    );
    const send = (n: number) => streams[n]!.send(Array.from({ length: 1_000 }, place));
    const queue = () => gateway.gateway.queues()["gateway-waiting"];
    const limit = queue().limit!;
    send(0);
    await until(() => queue().length >= limit * 0.79);
    send(1);
    await until(() => queue().length > limit * 0.88);
    send(2);
    await until(() => results[2]!.length > 0);
    // Two had their parts, and what is beyond waits at the clients; the third has its least part, and there is no more.
    expect(queue().length).toBeGreaterThanOrEqual(limit);
    expect(results[0]).toEqual([]);
    expect(results[1]).toEqual([]);
    expect(results[2]![0]).toMatchObject({ code: "OVERLOADED" });
    expect(results[2]![0]!.retryMs).toBeGreaterThan(0);
    const cancel = clients[0]!.cancelOrder({ orderId: rests[0]!.orderId });
    await until(() => queue().length > limit);
    isLost = false;
    expect(await cancel).toMatchObject({ code: "OK" });
    await Promise.all(streams.map((stream) => stream.close()));
    expect(results.map((some) => some.length)).toEqual([1_000, 1_000, 1_000]);
    // On a machine without time for us, a leader may not be heard for a second.
    const known = results.flat().filter(({ code }) => code !== "NO_LEADER");
    const codes = new Set(known.map(({ code }) => code));
    expect([...codes].sort()).toEqual(["OK", "OVERLOADED"]);
    await gateway.stop();
  });

  it("holds back a client alone over however many streams and connections", async () => {
    let isLost = false;
    const gateway = await stage.startGateway({ slot: 9, losesFrame: async () => isLost });
    const queue = () => gateway.gateway.queues()["gateway-waiting"];
    const results: CommandResult[] = [];
    const onResults = (some: CommandResult[]) => void results.push(...some);
    const streams = [1, 2, 3, 4].flatMap(() => {
      const client = stage.apart(gateway, [ACCOUNT]);
      return [client.orderEntry({ onResults }), client.orderEntry({ onResults })];
    });
    await enter(stage.client(gateway, [ACCOUNT]), [place()]);
    const limit = queue().limit!;
    isLost = true;
    for (const stream of streams) stream.send(Array.from({ length: 200 }, place));
    await until(() => queue().length >= limit * 0.79);
    await new Promise((wake) => setTimeout(wake, 200));
    // Eight clients would have taken all of it, and more would have been refused.
    expect(queue().length).toBeLessThanOrEqual(limit * 0.8);
    expect(results).toEqual([]);
    isLost = false;
    await Promise.all(streams.map((stream) => stream.close()));
    expect(results.length).toBe(streams.length * 200);
    const known = results.filter(({ code }) => code !== "NO_LEADER");
    expect(new Set(known.map(({ code }) => code))).toEqual(new Set(["OK"]));
    await gateway.stop();
  });

  it("stops loudly when another one claims its slot", async () => {
    const first = await stage.startGateway({ slot: 5 });
    const second = await stage.startGateway({ slot: 5 });
    await until(() => first.deposed.length > 0);
    expect(first.deposed).toEqual([expect.stringContaining("slot 5 was claimed")]);
    expect(second.deposed).toEqual([]);
    const results = await enter(stage.client(second, [ACCOUNT]), [place()]);
    expect(results).toMatchObject([{ code: "OK" }]);
    await first.stop();
    await second.stop();
  });

  it("goes on under a new leader, and says so while there is none", async () => {
    const gateway = await stage.startGateway({ slot: 6 });
    const client = stage.client(gateway, [ACCOUNT]);
    const order = () => {
      const { command } = place();
      if (command?.$case !== "place") throw new Error("not an order");
      return command.value;
    };
    const before = await client.placeOrder(order());
    await stage.stopNode();
    await until(() => gateway.gateway.notReady().length > 0);
    await expect(client.placeOrder(order())).rejects.toMatchObject({
      code: "NO_LEADER",
      kind: "not-published",
      retryMs: expect.any(Number) as number,
    });
    const node = await stage.cluster.startNode("node-2");
    try {
      await until(() => gateway.gateway.notReady().length === 0);
      // The market may be led a moment later than the shards: a client asks again when it is told so.
      const placed = async () => {
        try {
          return await client.placeOrder(order());
        } catch (error) {
          expect(error).toMatchObject({ code: "NO_LEADER" });
          return null;
        }
      };
      let after = await placed();
      while (!after) after = await placed();
      expect(after.code).toBe("OK");
      expect(after.token).toBeGreaterThan(before.token);
      await gateway.stop();
    } finally {
      await node.stop();
    }
  });
});
