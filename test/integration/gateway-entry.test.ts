/** Order-entry streams, and bad input of every kind: each a clear answer with a stable code, and no process down. */
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CommandResult,
  OrderCommand,
  OrderEntryResponse,
  OrderType,
  type PlaceOrderRequest,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, ExchangeError } from "../../services/client/exchange-client.js";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import { GatewayStage, type RunningGateway, TSMC, until } from "./gateway-stage.js";

const ACCOUNT = 21;
const OTHER = 22;

let stage: GatewayStage;
let gateway: RunningGateway;
let all: ExchangeClient;
let client: ExchangeClient;

beforeAll(async () => {
  stage = await GatewayStage.start(2);
  gateway = await stage.startGateway();
  all = stage.client(gateway, "all");
  client = stage.client(gateway, [ACCOUNT]);
  await all.createInstrument(TSMC);
  for (const account of [ACCOUNT, OTHER]) await stage.fund(all, account);
});

afterAll(() => stage?.stop());

let lastId = 0;
function place(changes: Partial<PlaceOrderRequest> = {}): OrderCommand {
  lastId += 1;
  const value: PlaceOrderRequest = {
    account: 0,
    clientOrderId: `entry-${lastId}`,
    symbol: TSMC.symbol,
    side: Side.SIDE_SELL,
    type: OrderType.ORDER_TYPE_LIMIT,
    timeInForce: TimeInForce.TIME_IN_FORCE_UNSPECIFIED,
    price: 58_000,
    quantity: 10,
    ...PLAIN_TERMS,
    ...changes,
  };
  return { requestId: lastId, command: { $case: "place", value } };
}

/** Sends commands on a stream of their own; gives the results by the order of the commands. */
async function enter(commands: OrderCommand[]): Promise<CommandResult[]> {
  const results = new Map<number, CommandResult>();
  const stream = client.orderEntry({
    onResults: (some) => {
      for (const result of some) results.set(result.requestId, result);
    },
  });
  stream.send(commands);
  await stream.close();
  return commands.map(({ requestId }) => results.get(requestId)!);
}

const codes = (results: readonly CommandResult[]) => results.map(({ code }) => code);

