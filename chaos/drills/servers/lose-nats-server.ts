/** One of three clustered NATS servers ends for good: the inboxes that it kept are given up, and made anew elsewhere. */
import { type Inbox, inboxesOf, untilAnchoredAnew } from "../../stage/inboxes.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

interface Keeper {
  readonly name: string;
  /** The inboxes that it kept. */
  readonly inboxes: readonly Inbox[];
}

export const LOSE_NATS_SERVER: Drill = {
  name: "lose-nats-server",
  hypothesis: "an inbox whose server is gone for good is made anew on another (R5)",
  about: "SIGKILL to that one of three clustered NATS servers which keeps most inboxes",
  // NATS takes four seconds by itself before it makes a stream without the server that is gone.
  bound: { of: "allResumed", ms: 15_000 },
  surroundings: { natsServers: 3 },
  round: whileItLasts<Keeper>({
    async aim({ scene }) {
      await settledLeaders(scene.exchange);
      const kept = new Map<string, Inbox[]>();
      for (const inbox of await inboxesOf(scene)) {
        const keeper = await scene.ground.get("natsCluster").keeperOf(inbox.name, inbox.anchor);
        kept.set(keeper, [...(kept.get(keeper) ?? []), inbox]);
      }
      const [[name, inboxes]] = [...kept].sort(([, a], [, b]) => b.length - a.length) as [
        [string, Inbox[]],
      ];
      return { name, inboxes };
    },
    strike: ({ name }, { scene }) => scene.ground.get("natsCluster").servers.get(name)!.kill(),
    bitten: ({ inboxes }, { scene }) => untilAnchoredAnew(scene, inboxes),
    heal: ({ name }, { scene }) => scene.ground.get("natsCluster").servers.get(name)!.restart(),
    name: ({ name, inboxes }) => `${name} kept ${inboxes.map((inbox) => inbox.name).join(", ")}`,
  }),
};
