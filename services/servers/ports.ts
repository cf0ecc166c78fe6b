/** Loopback ports: which are free, and one that is. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

export const LOOPBACK = "127.0.0.1";

/**
 * Below what systems give by themselves, to whoever connects or lets them choose (Linux 32768–60999, others from 49152):
 * such a port may be another's before our server has bound it, or while our server is down.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;
const DRAWS_MAX = 100;

/** The preferred port when it is free, else one that is free and that the system gives to nobody by itself. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isPortFree(preferred))) return preferred;
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`of ${DRAWS_MAX} loopback ports from ${FIRST_PORT} to ${LAST_PORT} none is free`);
}

/** Listens there for an instant. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      server.close(() => done(true));
    });
  });
}
