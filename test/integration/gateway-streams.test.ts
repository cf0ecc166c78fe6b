/** How many streams a client may have at a gateway, and what becomes of those that are too many. */
import { connect, type Settings } from "node:http2";
import { connect as openSocket, type Socket } from "node:net";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommandResult } from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, ExchangeError } from "../../services/client/exchange-client.js";
import { scrape } from "../../services/common/metrics.js";
import { QUEUES, type QueueName, showQueues } from "../../services/common/queues.js";
import {
  CALLS_PER_CONNECTION_MAX,
  CONNECTIONS_MAX,
  ENTRY_STREAMS_MAX,
} from "../../services/gateway/limits.js";
import { GatewayStage, type RunningGateway, until } from "./gateway-stage.js";

const ACCOUNT = 41;
const OTHER = 42;
const SOCKETS_AT_ONCE = 200;
const { ofClient } = ENTRY_STREAMS_MAX;

let stage: GatewayStage;
let gateway: RunningGateway;

beforeAll(async () => {
  stage = await GatewayStage.start(1);
  gateway = await stage.startGateway();
  const all = stage.client(gateway, "all");
  for (const account of [ACCOUNT, OTHER]) await all.openAccount(account);
});

afterAll(() => stage?.stop());

const held = (queue: QueueName) => gateway.gateway.queues()[queue as "gateway-client"].length;

/** Opens an order-entry stream; `error` is why it has ended. */
function openEntry(client: ExchangeClient) {
  const results: CommandResult[] = [];
  const opened: { error?: ExchangeError | undefined; hasEnded: boolean } = { hasEnded: false };
  const stream = client.orderEntry({
    onResults: (some) => results.push(...some),
    onClosed: (error) => Object.assign(opened, { error, hasEnded: true }),
  });
  return { stream, results, opened };
}

/** An order of no known symbol, which the gateway answers by itself: the stream is open. */
async function isAnswered({ stream, results }: ReturnType<typeof openEntry>): Promise<void> {
  const cancel = { account: ACCOUNT, orderId: 0, clientOrderId: "" };
  stream.send([{ requestId: 1, command: { $case: "cancel", value: cancel } }]);
  await until(() => results.length > 0);
}

async function refusedOf(kind: string): Promise<number> {
  const line = `exchange_gateway_streams_refused_total{kind="${kind}"} `;
  return Number((await scrape()).split(line)[1]!.split("\n")[0]);
}

describe("order-entry streams", () => {
  it("of one client are so many over all its connections, and the next is refused and told why", async () => {
    const [one, two] = [stage.apart(gateway, [ACCOUNT]), stage.apart(gateway, [ACCOUNT])];
    const before = await refusedOf("order-entry");
    const streams = Array.from({ length: ofClient }, (_, n) => openEntry(n % 2 ? one : two));
    await until(() => held("gateway-entry-streams") === ofClient);
    const { opened } = openEntry(two);
    await until(() => opened.hasEnded);
    expect(opened.error).toMatchObject({
      code: "TOO_MANY_STREAMS",
      grpcStatus: status.RESOURCE_EXHAUSTED,
      kind: "not-published",
    });
    expect(opened.error!.message).toContain(`this client has ${ofClient} order-entry streams`);
    expect(opened.error!.retryMs).toBeGreaterThan(0);
    expect(await refusedOf("order-entry")).toBe(before + 1);
    // Those that it has go on, and another client has its own.
    await Promise.all(streams.map(isAnswered));
    const other = openEntry(stage.client(gateway, [OTHER]));
    await isAnswered(other);
    await streams[0]!.stream.close();
    const next = openEntry(two);
    await isAnswered(next);
    expect(held("gateway-entry-streams")).toBe(ofClient);
    expect(held("gateway-entry-streams-clients")).toBe(ofClient + 1);
    // A connection that breaks takes its streams with it.
    one.close();
    two.close();
    for (const { stream } of streams) stream.abort();
    next.stream.abort();
    await other.stream.close();
    await until(() => held("gateway-entry-streams-clients") === 0);
    expect(held("gateway-entry-streams")).toBe(0);
  });

  it("of sessions that only see are refused as one of their orders is, and take no place", async () => {
    for (const accounts of [[ACCOUNT], "all"] as const) {
      const { opened } = openEntry(stage.client(gateway, accounts, true));
      await until(() => opened.hasEnded);
      expect(opened.error).toMatchObject({
        code: "READ_ONLY",
        grpcStatus: status.PERMISSION_DENIED,
        kind: "final",
      });
      expect(opened.error!.message).toContain("palisade-role");
    }
    expect(held("gateway-entry-streams-clients")).toBe(0);
    expect(held("gateway-entry-streams-operators")).toBe(0);
  });

  it("of sessions for all accounts have a limit of their own, and are shown", async () => {
    const all = stage.client(gateway, "all");
    const streams = Array.from({ length: ofClient + 1 }, () => openEntry(all));
    await Promise.all(streams.map(isAnswered));
    expect(held("gateway-entry-streams")).toBe(0);
    showQueues(() => gateway.gateway.queues());
    const shown = await scrape();
    const name = "gateway-entry-streams-operators";
    expect(shown).toContain(`palisade_queue_length{queue="${name}"} ${streams.length}\n`);
    expect(shown).toContain(`palisade_queue_limit{queue="${name}"} ${QUEUES[name].limit}\n`);
    await Promise.all(streams.map(({ stream }) => stream.close()));
    await until(() => held(name) === 0);
  });
});

