/** Loopback ports: which are free, and one that is. */
import { createServer } from "node:net";

export const LOOPBACK = "127.0.0.1";

/** Listens for an instant; resolves to the port, or undefined when it is taken. 0 means any. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(undefined));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === "object" ? address?.port : undefined;
      server.close(() => done(found));
    });
  });
}

/** The preferred port when it is free, else a free one. */
export async function freePort(preferred?: number): Promise<number> {
  const port = (preferred && (await tryPort(preferred))) || (await tryPort(0));
  if (!port) throw new Error("the system has no free loopback port");
  return port;
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await tryPort(port)) !== undefined;
}
