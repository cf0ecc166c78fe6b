/**
 * Safeties that can be taken away from real nodes, to see that drills notice. The programs of an exchange know nothing of
 * it: such a node is another program, which is built with the drills, and runs the same node on ports that are mutated.
 */
import { join } from "node:path";
import type { Surroundings } from "../drills/drill.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

export interface Mutation {
  /** What is taken away. */
  readonly about: string;
  /** The drill that has to notice, within so many rounds. */
  readonly drill: string;
  readonly rounds: number;
  /** Where it shows best, when that is not where the drill is usually at home. */
  readonly surroundings: Partial<Surroundings>;
}

export const MUTATIONS = {
  fence: {
    about: "commits are made whoever leads by now, behind whatever batch is the last",
    drill: "freeze-leader",
    rounds: 3,
    // So few that a leader mostly stands still between two batches, with something to tidy up when it wakes: commands that
    // it had applied already the others have applied, too, and unique keys would refuse them with any fence or none.
    surroundings: { ordersPerSecond: 10 },
  },
  outbox: {
    about: "what is sent counts as received at once: it is deleted, and not sent again",
    drill: "kill-nats",
    rounds: 3,
    surroundings: {},
  },
  identity: {
    about: "a stream is always the one that was read so far",
    drill: "rollback-nats",
    rounds: 2,
    surroundings: {},
  },
} as const satisfies Record<string, Mutation>;

export type MutationName = keyof typeof MUTATIONS;

export function isMutation(name: string): name is MutationName {
  return Object.hasOwn(MUTATIONS, name);
}

/** The program that nodes without this safety run. */
export function nodeProgramWithout(name: MutationName): string {
  return join(PROJECT_ROOT, "dist", "chaos", "mutations", `node-without-${name}.js`);
}
