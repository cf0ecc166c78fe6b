import { closeSync, existsSync, openSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { SystemClock } from "../../services/common/clock.js";
import { closest } from "../../services/common/closest.js";
import { TierLimits } from "../../services/gateway/tier-limits.js";
import { ConfigError, describeConfig, loadConfig } from "../../services/common/config.js";
import { startHttp } from "../../services/common/http.js";
import { createLog } from "../../services/common/log.js";
import { ordersReceived } from "../../services/common/metrics.js";
import { sleep } from "../../services/ports/clock.js";

describe("the configuration", () => {
  it("takes flags before variables before defaults, and says which", () => {
    const { values, sources } = loadConfig(
      { PALISADE_HTTP_PORT: "8080", PALISADE_SLOT: "7" },
      { slot: "9" },
    );
    expect(values).toMatchObject({ httpPort: 8080, slot: 9, leaseTtlSeconds: 3 });
    expect(sources).toMatchObject({ httpPort: "env", slot: "flag", leaseTtlSeconds: "default" });
  });

  it("refuses an unknown variable and names the one that was meant", () => {
    expect(() => loadConfig({ PALISADE_HTTP_PROT: "1" })).toThrow(ConfigError);
    expect(() => loadConfig({ PALISADE_HTTP_PROT: "1" })).toThrow(/PALISADE_HTTP_PORT/);
    expect(() => loadConfig({ HTTP_PROT: "1" })).not.toThrow();
  });

  it.each([
    ["PALISADE_HTTP_PORT", "65536"],
    ["PALISADE_HTTP_PORT", "-1"],
    ["PALISADE_HTTP_PORT", "80x"],
    ["PALISADE_HTTP_PORT", ""],
    ["PALISADE_SLOT", "0"],
    ["PALISADE_NATS_URL", "http://127.0.0.1"],
    ["PALISADE_NATS_URL", "nats://127.0.0.1:4222,"],
    ["PALISADE_LOG_LEVEL", "loud"],
    ["PALISADE_NODE", "a node"],
    ["PALISADE_LEDGER_SHARDS", "513"],
    ["PALISADE_WEIGHT", "0"],
    ["PALISADE_PEER_LISTEN", "node-1.example.com"],
    ["PALISADE_PEER_HOST", "10.0.0.1/node"],
    ["PALISADE_PEER_HOST", ""],
    ["PALISADE_TIER_LIMITS", ""],
    ["PALISADE_TIER_LIMITS", "1000"],
    ["PALISADE_TIER_LIMITS", "1000:0:0,"],
    ["PALISADE_TIER_LIMITS", "1000:0:1000001"],
    ["PALISADE_TIER_LIMITS", Array(17).fill("0:0:0").join(",")],
  ])("refuses %s=%s with the variable, the value and the default", (variable, value) => {
    expect(() => loadConfig({ [variable]: value })).toThrow(
      new RegExp(`${variable} \\(env\\) is ${JSON.stringify(value)}.*default`),
    );
  });

  it("takes limits for each tier, of which the last hold for all that are higher", () => {
    const { tierLimits } = loadConfig({ PALISADE_TIER_LIMITS: "1000:200:50,1000000:0:0" }).values;
    const limits = new TierLimits(tierLimits);
    const last = { ordersPerDay: 1_000_000, openOrders: 0, requestsPerSecond: 0 };
    expect([0, 1, 2, 15].map((tier) => limits.of(tier))).toEqual([
      { ordersPerDay: 1_000, openOrders: 200, requestsPerSecond: 50 },
      last,
      last,
      last,
    ]);
    expect(limits.whenOpened()).toEqual({ limits: limits.of(0) });
    expect(new TierLimits(loadConfig({}).values.tierLimits).whenOpened()).toEqual({});
  });

  it("takes one server of NATS, or several of a cluster", () => {
    const several = "nats://10.0.0.1:4222,nats://10.0.0.2:4222";
    expect(loadConfig({ PALISADE_NATS_URL: several }).values.natsUrl).toBe(several);
  });

  it("describes every setting with its source and hides passwords", () => {
    const text = describeConfig(
      loadConfig({ PALISADE_POSTGRES_URL: "postgres://me:secret@127.0.0.1:5/x" }),
    );
    expect(text).toMatch(/PALISADE_POSTGRES_URL=postgres:\/\/me:\*\*\*@127\.0\.0\.1:5\/x +\(env\)/);
    expect(text).toMatch(/PALISADE_SLOT=1 +\(default\)/);
    expect(text).not.toContain("secret");
  });

  it("suggests only names that are near", () => {
    expect(closest("2330.TX", ["2330.TW", "AAPL", "BTC/USD"])).toEqual(["2330.TW"]);
    expect(closest("ZZZZZZ", ["2330.TW", "AAPL"])).toEqual([]);
  });
});

describe("the HTTP pages", () => {
  it("serve metrics, health, readiness and what a process adds", async () => {
    let ok = false;
    const http = await startHttp({
      port: 0,
      ready: () => ({ ok, reasons: ok ? [] : ["still claiming"] }),
      extra: { "/leaders": () => ({ "market.X": "node-1" }) },
    });
    const get = (path: string) => fetch(`http://127.0.0.1:${http.port}${path}`);
    try {
      expect((await get("/healthz")).status).toBe(200);
      const notReady = await get("/readyz");
      expect(notReady.status).toBe(503);
      expect(await notReady.json()).toEqual({ ok: false, reasons: ["still claiming"] });
      ok = true;
      expect((await get("/readyz")).status).toBe(200);
      // Other tests of the same process may have counted, too.
      const before = (await ordersReceived.get()).values[0]?.value ?? 0;
      ordersReceived.inc(3);
      expect(await (await get("/metrics")).text()).toMatch(
        new RegExp(`^exchange_orders_received_total ${before + 3}$`, "m"),
      );
      expect(await (await get("/leaders")).json()).toEqual({ "market.X": "node-1" });
      expect((await get("/nothing")).status).toBe(404);
    } finally {
      await http.close();
    }
    await expect(get("/healthz")).rejects.toThrow();
  });

  it("say which port is taken", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const { port } = other.address() as AddressInfo;
    try {
      await expect(
        startHttp({ port, ready: () => ({ ok: true, reasons: [] }) }),
      ).rejects.toMatchObject({
        code: "PORT_UNAVAILABLE",
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
    } finally {
      other.close();
    }
  });
});

it("the clock never goes back, and a callback can be cancelled", async () => {
  const clock = new SystemClock();
  const before = clock.now();
  let called = false;
  const cancel = clock.after(1, () => {
    called = true;
  });
  cancel();
  await sleep(clock, 20);
  expect(called).toBe(false);
  expect(clock.now()).toBeGreaterThan(before);
});

/** Where there is room for nothing. */
const FULL = "/dev/full";

describe("a log", () => {
  it.runIf(existsSync(FULL))("that cannot be written ends nobody", () => {
    const disk = openSync(FULL, "w");
    try {
      const log = createLog("test", {}, disk);
      for (let n = 0; n < 10_000; n++) log.error({ n, text: "x".repeat(200) }, "no room");
      log.fatal("no room for the last words either");
    } finally {
      closeSync(disk);
    }
  });
});