describe("an order-entry stream", () => {
  it("answers every command of many messages, in flight at the same time", async () => {
    const commands = Array.from({ length: 5_000 }, () => place({ price: 61_000 }));
    const results = await enter(commands);
    expect(new Set(codes(results))).toEqual(new Set(["OK"]));
    expect(new Set(results.map(({ orderId }) => orderId)).size).toBe(commands.length);
    const sequences = results.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((left, right) => left - right));
    const cancels = results.map(({ orderId }, n): OrderCommand => {
      const value = { account: ACCOUNT, orderId, clientOrderId: "" };
      return { requestId: n, command: { $case: "cancel", value } };
    });
    expect(new Set(codes(await enter(cancels)))).toEqual(new Set(["OK"]));
  });

  it("says of each bad command what is wrong with it, and takes the good ones", async () => {
    const reduce = { account: 0, orderId: 0, clientOrderId: "no-such-order", leaves: 1 };
    const cases: [string, OrderCommand][] = [
      ["CLIENT_ORDER_ID_MISSING", place({ clientOrderId: "" })],
      ["CLIENT_ORDER_ID_INVALID", place({ clientOrderId: "x".repeat(37) })],
      ["CLIENT_ORDER_ID_INVALID", place({ clientOrderId: "naïve" })],
      ["UNKNOWN_SYMBOL", place({ symbol: "NONE" })],
      ["UNKNOWN_SYMBOL", place({ symbol: "" })],
      ["INVALID_SIDE", place({ side: Side.SIDE_UNSPECIFIED })],
      ["INVALID_SIDE", place({ side: 99 as Side })],
      ["INVALID_ORDER_TYPE", place({ type: OrderType.ORDER_TYPE_UNSPECIFIED })],
      ["INVALID_TIME_IN_FORCE", place({ timeInForce: 77 as TimeInForce })],
      ["QUANTITY_NOT_POSITIVE", place({ quantity: 0 })],
      ["QUANTITY_NOT_POSITIVE", place({ quantity: -10 })],
      ["QUANTITY_OFF_LOT", place({ quantity: 11 })],
      ["QUANTITY_TOO_LARGE", place({ quantity: Number.MAX_SAFE_INTEGER - 1 })],
      ["PRICE_NOT_POSITIVE", place({ price: 0 })],
      ["PRICE_NOT_POSITIVE", place({ price: -50 })],
      ["PRICE_OFF_TICK", place({ price: 58_001 })],
      ["PRICE_TOO_LARGE", place({ price: 50 * 10 ** 13 })],
      ["MARKET_ORDER_WITH_PRICE", place({ type: OrderType.ORDER_TYPE_MARKET })],
      ["ACCOUNT_NOT_IN_SESSION", place({ account: OTHER })],
      ["ACCOUNT_INVALID", place({ account: -3 })],
      ["MALFORMED_COMMAND", { requestId: 90_001, command: undefined }],
      ["UNKNOWN_ORDER", { requestId: 90_002, command: { $case: "reduce", value: reduce } }],
      ["OK", place({ price: 61_000 })],
    ];
    const results = await enter(cases.map(([, command]) => command));
    expect(codes(results)).toEqual(cases.map(([code]) => code));
    for (const { code, message } of results) expect(message === "").toBe(code === "OK");
  });

  it("numbers a ledger's rejection in the account's sequence, and none that the gateway refuses", async () => {
    const [rejected, refused] = await enter([place({ price: 58_001 }), place({ side: 0 })]);
    expect(rejected!.sequence).toBeGreaterThan(0);
    expect(refused!.sequence).toBe(0);
  });

  it("takes what it can of a message of which one command is garbage", async () => {
    const good = OrderCommand.encode(place({ price: 61_000 })).finish();
    // A quantity above 2^53 − 1, which no number here can hold.
    const unsafe = new BinaryWriter().uint32(8).int64(4_711);
    unsafe.uint32(18).fork().uint32(64).uint64("9223372036854775807").join();
    const message = new BinaryWriter();
    for (const part of [good, unsafe.finish(), good]) message.uint32(10).bytes(part);
    const results = await enterBytes(Buffer.from(message.finish()));
    expect(results.map(({ code }) => code).sort()).toEqual(["MALFORMED_COMMAND", "OK", "OK"]);
    expect(results.find(({ code }) => code !== "OK")!.requestId).toBe(4_711);
  });

  it.each([
    [
      "bytes that are no message",
      Buffer.from([0xff, 0xff, 0xff]),
      status.INVALID_ARGUMENT,
      "MALFORMED_REQUEST",
    ],
    ["a message beyond the limit", Buffer.alloc(2_000_000), status.RESOURCE_EXHAUSTED, undefined],
    [
      "more commands than a message may have",
      tooManyCommands(),
      status.INVALID_ARGUMENT,
      "TOO_MANY_COMMANDS",
    ],
  ])("ends with a clear error for %s", async (_, bytes, grpcStatus, code) => {
    const error = await enterBytes(bytes).then(
      () => undefined,
      (failure: ServiceError) => failure,
    );
    expect(error?.code).toBe(grpcStatus);
    expect(error?.metadata.get("palisade-code")[0]).toBe(code);
    expect(await client.serverTime()).toBeGreaterThan(0);
  });
});

function tooManyCommands(): Buffer {
  const message = new BinaryWriter();
  for (let n = 0; n < 1_001; n++) message.uint32(10).bytes(new Uint8Array([8, 1]));
  return Buffer.from(message.finish());
}

