/** What outages of a server have in common: it is killed or frozen, is away for a while, and comes back on its port. */
import type { ServerHandle, ServerKind } from "../../../services/servers/child-server.js";
import { accepts, untilAccepted } from "../../stage/port.js";
import { movedSince, type Stopped, stoppedNow } from "../../stage/process-state.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Stage } from "../drill.js";
import type { Fault } from "../fault.js";

export interface Outage {
  readonly server: ServerHandle;
  /** The process that is struck. */
  readonly pid: number;
  /** It and its children, when they were stopped. */
  stopped: Stopped;
  /** Settled when it answers again. */
  restarted: Promise<void>;
}

/** Once the exchange is whole. */
export async function aimAtServer({ scene }: Stage, kind: ServerKind): Promise<Outage> {
  await settledLeaders(scene.exchange);
  const server = scene.exchange.servers[kind];
  return { server, pid: server.pid, stopped: new Map(), restarted: Promise.resolve() };
}

/** Starts it again; resolves as soon as it takes connections, which is before it answers. */
export async function comeBack(outage: Outage): Promise<void> {
  outage.restarted = outage.server.restart();
  outage.restarted.catch(() => undefined); // Whoever waits for it hears of it.
  await Promise.race([untilAccepted(outage.server.port), outage.restarted]);
}

/** SIGKILL to all its processes; it comes back with its disk as it was. */
export function killed(kind: ServerKind, lastsMs: number): Fault<Outage> {
  return {
    lastsMs,
    aim: (stage) => aimAtServer(stage, kind),
    strike: ({ server }) => server.kill(),
    bitten: async ({ server }) =>
      (await accepts(server.port)) ? [`${kind} takes connections although it was killed`] : [],
    heal: comeBack,
    async healed({ server, pid, restarted }) {
      await restarted;
      return server.pid === pid ? { unhealed: [`${kind} is the same process as before`] } : {};
    },
    name: ({ pid }) => `${kind} (process ${pid}) was killed`,
  };
}

/** SIGSTOP to all its processes, then SIGCONT: its connections stay open, and nobody answers on them. */
export function frozen(kind: ServerKind, lastsMs: number): Fault<Outage> {
  return {
    lastsMs,
    aim: (stage) => aimAtServer(stage, kind),
    async strike(outage) {
      await outage.server.signal("SIGSTOP");
      outage.stopped = stoppedNow(outage.pid);
    },
    async bitten({ pid, stopped }) {
      const moved = movedSince(pid, stopped);
      const which = `process ${moved.join(", ")} of ${stopped.size}`;
      return moved.length === 0 ? [] : [`${kind} was not stopped all the time: ${which}`];
    },
    heal: ({ server }) => server.signal("SIGCONT"),
    name: ({ pid }) => `${kind} (process ${pid}) was frozen`,
  };
}
