/** A leader whose way to a server is spoiled: cut with nobody told, one way or both, half open, or slow. */
import { isReady } from "../../ask-node.js";
import { isSoWithin } from "../../stage/patience.js";
import { ledNames, pickVictim, type Victim } from "../../stage/victims.js";
import type { TcpProxy } from "../../stage/tcp-proxy.js";
import type { Ways } from "../../stage/wires.js";
import type { Drill, Stage } from "../drill.js";
import { deposesNobody } from "../deposes-nobody.js";
import { type Fault, healedOf, whileItLasts } from "../fault.js";
import { LEASE_MS, type Silenced, silentLeader } from "./silent-leader.js";

const CUT_LEASES = 2.5;
const CUT_MS = CUT_LEASES * LEASE_MS;
/** There and back it is more than a node may take to answer. */
const SLOW_MS = 1_000;
/** So long it may take until a node is out of etcd, or of use again. */
const CHANGE_LIMIT_MS = 30_000;

interface Cut {
  readonly name: string;
  readonly spoil: (ways: Ways) => void;
  /** Without etcd a leader leads on, as long as it is heard; in all other cases somebody takes over. */
  readonly leadsOn?: true;
  /** New connections pass: an actor that has nothing to commit until they are made goes on where it is. */
  readonly isShort?: true;
}

export const CUTS: readonly Cut[] = [
  { name: "Postgres cut", spoil: ({ postgres }) => postgres.freeze() },
  { name: "NATS cut", spoil: ({ nats }) => nats.freeze() },
  { name: "etcd cut", spoil: ({ etcd }) => etcd.freeze(), leadsOn: true },
  {
    name: "all three cut",
    spoil: (ways) => {
      for (const way of Object.values(ways)) way.freeze();
    },
  },
  { name: "Postgres's answers cut", spoil: ({ postgres }) => postgres.freeze("answers") },
  { name: "what it says to NATS cut", spoil: ({ nats }) => nats.freeze("requests") },
  { name: "etcd's answers cut", spoil: ({ etcd }) => etcd.freeze("answers"), leadsOn: true },
  { name: "what it says to Postgres cut", spoil: ({ postgres }) => postgres.freeze("requests") },
  { name: "NATS's answers cut", spoil: ({ nats }) => nats.freeze("answers") },
  { name: "what it says to etcd cut", spoil: ({ etcd }) => etcd.freeze("requests"), leadsOn: true },
  { name: "Postgres half open", spoil: ({ postgres }) => postgres.halfOpen(), isShort: true },
  { name: "NATS half open", spoil: ({ nats }) => halfOpenAndMute(nats) },
  { name: "etcd half open", spoil: ({ etcd }) => halfOpenAndMute(etcd), leadsOn: true },
  { name: `Postgres ${SLOW_MS} ms away`, spoil: ({ postgres }) => postgres.slow(SLOW_MS) },
  { name: `NATS ${SLOW_MS} ms away`, spoil: ({ nats }) => nats.slow(SLOW_MS) },
  { name: `etcd ${SLOW_MS} ms away`, spoil: ({ etcd }) => etcd.slow(SLOW_MS), leadsOn: true },
];

export const CUT_LEADER: Drill = {
  name: "cut-leader",
  hypothesis:
    "a leader that is cut off, wholly or in part, is replaced, and does no harm when it is back",
  about: `such a node's way to a server spoiled for ${CUT_MS / 1_000} s, each round another way: ${CUTS.map(({ name }) => name).join(", ")}`,
  bound: { of: "resume", ms: 2_000 },
  surroundings: { wired: true },
  rounds: CUTS.length,
  async round(stage, number) {
    const cut = CUTS[(number - 1) % CUTS.length]!;
    const strike = cut.leadsOn
      ? whileItLasts(deposesNobody(withoutEtcd(cut)))
      : whileItLasts(cutOff(cut));
    const round = await strike(stage, number);
    return {
      ...round,
      failures: round.failures.map((failure) => `${cut.name}: ${failure}`),
      unhealed: round.unhealed.map((wrong) => `${cut.name}: ${wrong}`),
      summary: `${cut.name}: ${round.summary}`,
    };
  },
};

/** The server's end is gone for good, and nobody says so; and while it lasts, who calls again hears nothing either. */
function halfOpenAndMute(way: TcpProxy): void {
  way.halfOpen();
  way.freeze();
}

function cutOff({ spoil }: Cut): Fault<Silenced> {
  const fault = silentLeader({
    lastsMs: CUT_MS,
    begin: ({ name }, { scene }) => spoil(scene.ground.get("wires").of(name)),
    broken: () => [], // That others lead is the proof: nobody has told them anything.
    end: (_, { scene }) => scene.ground.get("wires").heal(),
  });
  return {
    ...fault,
    async healed(silenced, stage) {
      const { process } = silenced.victim;
      const { unhealed, ...after } = await healedOf(fault, silenced, stage);
      const isWell = await isSoWithin(CHANGE_LIMIT_MS, () => isReady(process));
      const what = `${process.name} does not say that it can work again`;
      return { ...after, unhealed: isWell ? unhealed : [...unhealed, what] };
    },
  };
}

function withoutEtcd({ spoil }: Cut): Fault<Victim> {
  const isInEtcd = async ({ process }: Victim, { scene }: Stage) =>
    (await scene.nodesInEtcd()).has(process.name);
  return {
    lastsMs: CUT_MS,
    aim: ({ scene }, number) => pickVictim(scene.exchange, number),
    symbols: ({ symbols }) => symbols,
    strike: ({ process }, { scene }) => spoil(scene.ground.get("wires").of(process.name)),
    async bitten(victim, stage) {
      // What it says still reaches etcd where only answers are cut, and a busy etcd takes its time to see that a lease is over.
      const isOut = await isSoWithin(CHANGE_LIMIT_MS, async () => !(await isInEtcd(victim, stage)));
      return isOut ? [] : [`${victim.process.name} has kept its lease`];
    },
    heal: async (_, { scene }) => scene.ground.get("wires").heal(),
    async healed(victim, stage) {
      const hasJoined = await isSoWithin(CHANGE_LIMIT_MS, () => isInEtcd(victim, stage));
      return hasJoined ? {} : { unhealed: [`${victim.process.name} has not joined again`] };
    },
    name: ledNames,
  };
}
