/** The subscriber of the feed that `quiet` starts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { FeedProcess } from "../bench/feed-process.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "test", "bench", "feed-listener.js");
/** Nobody listens there. */
const NOWHERE = "ws://127.0.0.1:1";
const EXIT_FAILED = 1;

it("says what ended it to whoever waits for it, and to nobody else", async () => {
  const start = FeedProcess.start({ exchange: { ws: NOWHERE }, symbols: ["ACME"] });
  await expect(start).rejects.toThrow(/^LISTENER_FAILED: .* has ended: .*ECONNREFUSED/);
});

it("ends without a trace when nobody reads what it has heard", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      const { id, channels } = JSON.parse(data.toString("utf8"));
      socket.send(JSON.stringify({ type: "subscribed", id, channels }));
    });
  });
  try {
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const listener = spawn(process.execPath, [PROGRAM, `ws://127.0.0.1:${port}`, "ACME"]);
    let trace = "";
    listener.stderr.on("data", (chunk) => (trace += chunk));
    const ended = once(listener, "close");
    const [said] = await once(listener.stdout, "data");
    expect(String(said)).toBe('{"kind":"ready"}\n');
    listener.stdout.destroy();
    listener.stdin.end();
    expect(await ended).toEqual([EXIT_FAILED, null]);
    expect(trace).toBe("");
  } finally {
    server.close();
  }
});
