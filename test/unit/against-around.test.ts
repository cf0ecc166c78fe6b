/** What is written down around a drill at a running exchange, of which no drill fails. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { aroundOf, logPlaces } from "../../chaos/against/around.js";
import type { RunningProcess } from "../../services/cli/run-file.js";

const folder = mkdtempSync(join(tmpdir(), "palisade-around-"));
let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer(({ url }, answer) => {
    if (url === "/version") answer.end('{"etcdserver":"3.5.9"}');
    else if (url === "/metrics") answer.end("palisade_batches 7\n");
    else answer.writeHead(404).end();
  });
  await new Promise<void>((ready) => void server.listen(0, "127.0.0.1", ready));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Nobody listens there, and nobody is asked at the other one. */
const NOWHERE = "127.0.0.1:1";
const SILENT = { value: null, reason: expect.stringMatching(/./) };
const process = (name: string, http: number): RunningProcess => ({
  name,
  kind: "node",
  pid: 1,
  identity: "",
  http,
});
const places = (processes: readonly RunningProcess[]) => ({
  urls: { etcd: `http://127.0.0.1:${port}`, postgres: `postgres://${NOWHERE}/exchange` },
  processes,
});

it("is null where nobody answers, with the reason, and all else is there", async () => {
  const exchange = places([process("node-1", port), process("node-2", 1)]);
  const before = await logPlaces(exchange);
  const around = await aroundOf(exchange, before, folder);
  const unknown = { value: null, reason: expect.stringContaining("ECONNREFUSED") };
  expect(around).toEqual({
    log: {
      before: unknown,
      after: unknown,
    },
    servers: {
      postgres: unknown,
      nats: { value: null, reason: expect.stringContaining("PALISADE_NATS_URL") },
      etcd: { value: "3.5.9", reason: null },
    },
    metrics: {
      value: { "node-1": { value: "metrics/node-1.txt", reason: null }, "node-2": SILENT },
      reason: null,
    },
  });
  expect(readFileSync(join(folder, "metrics", "node-1.txt"), "utf8")).toBe("palisade_batches 7\n");
  expect(existsSync(join(folder, "metrics", "node-2.txt"))).toBe(false);
});

it("says why there are no metrics where processes are not known", async () => {
  const around = await aroundOf(places([]), { value: [], reason: null }, join(folder, "none"));
  expect(around.metrics).toEqual({
    value: null,
    reason: expect.stringContaining("only the data directory"),
  });
  expect(existsSync(join(folder, "none"))).toBe(false);
});
