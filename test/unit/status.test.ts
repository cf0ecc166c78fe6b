import { afterEach, expect, it, vi } from "vitest";
import { Status } from "../../services/cli/status.js";
import { Latencies } from "../../services/participants/latencies.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("says of each two seconds what was done in them, and how long that took", async () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const acceptLatency = new Latencies();
  const participants = { counts: { submitted: 0 }, trades: 0, tracker: { acceptLatency } };
  const servers = { nats: {}, etcd: {}, postgres: {}, furtherPostgres: [] };
  for (const server of [servers.nats, servers.etcd, servers.postgres]) {
    Object.assign(server, { kind: "a server", pid: process.pid, port: 1 });
  }
  const exchange = { servers, leaders: async () => new Map() };
  const status = new Status(exchange as never, participants as never, true);
  const rest = async (orders: number, waitMs: number) => {
    participants.counts.submitted += orders;
    participants.trades += orders / 2;
    for (let order = 0; order < orders; order++) acceptLatency.record(waitMs);
    await vi.advanceTimersByTimeAsync(2_000);
    return lines.at(-1)!.trim().replaceAll(/ +/g, " ");
  };
  expect(await rest(400, 8)).toBe(
    "200 orders/s 100 fills/s accepted after 8.0 ms (p50) 8.0 ms (p99)",
  );
  expect(await rest(40, 2)).toBe("20 orders/s 10 fills/s accepted after 2.0 ms (p50) 2.0 ms (p99)");
  expect(await rest(0, 0)).toBe("0 orders/s 0 fills/s none accepted");
  status.stop();
});