describe("event streams", () => {
  it("of one client are so many, and one that is refused goes on when another has ended", async () => {
    const client = stage.client(gateway, [ACCOUNT]);
    const limit = QUEUES["gateway-event-streams"].limit;
    const position = { account: ACCOUNT, fromSequence: 1 };
    const streams = Array.from({ length: limit }, () =>
      client.subscribeAccounts([position], { onEvents: () => undefined }),
    );
    await until(() => held("gateway-event-streams") === limit);
    const errors: ExchangeError[] = [];
    const heard: number[] = [];
    const late = client.subscribeAccounts([position], {
      onEvents: (events) => heard.push(...events.map(({ sequence }) => sequence)),
      onInterrupted: (error) => errors.push(error),
    });
    await until(() => errors.length > 1);
    expect(errors[0]).toMatchObject({
      code: "TOO_MANY_STREAMS",
      grpcStatus: status.RESOURCE_EXHAUSTED,
    });
    expect(heard).toEqual([]);
    streams.pop()!.close();
    await until(() => heard.length > 0);
    expect(heard[0]).toBe(1);
    for (const stream of [...streams, late]) stream.close();
    await until(() => held("gateway-event-streams-clients") === 0);
  });
});

describe("connections", () => {
  it("are so many, and the next is closed at once; those that there are go on", async () => {
    const client = stage.apart(gateway, [ACCOUNT]);
    await client.ready();
    const port = gateway.gateway.port;
    let refused = 0;
    const sockets: Socket[] = [];
    // The system lets no more wait to be accepted at a time.
    while (sockets.length < CONNECTIONS_MAX) {
      const some = Array.from({ length: SOCKETS_AT_ONCE }, () => connectTcp(port));
      for (const socket of some) socket.on("close", () => (refused += 1));
      sockets.push(...some);
      const wanted = Math.min(sockets.length, CONNECTIONS_MAX);
      await until(() => held("gateway-connections") >= wanted);
    }
    // That of the client was there before.
    await until(() => held("gateway-connections") === CONNECTIONS_MAX && refused > 0);
    const counted = /^exchange_gateway_connections_refused_total (\d+)$/m.exec(await scrape())![1];
    expect(Number(counted)).toBe(refused);
    expect((await client.balances(ACCOUNT)).sequence).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    await until(() => held("gateway-connections") < CONNECTIONS_MAX / 2);
    await stage.apart(gateway, [ACCOUNT]).ready();
  });
});

function connectTcp(port: number): Socket {
  const socket = openSocket(port, "127.0.0.1");
  socket.on("error", () => undefined);
  return socket.resume();
}

describe("a connection", () => {
  it("is told how many calls it may have under way, which is more than a client's streams", async () => {
    const session = connect(`http://${gateway.address}`);
    const settings = await new Promise<Settings>((told) => session.once("remoteSettings", told));
    session.close();
    expect(settings.maxConcurrentStreams).toBe(CALLS_PER_CONNECTION_MAX);
    const operators = [
      "gateway-entry-streams-operators",
      "gateway-event-streams-operators",
    ] as const;
    const streams = [...operators, "gateway-warning-streams" as const].map(
      (name): number => QUEUES[name].limit,
    );
    expect(streams.reduce((sum, limit) => sum + limit)).toBeLessThan(CALLS_PER_CONNECTION_MAX);
  });
});
