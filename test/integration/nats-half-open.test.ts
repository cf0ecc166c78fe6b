import type { NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { connectNats } from "../../services/adapters/nats/connection.js";
import { NatsBus } from "../../services/adapters/nats/nats-bus.js";
import { startTestNats, type TestServer } from "../helpers/servers.js";

/** As long as the drill lets it last. */
const SILENT_MS = 2_500;
/** From the last word of the server to the client's own return: three seconds and a little as a rule, here with much for a machine that is busy. */
const BACK_MS_MAX = 10_000;
const POLL_MS = 20;

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

describe("a connection to NATS whose other end has gone without a word", () => {
  let nats: TestServer;
  let wire: TcpProxy;
  let connection: NatsConnection;
  let other: NatsConnection;

  beforeAll(async () => {
    nats = await startTestNats();
    wire = await TcpProxy.start(nats.url);
    connection = await connectNats(wire.url, "one");
    other = await connectNats(nats.url, "other");
  });

  afterAll(async () => {
    await connection.close();
    await other.close();
    await wire.stop();
    await nats.stop();
  });

  it("is bad while it lasts, and replaced by itself when new ones are answered again", async () => {
    const bus = new NatsBus(connection);
    const heard: string[] = [];
    bus.subscribe("news", (data) => heard.push(Buffer.from(data).toString()));
    await bus.roundTrip();
    const struckMs = performance.now();
    wire.halfOpen();
    wire.freeze();
    await expect(bus.roundTrip()).rejects.toThrow("NATS has not answered");
    await sleep(struckMs + SILENT_MS - performance.now());
    wire.thaw();
    while (
      !(await bus.roundTrip().then(
        () => true,
        () => false,
      ))
    ) {
      await sleep(POLL_MS);
    }
    expect(performance.now() - struckMs).toBeLessThan(BACK_MS_MAX);
    new NatsBus(other).publish("news", Buffer.from("of today"));
    while (heard.length === 0) await sleep(POLL_MS);
    expect(heard).toEqual(["of today"]);
  });
});
