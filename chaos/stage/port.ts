/** Whether somebody listens on a loopback port. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { LOOPBACK } from "../../services/servers/ports.js";

const POLL_MS = 2;
const LIMIT_MS = 60_000;

export function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, LOOPBACK);
    const end = (isThere: boolean) => {
      socket.destroy();
      done(isThere);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** Resolves when the port takes a connection. */
export async function untilAccepted(port: number): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await accepts(port))) {
    if (performance.now() > deadline) {
      throw new Error(`DRILL_SERVER_GONE: port ${port} takes no connection after ${LIMIT_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}
