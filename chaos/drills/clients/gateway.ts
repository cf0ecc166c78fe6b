/** The gateway dies or stands still: clients come back by themselves, and no event of any account is missing. */
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import { isStoppedSince, ticksOf } from "../../stage/process-state.js";
import { untilStarted } from "../../stage/start-again.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill, Stage } from "../drill.js";
import { type Fault, onceItIsHealed } from "../fault.js";

const DEAD_MS = 500;
/** Shorter than a command's deadline (10 s), so that what waits in it may still be executed. */
const FROZEN_MS = 3_000;
const BACK = { of: "back", ms: 1_500 };

interface Struck {
  readonly gateway: ExchangeProcess;
  readonly pid: number;
  ticks: number;
}

async function aim({ scene }: Stage): Promise<Struck> {
  await settledLeaders(scene.exchange);
  const gateway = scene.exchange.process("gateway-1");
  return { gateway, pid: gateway.pid, ticks: 0 };
}

export const KILLED_GATEWAY: Fault<Struck> = {
  lastsMs: DEAD_MS,
  aim,
  strike: ({ gateway }) => gateway.kill("SIGKILL"),
  async bitten({ gateway }) {
    const { signal } = await gateway.exited;
    return signal === "SIGKILL" ? [] : ["the gateway did not die of SIGKILL"];
  },
  heal: ({ gateway }) => untilStarted(gateway),
  healed: async ({ gateway, pid }) =>
    gateway.pid === pid ? { unhealed: ["the gateway is the same process as before"] } : {},
  name: ({ pid }) => `the gateway (process ${pid}) was killed`,
};

export const FROZEN_GATEWAY: Fault<Struck> = {
  lastsMs: FROZEN_MS,
  aim,
  strike(struck) {
    struck.gateway.freeze();
    struck.ticks = ticksOf(struck.pid);
  },
  bitten: async ({ pid, ticks }) =>
    isStoppedSince(pid, ticks) ? [] : ["the gateway was not stopped all the time"],
  heal: async ({ gateway }) => gateway.resume(),
  name: ({ pid }) => `the gateway (process ${pid}) was frozen`,
};

export const KILL_GATEWAY: Drill = {
  name: "kill-gateway",
  hypothesis: "a gateway takes nothing with it: clients learn what became of each order",
  about: "SIGKILL to the gateway of all clients, which is started again",
  bound: BACK,
  round: onceItIsHealed(KILLED_GATEWAY),
};

export const FREEZE_GATEWAY: Drill = {
  name: "freeze-gateway",
  hypothesis:
    "what a gateway held when it stood still is executed once or refused, and clients learn which",
  about: `SIGSTOP to the gateway of all clients for ${FROZEN_MS / 1_000} s, then SIGCONT`,
  bound: BACK,
  round: onceItIsHealed(FROZEN_GATEWAY),
};
