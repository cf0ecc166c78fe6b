/** Two processes with one name: the second came while the first stood still, and then the first wakes up. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExchangeProcess, ProcessPlan } from "../../../services/supervisor/child.js";
import { marketName } from "../../../actors/kernel/ids.js";
import { moveKey } from "../../../actors/placement/wishes.js";
import { countLed, healthOf, leadingOf } from "../../ask-node.js";
import type { Scene } from "../../scene.js";
import { isSoWithin } from "../../stage/patience.js";
import { ledNames, pickVictim, untilHigherTokens, type Victim } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

/** How long both run when the second one leads something. */
const BOTH_MS = 3_000;
const LET_GO_LIMIT_MS = 10_000;
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
    "SIGSTOP to such a node, another process started under its name, then SIGCONT; a market is wished to that name, and " +
    `both run on for ${BOTH_MS / 1_000} s`,
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
      const first = victim.process;
      first.resume();
      const failures = await untilHigherTokens(scene.exchange, victim);
      failures.push(...(await leadsAlone(second, first, victim, scene)));
      await sleep(BOTH_MS);
      for (const each of [first, second]) {
        if (!(await healthOf(each))) failures.push(`${each.name} (${each.pid}) does not run`);
      }
      return failures;
    },
    async heal({ victim, twin }, { scene }) {
      victim.process.resume();
      await scene.wish(moveKey(marketOf(victim)), null);
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

/** Whatever is wished to the name goes to the process whose it is now, and the woken one leads nothing. */
async function leadsAlone(
  second: ExchangeProcess,
  first: ExchangeProcess,
  victim: Victim,
  scene: Scene,
): Promise<string[]> {
  const market = marketOf(victim);
  await scene.wish(moveKey(market), first.name);
  const isLed = async () => market in (await leadingOf(second));
  const failures = (await isSoWithin(REJOIN_LIMIT_MS, isLed))
    ? []
    : [`${market} was wished to ${first.name}, and its second process does not lead it`];
  const isIdle = async () => (await countLed(first)) === 0;
  if (!(await isSoWithin(LET_GO_LIMIT_MS, isIdle))) {
    failures.push(`${first.name} (${first.pid}), which stood still, says that it leads on`);
  }
  return failures;
}

const marketOf = ({ symbols }: Victim): string => marketName(symbols[0]!);

function twinOf({ name, plan }: ExchangeProcess, { exchange }: Scene): ProcessPlan {
  const twin = `${name}-twin`;
  return { ...plan, name: twin, logFile: join(exchange.dataDir, "logs", `${twin}.log`) };
}
