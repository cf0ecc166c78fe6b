import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { freePort, isPortFree, LOOPBACK } from "../../services/servers/ports.js";

/** The ports the system gives to whoever connects, or listens on port 0. */
function givenByTheSystem(): [first: number, last: number] {
  if (process.platform !== "linux") return [49_152, 65_535];
  const told = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const [first, last] = told.trim().split(/\s+/).map(Number);
  return [first!, last!];
}

describe("a free port", () => {
  it("is none that the system gives to others while nobody listens there", async () => {
    const [first, last] = givenByTheSystem();
    for (let draw = 0; draw < 50; draw++) {
      const port = await freePort();
      expect(port < first || port > last, `${port} is within ${first}–${last}`).toBe(true);
      expect(port).toBeGreaterThan(1_023);
    }
  });

  it("is the preferred one unless that is taken", async () => {
    const preferred = await freePort();
    expect(await freePort(preferred)).toBe(preferred);
    const taker = createServer();
    await new Promise<void>((done) => taker.listen(preferred, LOOPBACK, done));
    try {
      expect(await isPortFree(preferred)).toBe(false);
      expect(await freePort(preferred)).not.toBe(preferred);
    } finally {
      await new Promise((done) => taker.close(done));
    }
    expect(await isPortFree(preferred)).toBe(true);
  });
});
