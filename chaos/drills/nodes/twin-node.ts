/** Two processes with one name: the second came while the first stood still, and then the first wakes up. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExchangeProcess, ProcessPlan } from "../../../services/supervisor/child.js";
import { healthOf } from "../../ask-node.js";
import type { Scene } from "../../scene.js";
import { isSoWithin } from "../../stage/patience.js";
import { ledNames, pickVictim, untilHigherTokens, type Victim } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

/** How long both run. */
const BOTH_MS = 3_000;
const REJOIN_LIMIT_MS = 30_000;

interface Twins {
  readonly victim: Victim;
  /** Settled when the second process is ready: it waits until the name is free. */
  twin: Promise<ExchangeProcess> | undefined;
}

export const TWIN_NODE: Drill = {
  name: "twin-node",
  hypothesis:
    "two processes with one name do no harm: the name is that of one of them, and so are the tokens",
  about:
    "SIGSTOP to such a node, another process started under its name, then SIGCONT: both run for " +
    `${BOTH_MS / 1_000} s`,
  bound: { of: "resume", ms: 2_000 },
  round: whileItLasts<Twins>({
    async aim({ scene }, number) {
      return { victim: await pickVictim(scene.exchange, number), twin: undefined };
    },
    symbols: ({ victim }) => victim.symbols,
    strike(twins, { scene }) {
      const { process } = twins.victim;
      process.freeze();
      twins.twin = scene.exchange.add(twinOf(process, scene));
      twins.twin.catch(() => undefined); // Whoever waits for it hears of it.
    },
    async bitten({ victim, twin }, { scene }) {
      const second = await twin!;
      victim.process.resume();
      await sleep(BOTH_MS);
      const first = victim.process;
      const failures = await untilHigherTokens(scene.exchange, victim);
      for (const each of [first, second]) {
        if (!(await healthOf(each))) failures.push(`${each.name} (${each.pid}) does not run`);
      }
      return failures;
    },
    async heal({ victim, twin }, { scene }) {
      victim.process.resume();
      if (twin) await scene.exchange.remove(await twin);
    },
    async healed({ victim }, { scene }) {
      const { name } = victim.process;
      const isBack = async () => (await scene.nodesInEtcd()).has(name);
      const unhealed = (await isSoWithin(REJOIN_LIMIT_MS, isBack)) ? [] : [`${name} is not back`];
      return { unhealed };
    },
    name: ({ victim }) => ledNames(victim),
  }),
};

function twinOf({ name, plan }: ExchangeProcess, { exchange }: Scene): ProcessPlan {
  const twin = `${name}-twin`;
  return { ...plan, name: twin, logFile: join(exchange.dataDir, "logs", `${twin}.log`) };
}
