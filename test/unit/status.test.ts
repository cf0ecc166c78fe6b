import { afterEach, expect, it, vi } from "vitest";
import { Status } from "../../services/cli/status.js";
import { Latencies } from "../../services/participants/latencies.js";

/** At the ports 1 and 2. */
const TWO_NODES = new Map(
  [1, 2].map((http) => {
    const name = `node-${http}`;
    return [name, { name, kind: "node", pid: process.pid, ports: { http } }];
  }),
);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A status of an exchange that is small and fake, and the lines that it says. */
function statusOf(processes: ReadonlyMap<string, unknown>) {
  vi.useFakeTimers();
  const lines: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  const acceptLatency = new Latencies();
  const participants = { counts: { submitted: 0 }, trades: 0, tracker: { acceptLatency } };
  const server = { kind: "a server", pid: process.pid, port: 1 };
  const servers = { nats: server, etcd: server, postgres: server, furtherPostgres: [] };
  const exchange = { servers, processes, leaders: async () => new Map() };
  const status = new Status(exchange as never, participants as never, true);
  return { status, lines, participants, acceptLatency };
}

it("says of each two seconds what was done in them, and how long that took", async () => {
  const { status, lines, participants, acceptLatency } = statusOf(new Map());
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

it("says once that an actor has stopped, on which node and why, and again where another stops it", async () => {
  const stopped = new Set<string>();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) =>
    Response.json(
      [...stopped].some((at) => url === `http://127.0.0.1:${at}/stopped`)
        ? { "market.A%2EB": "MalformedError: no such command" }
        : {},
    ),
  );
  const { status, lines } = statusOf(TWO_NODES);
  const said = async () => {
    await vi.advanceTimersByTimeAsync(2_000);
    return lines.splice(0).filter((line) => line.includes("stopped"));
  };
  const line = (where: string) =>
    `  market.A.B is stopped on ${where}: MalformedError: no such command; see "An actor is stopped" in deploy/RUNBOOK.md\n`;
  expect(await said()).toEqual([]);
  stopped.add("1");
  expect(await said()).toEqual([line("node-1")]);
  expect(await said()).toEqual([]);
  stopped.add("2");
  expect(await said()).toEqual([line("node-1, node-2")]);
  status.stop();
});

it("says once which servers give nodes no answer, and that all have one again", async () => {
  const away = new Map<number, object>();
  let isSilent = false;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
    if (isSilent) throw new Error("nobody listens");
    const [, port, path] = /:(\d)(\/\w+)$/.exec(url as string)!;
    return Response.json(path === "/away" ? (away.get(Number(port)) ?? {}) : {});
  });
  const { status, lines } = statusOf(TWO_NODES);
  const said = async () => {
    await vi.advanceTimersByTimeAsync(2_000);
    return lines.splice(0).filter((line) => line.includes("answer"));
  };
  expect(await said()).toEqual([]);
  away.set(1, { nats: true, etcd: false, postgres: false });
  away.set(2, { nats: true, etcd: false, postgres: false });
  expect(await said()).toEqual([
    expect.stringContaining("no answer from NATS: node-1, node-2 wait for it"),
  ]);
  expect(await said()).toEqual([]);
  away.set(2, { nats: true, etcd: false, postgres: true });
  expect((await said())[0]).toContain(
    "no answer from NATS: node-1 waits for it; no answer from NATS and PostgreSQL: node-2 waits for it",
  );
  // Nodes that say nothing do not say that all is well.
  isSilent = true;
  expect(await said()).toEqual([]);
  isSilent = false;
  away.clear();
  expect(await said()).toEqual([expect.stringContaining("the servers answer all nodes again")]);
  status.stop();
});
