/** A watch whose connection says nothing any more: it may have nobody at its other end, and is made anew. */
import { createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { PeerWatch } from "../../services/adapters/peers/peer-watch.js";

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

it("dials again when a connection is silent for long, and takes nobody for gone", async () => {
  const sockets: Socket[] = [];
  let dialledAgain: () => void = () => undefined;
  const again = new Promise<void>((resolve) => (dialledAgain = resolve));
  const server = createServer((socket) => {
    sockets.push(socket);
    if (sockets.length === 2) dialledAgain();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const gone: string[] = [];
  const handlers = { heard: () => undefined, gone: () => gone.push("gone") };
  const watch = new PeerWatch({ host: "127.0.0.1", port }, handlers, () => undefined);
  ended.push(
    () => watch.stop(),
    () => server.close(),
    () => sockets.forEach((socket) => socket.destroy()),
  );
  await again;
  expect(gone).toEqual([]);
});
