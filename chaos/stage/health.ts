/** Is an exchange as it should be: everything runs and says so, everything is led, and somebody stands by? */
import { settledLeaders } from "./victims.js";
import type { Exchange } from "../../services/supervisor/exchange.js";
import { setTimeout as sleep } from "node:timers/promises";

const HEALTHY_LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Why it is not, in words; empty when it is. Waits a while for it to become so. */
export async function whatAils(exchange: Exchange, limitMs = HEALTHY_LIMIT_MS): Promise<string[]> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const ails = (await Promise.all([...exchange.processes.values()].map(ailsProcess))).flat();
    if (ails.length === 0) break;
    if (performance.now() > deadline) return ails;
    await sleep(POLL_MS);
  }
  try {
    await settledLeaders(exchange);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

type Process = Exchange["processes"] extends ReadonlyMap<string, infer Each> ? Each : never;

async function ailsProcess({ name, isRunning, ports }: Process): Promise<string[]> {
  if (!isRunning) return [`${name} does not run`];
  try {
    const response = await fetch(`http://127.0.0.1:${ports.http}/readyz`);
    const { reasons } = (await response.json()) as { reasons: string[] };
    return reasons.map((reason) => `${name}: ${reason}`);
  } catch {
    return [`${name} does not answer`];
  }
}
