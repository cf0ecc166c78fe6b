import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import {
  AccountServiceService,
  type SubscribeAccountEventsRequest,
  type SubscribeAccountEventsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../../services/client/exchange-client.js";
import { resumeAfterMs } from "../../services/client/resume.js";

const WAIT_MS_MAX = 500;
/** Far more than the longest wait, for machines that are busy, and far less than waits that had no limit. */
const BACK_MS_MAX = 5_000;
/** Longer than waits take to grow to their longest. */
const AWAY_MS = 2_500;

type Call = ServerWritableStream<SubscribeAccountEventsRequest, SubscribeAccountEventsResponse>;

/** A promise, and what keeps it. */
function later<T>(): { readonly promise: Promise<T>; readonly keep: (value: T) => void } {
  let keep: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
}

/** As much of a gateway as a subscriber sees, on any port, or on the one that it had. */
async function gateway(subscribed: (call: Call) => void, port = 0) {
  const server = new Server();
  const { subscribeAccountEvents } = AccountServiceService;
  server.addService({ subscribeAccountEvents }, { subscribeAccountEvents: subscribed });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, taken) =>
      error ? reject(error) : resolve(taken),
    );
  });
  return { server, port: bound };
}

describe("the wait before a broken stream is tried again", () => {
  it("grows to half a second and no further", () => {
    expect([0, 1, 2, 3, 20].map((failures) => resumeAfterMs(failures, 0))).toEqual([
      100, 200, 400, 500, 500,
    ]);
  });

  it("differs from client to client, by up to two fifths", () => {
    expect(resumeAfterMs(20, 1)).toBe(300);
    for (let n = 0; n < 100; n++) {
      expect(resumeAfterMs(20)).toBeGreaterThanOrEqual(300);
      expect(resumeAfterMs(20)).toBeLessThanOrEqual(WAIT_MS_MAX);
    }
  });
});

describe("a client whose gateway was away", () => {
  const cleanups: (() => void)[] = [];
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  it("has its events again when that is back, from where they broke off, and was told once", async () => {
    let interruptions = 0;
    const begun = later<Call>();
    const first = await gateway(begun.keep);
    const client = ExchangeClient.connect(`127.0.0.1:${first.port}`, { accounts: [7] });
    cleanups.push(() => client.close());
    client.subscribeAccounts([{ account: 7, fromSequence: 5 }], {
      onEvents: () => undefined,
      onInterrupted: () => (interruptions += 1),
    });
    await begun.promise;
    first.server.forceShutdown();
    await new Promise((wake) => setTimeout(wake, AWAY_MS));

    const resumed = later<Call>();
    const second = await gateway(resumed.keep, first.port);
    cleanups.push(() => second.server.forceShutdown());
    const servesMs = performance.now();
    const { request } = await resumed.promise;
    expect(performance.now() - servesMs).toBeLessThan(BACK_MS_MAX);
    expect(request.accounts).toEqual([{ account: 7, fromSequence: 5 }]);
    expect(interruptions).toBe(1);
  });
});
