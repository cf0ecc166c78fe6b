/**
 * Node's own debugger, by which a process can be made to do anything from outside: nothing of the exchange knows of it. It
 * opens by SIGUSR1, on a port of its own if the process was started with `DEBUGGER_ENV`.
 */
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { ExchangeProcess } from "../../services/supervisor/child.js";
import { CannotStrikeError } from "../drills/drill.js";

/** Any free port, for several processes on one machine want one. */
export const DEBUGGER_ENV = { NODE_OPTIONS: "--inspect-port=0" };

const LISTENING = /Debugger listening on (ws:\/\/\S+)/;
const OPEN_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Where each life of a process listens; it does so until it ends. */
const addresses = new Map<number, string>();

/** Has a process execute a script; resolves when that was sent. */
export async function execute(process: ExchangeProcess, script: string): Promise<void> {
  const socket = new WebSocket(await addressOf(process));
  await once(socket, "open");
  const request = { id: 1, method: "Runtime.evaluate", params: { expression: script } };
  await new Promise<void>((sent) => {
    socket.send(JSON.stringify(request), () => sent());
  });
  socket.on("error", () => undefined); // The process may be killed meanwhile.
  socket.on("message", () => socket.close());
}

/** Opens its debugger, which takes a moment the first time. */
export async function openDebugger(process: ExchangeProcess): Promise<void> {
  await addressOf(process);
}

async function addressOf({ name, pid, plan }: ExchangeProcess): Promise<string> {
  const known = addresses.get(pid);
  if (known !== undefined) return known;
  const before = statSync(plan.logFile).size;
  process.kill(pid, "SIGUSR1");
  const deadline = performance.now() + OPEN_LIMIT_MS;
  while (performance.now() < deadline) {
    const said = readFileSync(plan.logFile).subarray(before).toString();
    const address = LISTENING.exec(said)?.[1];
    if (address !== undefined) {
      addresses.set(pid, address);
      return address;
    }
    await sleep(POLL_MS);
  }
  throw new CannotStrikeError(
    `${name} does not open its debugger on SIGUSR1; was this Node built without one?`,
  );
}