/** Sends bytes as one message of an order-entry stream; rejects with the error that the stream ends with. */
function enterBytes(bytes: Buffer): Promise<CommandResult[]> {
  const raw = new Client(gateway.address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("palisade-accounts", String(ACCOUNT));
  const results: CommandResult[] = [];
  const call = raw.makeBidiStreamRequest<Buffer, OrderEntryResponse>(
    "/exchange.v1.OrderService/OrderEntry",
    (value) => value,
    (value) => OrderEntryResponse.decode(value),
    metadata,
  );
  return new Promise<CommandResult[]>((resolve, reject) => {
    call.on("data", (response: OrderEntryResponse) => results.push(...response.results));
    call.on("error", reject);
    call.on("end", () => resolve(results));
    call.write(bytes);
    call.end();
  }).finally(() => raw.close());
}

describe("unary calls", () => {
  const failure = (call: Promise<unknown>): Promise<ExchangeError> =>
    call.then(
      () => Promise.reject(new Error("it was taken")),
      (error: ExchangeError) => error,
    );

  it("give errors with a stable code and say that nothing has happened", async () => {
    const order = {
      symbol: TSMC.symbol,
      side: Side.SIDE_BUY,
      quantity: 10,
      price: 58_000,
    } as const;
    const limit = { ...order, type: OrderType.ORDER_TYPE_LIMIT, clientOrderId: "unary-1" };
    const deposit = { account: ACCOUNT, asset: "TWD", amount: 1, idempotencyKey: "k" };
    const transfer = { ...deposit, recipient: OTHER };
    const auditor = stage.client(gateway, "all", true);
    expect((await auditor.balances(ACCOUNT)).balances).toHaveLength(2);
    const limits = { ordersPerDay: 5, openOrders: 5, requestsPerSecond: 5 };
    const cases: [() => Promise<unknown>, string, number][] = [
      [() => client.placeOrder({ ...limit, symbol: "NONE" }), "UNKNOWN_SYMBOL", status.NOT_FOUND],
      [() => client.placeOrder({ ...limit, side: 0 }), "INVALID_SIDE", status.INVALID_ARGUMENT],
      [
        () => client.placeOrder({ ...limit, account: OTHER }),
        "ACCOUNT_NOT_IN_SESSION",
        status.PERMISSION_DENIED,
      ],
      [() => all.placeOrder(limit), "ACCOUNT_MISSING", status.INVALID_ARGUMENT],
      [() => client.getOrder({ orderId: 1 }), "UNKNOWN_ORDER", status.NOT_FOUND],
      [() => client.getOrder({}), "CLIENT_ORDER_ID_MISSING", status.INVALID_ARGUMENT],
      [
        () => client.getOrder({ orderId: 1, clientOrderId: "a" }),
        "ORDER_NAMED_TWICE",
        status.INVALID_ARGUMENT,
      ],
      [() => all.deposit({ ...deposit, asset: "GOLD" }), "UNKNOWN_ASSET", status.NOT_FOUND],
      [
        () => all.deposit({ ...deposit, amount: 0 }),
        "AMOUNT_NOT_POSITIVE",
        status.INVALID_ARGUMENT,
      ],
      [
        () => all.deposit({ ...deposit, amount: 2 ** 53 - 1 }),
        "AMOUNT_TOO_LARGE",
        status.INVALID_ARGUMENT,
      ],
      [
        () => all.deposit({ ...deposit, idempotencyKey: "" }),
        "DEPOSIT_KEY_MISSING",
        status.INVALID_ARGUMENT,
      ],
      [() => all.deposit({ ...deposit, account: 4_444 }), "UNKNOWN_ACCOUNT", status.NOT_FOUND],
      [() => all.balances(4_444), "UNKNOWN_ACCOUNT", status.NOT_FOUND],
      [() => client.createInstrument(TSMC), "OPERATORS_ONLY", status.PERMISSION_DENIED],
      [
        () => client.decideWithdrawal({ account: ACCOUNT, idempotencyKey: "k", decision: 2 }),
        "OPERATORS_ONLY",
        status.PERMISSION_DENIED,
      ],
      [() => client.setAccountState(ACCOUNT, 1), "OPERATORS_ONLY", status.PERMISSION_DENIED],
      [() => client.deposit(deposit), "OPERATORS_ONLY", status.PERMISSION_DENIED],
      [() => auditor.placeOrder(limit), "READ_ONLY", status.PERMISSION_DENIED],
      [() => auditor.openAccount(), "READ_ONLY", status.PERMISSION_DENIED],
      [() => auditor.deposit(deposit), "READ_ONLY", status.PERMISSION_DENIED],
      [() => auditor.transfer(transfer), "READ_ONLY", status.PERMISSION_DENIED],
      [() => auditor.resolveOrder(ACCOUNT, "a"), "READ_ONLY", status.PERMISSION_DENIED],
      [() => client.setAccountGroup(ACCOUNT, 1), "OPERATORS_ONLY", status.PERMISSION_DENIED],
      [() => all.setAccountGroup(ACCOUNT, -1), "INVALID_ACCOUNT_GROUP", status.INVALID_ARGUMENT],
      [() => client.setAccountTier(ACCOUNT, 1), "OPERATORS_ONLY", status.PERMISSION_DENIED],
      [() => all.setAccountTier(ACCOUNT, 16), "INVALID_ACCOUNT_TIER", status.INVALID_ARGUMENT],
      [() => client.setAccountLimits(ACCOUNT, limits), "OPERATORS_ONLY", status.PERMISSION_DENIED],
      [
        () => all.setAccountLimits(ACCOUNT, { ...limits, openOrders: -1 }),
        "INVALID_ACCOUNT_LIMIT",
        status.INVALID_ARGUMENT,
      ],
      [() => all.accountLimits(4_444), "UNKNOWN_ACCOUNT", status.NOT_FOUND],
      [() => all.listTransfers(4_444), "UNKNOWN_ACCOUNT", status.NOT_FOUND],
      [() => all.openOrders(4_444), "UNKNOWN_ACCOUNT", status.NOT_FOUND],
      [() => client.openOrders(OTHER), "ACCOUNT_NOT_IN_SESSION", status.PERMISSION_DENIED],
      [() => all.listWithdrawals(4_444), "UNKNOWN_ACCOUNT", status.NOT_FOUND],
      [
        () => client.transfer({ ...transfer, account: OTHER }),
        "ACCOUNT_NOT_IN_SESSION",
        status.PERMISSION_DENIED,
      ],
      [
        () => client.transfer({ ...transfer, recipient: 2 ** 49 + 1 }),
        "UNKNOWN_RECIPIENT",
        status.NOT_FOUND,
      ],
      [
        () => client.transfer({ ...transfer, recipient: ACCOUNT }),
        "TRANSFER_TO_ITSELF",
        status.INVALID_ARGUMENT,
      ],
      [
        () => client.transfer({ ...transfer, idempotencyKey: "" }),
        "TRANSFER_KEY_MISSING",
        status.INVALID_ARGUMENT,
      ],
      [
        () => client.transfer({ ...transfer, amount: 2 ** 43 }),
        "INSUFFICIENT_FUNDS",
        status.FAILED_PRECONDITION,
      ],
      [
        () => all.createInstrument({ ...TSMC, tick: 0 }),
        "INSTRUMENT_INVALID",
        status.INVALID_ARGUMENT,
      ],
      [
        () => all.createInstrument({ ...TSMC, symbol: "a b" }),
        "INSTRUMENT_INVALID",
        status.INVALID_ARGUMENT,
      ],
      [
        () => all.createInstrument({ ...TSMC, lot: 20 }),
        "INSTRUMENT_CONFLICT",
        status.ALREADY_EXISTS,
      ],
      [
        () => all.createInstrument({ ...TSMC, quoteAsset: undefined }),
        "INSTRUMENT_INVALID",
        status.INVALID_ARGUMENT,
      ],
      [
        () => stage.client(gateway, []).balances(ACCOUNT),
        "SESSION_MISSING",
        status.PERMISSION_DENIED,
      ],
      [
        () => stage.client(gateway, [-1]).balances(ACCOUNT),
        "SESSION_MALFORMED",
        status.PERMISSION_DENIED,
      ],
    ];
    for (const [call, code, grpcStatus] of cases) {
      expect(await failure(call())).toMatchObject({ code, grpcStatus, kind: "final" });
    }
    expect(await all.createInstrument(TSMC)).toEqual(TSMC);
    expect(await client.listInstruments()).toEqual([TSMC]);
  });

  it("survive garbage on every subject of the bus and in the inboxes", async () => {
    const { connectNats } = await import("../../services/adapters/nats/index.js");
    const nats = await connectNats(stage.cluster.servers.urls.nats, "vandal");
    const garbage = [new Uint8Array(0), new Uint8Array([1, 2, 3]), new Uint8Array(70).fill(255)];
    const subjects = [
      "events.ledger.1",
      "announce.ledger.1",
      "announce.x",
      "resend.slot.7",
      "resend.actor.1",
    ];
    for (const subject of subjects) for (const bytes of garbage) nats.publish(subject, bytes);
    await nats.drain();
    for (const bytes of garbage.slice(1)) await stage.cluster.publishBytes("ledger.1", bytes);
    expect(codes(await enter([place({ price: 61_000 })]))).toEqual(["OK"]);
  });

  it("are joined by the standard health and reflection services", async () => {
    const raw = new Client(gateway.address, credentials.createInsecure());
    const ask = (path: string, bytes: Buffer) =>
      new Promise<Buffer>((resolve, reject) => {
        const plain = (value: Buffer) => value;
        raw.makeUnaryRequest(path, plain, plain, bytes, (error, value) =>
          error ? reject(error) : resolve(value!),
        );
      });
    expect([...(await ask("/grpc.health.v1.Health/Check", Buffer.alloc(0)))]).toEqual([8, 1]);
    // The name that older tools know comes first here: whichever does has reflection made.
    for (const version of ["v1alpha", "v1"]) {
      const call = raw.makeBidiStreamRequest<Buffer, string>(
        `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
        (value) => value,
        (value) => value.toString("latin1"),
      );
      const listing = await new Promise<string>((resolve, reject) => {
        call.on("data", resolve);
        call.on("error", reject);
        call.write(Buffer.from(new BinaryWriter().uint32(58).string("").finish()));
      });
      call.end();
      for (const name of ["OrderService", "AccountService", "InstrumentService", "TimeService"]) {
        expect(listing).toContain(`exchange.v1.${name}`);
      }
    }
    raw.close();
  });

  it("tell the exchange's time", async () => {
    const first = await client.serverTime();
    await until(async () => (await client.serverTime()) > first);
  });
});
