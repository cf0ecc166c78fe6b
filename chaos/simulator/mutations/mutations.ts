/**
 * Safeties that can be taken away, to see that the checks notice. The production code has no switch for any of it: two are
 * switches of the run's Postgres, the others stand between a node and its ports; those of `chaos/mutations/` also between
 * real processes and real servers.
 */
import type { AccountBalances, Reads } from "../../../services/ports/reads.js";
import type { Store } from "../../../services/ports/store.js";
import { withoutIdentity } from "../../mutations/identity.js";
import { withoutOutbox } from "../../mutations/outbox.js";
import { over } from "../../over.js";
import type { Decorate } from "../cluster/cluster.js";
import type { Servers } from "../cluster/ports.js";
import { withoutMarks } from "./marks.js";
import type { MutationName } from "./names.js";

export interface Mutation {
  /** What is taken away. */
  readonly about: string;
  readonly prepare?: (servers: Servers) => void;
  readonly decorate?: Decorate;
}

const about = {
  fence: "commits and raises look at no token",
  batchCheck: "commits look at no previous batch",
  marks: "what was received of a source is not stored",
  outbox: "what is sent counts as confirmed at once: it is deleted, and not sent again",
  identity: "a stream is always the one that was read so far",
  commit: "a commit is said to be there before it is",
  reads:
    "an account's balances are answered as they were when they were last asked for, every other time",
};

export const MUTATIONS = {
  fence: { about: about.fence, prepare: ({ postgres }) => void (postgres.fence = false) },
  "batch-check": {
    about: about.batchCheck,
    prepare: ({ postgres }) => void (postgres.batchCheck = false),
  },
  marks: {
    about: about.marks,
    decorate: (ports) => ({ ...ports, store: withoutMarks(ports.store) }),
  },
  outbox: { about: about.outbox, decorate: (ports) => ({ ...ports, ...withoutOutbox(ports) }) },
  identity: {
    about: about.identity,
    decorate: (ports) => ({ ...ports, log: withoutIdentity(ports.log) }),
  },
  "commit-before-send": {
    about: about.commit,
    decorate: (ports) => ({ ...ports, store: hasty(ports.store) }),
  },
  "fresh-reads": {
    about: about.reads,
    decorate: (ports) => ({ ...ports, reads: remembering(ports.reads) }),
  },
} as const satisfies Record<MutationName, Mutation>;

/** Resolves as soon as the batch is on its way, with the time that Postgres had at the last answer. */
function hasty(store: Store): Store {
  let time = 0;
  return over<Store>(store, {
    now: async () => {
      time = await store.now();
      return time;
    },
    commit: async (batch) => {
      store.commit(batch).then(
        (committed) => {
          time = committed.time;
        },
        () => undefined,
      );
      return { time: Math.max(time, batch.time) };
    },
  });
}

function remembering(reads: Reads): Reads {
  const kept = new Map<number, AccountBalances | null>();
  return over<Reads>(reads, {
    balances: async (account) => {
      const remembered = kept.get(account);
      kept.delete(account);
      if (remembered) return remembered;
      const read = await reads.balances(account);
      kept.set(account, read);
      return read;
    },
  });
}
