/** The faults of chaos: those of the drills, which here strike while others last, and so choose their node only then. */
import { setTimeout as sleep } from "node:timers/promises";
import { leadingOf } from "../ask-node.js";
import { untilStarted } from "../stage/start-again.js";
import { ledNames } from "../stage/victims.js";
import type { ExchangeProcess } from "../../services/supervisor/child.js";
import type { Scene } from "../scene.js";
import type { MakeFault } from "./chaos.js";
import type { Kind } from "./chaos-plan.js";
import { FROZEN_GATEWAY, KILLED_GATEWAY } from "./clients/gateway.js";
import type { Fault } from "./fault.js";
import { CUTS } from "./nodes/cut-leader.js";
import { frozenFor } from "./nodes/freeze-leader.js";
import { hung } from "./nodes/hang-leader.js";
import type { Silence } from "./nodes/silent-leader.js";
import { rejoined } from "./servers/etcd.js";
import { WIPED_NATS } from "./servers/nats-loss.js";
import { frozen, killed } from "./servers/outage.js";

const CLAIM_LIMIT_MS = 60_000;
const POLL_MS = 50;

/**
 * Until others have claimed all that a node led. With etcd alone cut it leads on, which proves itself another way, with etcd there;
 * and what is over by itself may be so before each of its actors has had something to commit.
 */
const CUTS_THAT_DEPOSE = CUTS.filter(({ leadsOn, isShort }) => !leadsOn && !isShort);

const FAULTS: Readonly<Record<Kind, MakeFault>> = {
  "kill-node": (_, struck) => onNode(killedUntilHealed(), struck),
  "freeze-node": ({ lastsMs }, struck) => onNode(frozenFor(lastsMs), struck),
  "hang-node": (_, struck) => onNode(hung(), struck),
  "cut-node": ({ way }, struck) => onNode(cut(way), struck),
  "kill-nats": ({ lastsMs }) => killed("nats", lastsMs),
  "freeze-nats": ({ lastsMs }) => frozen("nats", lastsMs),
  "wipe-nats": () => WIPED_NATS,
  "kill-etcd": ({ lastsMs }) => rejoined(killed("etcd", lastsMs)),
  "freeze-etcd": ({ lastsMs }) => rejoined(frozen("etcd", lastsMs)),
  "kill-postgres": ({ lastsMs }) => killed("postgres", lastsMs),
  "freeze-postgres": ({ lastsMs }) => frozen("postgres", lastsMs),
  "kill-gateway": () => KILLED_GATEWAY,
  "freeze-gateway": () => FROZEN_GATEWAY,
};

export const makeFault: MakeFault = (planned, struck) => FAULTS[planned.kind](planned, struck);

interface StruckNode {
  /** Undefined: there was none to strike. */
  process: ExchangeProcess | undefined;
  /** Its process when it was struck. */
  pid: number;
  /** What it said that it led when it was struck, with the tokens. */
  tokens: Readonly<Record<string, number>>;
}

/** Silences the node that leads most of those that nothing else has struck, until others have claimed all that it led. */
function onNode(silence: Silence, struck: Set<string>): Fault<StruckNode> {
  return {
    aim: async () => ({ process: undefined, pid: 0, tokens: {} }),
    async strike(target, stage) {
      const busiest = await busiestOf(stage.scene, struck);
      if (!busiest) return;
      const [process, tokens] = busiest;
      Object.assign(target, { process, pid: process.pid, tokens });
      await silence.prepare?.(process, stage);
      await silence.begin(process, stage);
    },
    async bitten({ process, tokens }, stage) {
      if (!process) return ["no node that nothing else had struck led anything"];
      const failures = await untilOthersClaimed(stage.scene, process.name, tokens);
      return [...failures, ...(await silence.broken(process, stage))];
    },
    async heal({ process }, stage) {
      if (process) await silence.end(process, stage);
    },
    name: ({ process, pid, tokens }) =>
      process ? ledNames({ process, pid, tokens: new Map(Object.entries(tokens)) }) : "no node",
  };
}

/**
 * Waits for one that leads something, where others were struck just now; undefined: there is none. It counts as struck
 * at once, as another fault may be choosing meanwhile.
 */
async function busiestOf(
  { exchange }: Scene,
  struck: Set<string>,
): Promise<[ExchangeProcess, Readonly<Record<string, number>>] | undefined> {
  const deadline = performance.now() + CLAIM_LIMIT_MS;
  for (;;) {
    const asked = exchange.nodes.filter(({ name }) => !struck.has(name));
    // One that was struck meanwhile does not answer.
    const led = await Promise.all(asked.map((node) => leadingOf(node).catch(() => ({}))));
    const [busiest] = asked
      .map((node, at) => [node, led[at]!] as [ExchangeProcess, Readonly<Record<string, number>>])
      .filter(([node, tokens]) => !struck.has(node.name) && Object.keys(tokens).length > 0)
      .toSorted(([, a], [, b]) => Object.keys(b).length - Object.keys(a).length);
    if (busiest) {
      struck.add(busiest[0].name);
      return busiest;
    }
    if (performance.now() > deadline) return undefined;
    await sleep(POLL_MS);
  }
}

/** Postgres may be away meanwhile; whoever has claimed an actor may have lost it to another since. */
async function untilOthersClaimed(
  scene: Scene,
  node: string,
  tokens: Readonly<Record<string, number>>,
): Promise<string[]> {
  const deadline = performance.now() + CLAIM_LIMIT_MS;
  const values = [Object.keys(tokens), Object.values(tokens), node];
  for (;;) {
    const left = await scene
      .query<{ name: string }>(UNCLAIMED, values)
      .then((rows) => rows.map(({ name }) => name))
      .catch(() => ["what Postgres would say"]);
    if (left.length === 0) return [];
    if (performance.now() > deadline)
      return [`nobody has taken over from ${node}: ${left.join(", ")}`];
    await sleep(POLL_MS);
  }
}

const UNCLAIMED = `
  SELECT name FROM actors a JOIN unnest($1::text[], $2::bigint[]) AS led (name, token_then) USING (name)
  WHERE NOT EXISTS (SELECT FROM claims c WHERE c.actor = a.actor AND c.token > token_then AND c.node <> $3)`;

function killedUntilHealed(): Silence {
  return {
    lastsMs: 0,
    begin: (process) => process.kill("SIGKILL"),
    async broken(process) {
      const { signal } = await process.exited;
      return signal === "SIGKILL" ? [] : [`${process.name} did not die of SIGKILL`];
    },
    end: untilStarted,
  };
}

function cut(way: number): Silence {
  const { spoil } = CUTS_THAT_DEPOSE[way % CUTS_THAT_DEPOSE.length]!;
  return {
    lastsMs: 0,
    begin: ({ name }, { scene }) => spoil(scene.ground.get("wires").of(name)),
    broken: () => [], // That others lead is the proof: nobody has told them anything.
    end: ({ name }, { scene }) => scene.ground.get("wires").heal(name),
  };
}
