import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { WarningKind } from "../../actors/ledger/warnings.js";
import {
  type SubscribeWarningsRequest,
  type SubscribeWarningsResponse,
  SurveillanceServiceService,
  type Warning,
} from "../../proto/gen/exchange/v1/exchange.js";
import { chosen, told } from "../../services/cli/warnings.js";
import { ExchangeClient } from "../../services/client/exchange-client.js";

const NOTHING = { orders: 0, amends: 0, cancels: 0, trades: 0, selfTrades: 0, usualOrders: 0 };

function warning(shard: number, account: number, time: number, kind: WarningKind): Warning {
  const warned = { kind, windowStart: 0, windowSeconds: 60, ...NOTHING };
  return { shard, account, time, batch: time, sequence: 1, token: 1, warned };
}

const TOLD = [
  warning(1, 4, 10, WarningKind.SelfTrade),
  warning(1, 5, 30, WarningKind.CancelRate),
  warning(2, 6, 5, WarningKind.SelfTrade),
  warning(2, 6, 20, WarningKind.OrderSpike),
];

it("shows warnings of all shards in order of time, and leaves others out where an account or a kind is named", () => {
  const timesOf = (account: number, kind: number) =>
    chosen(TOLD, account, kind).map(({ time }) => time);
  expect(timesOf(0, 0)).toEqual([5, 10, 20, 30]);
  expect(timesOf(6, 0)).toEqual([5, 20]);
  expect(timesOf(0, WarningKind.SelfTrade)).toEqual([5, 10]);
  expect(timesOf(6, WarningKind.OrderSpike)).toEqual([20]);
  expect(timesOf(7, 0)).toEqual([]);
});

describe("what a gateway has stored", () => {
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  /** A client of as much of a gateway as it needs here. */
  async function clientOf(
    tell: (call: ServerWritableStream<SubscribeWarningsRequest, SubscribeWarningsResponse>) => void,
  ): Promise<ExchangeClient> {
    const server = new Server();
    const { subscribeWarnings } = SurveillanceServiceService;
    server.addService({ subscribeWarnings }, { subscribeWarnings: tell });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const client = ExchangeClient.connect(`127.0.0.1:${port}`, { accounts: "all" });
    cleanups.push(() => {
      client.close();
      server.forceShutdown();
    });
    return client;
  }

  const stored = { since: 0, storedOnly: true };

  it("is told to its end, and nothing waits for a signal after it", async () => {
    const before = process.listeners("SIGINT");
    const client = await clientOf((call) => {
      call.write({ warnings: TOLD });
      call.end();
    });
    const heard: Warning[] = [];
    const positions = await told(client, stored, (warnings) => void heard.push(...warnings));
    expect(positions).toEqual(
      new Map([
        [1, 30],
        [2, 20],
      ]),
    );
    expect(heard).toEqual(TOLD);
    expect(process.listeners("SIGINT")).toEqual(before);
  });

  it("is known not to be told to its end when that is interrupted", async () => {
    const before = process.listeners("SIGINT");
    const client = await clientOf((call) => call.write({ warnings: TOLD.slice(0, 1) }));
    const interrupt = (): void => {
      const [listener] = process.listeners("SIGINT").filter((each) => !before.includes(each));
      listener!("SIGINT");
    };
    expect(await told(client, stored, interrupt)).toBeNull();
    expect(process.listeners("SIGINT")).toEqual(before);
  });
});
