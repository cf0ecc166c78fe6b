/**
 * The life of a host: what may follow what. The host says each event with its reason; illegal events do nothing
 * (a fence that is noticed twice is one fence).
 */
import { setup, transition, type SnapshotFrom } from "xstate";

export type HostEvent =
  | { readonly type: "CLAIM" }
  /** The etcd key and the token are ours. */
  | { readonly type: "RAISED" }
  | { readonly type: "RECOVERED" }
  /** Give the actor up in good order. */
  | { readonly type: "DRAIN" }
  | { readonly type: "DRAINED" }
  /** Somebody else won the key or raised the token before us. */
  | { readonly type: "BEATEN" }
  /** A commit met a higher token: this node is deposed. */
  | { readonly type: "FENCED" }
  /** The outcome of a commit, or the way to a server, was lost: read again what is true. */
  | { readonly type: "LOST" }
  /** A bug or a version skew: an operator must look. */
  | { readonly type: "FAILED" };

export const hostMachine = setup({ types: { events: {} as HostEvent } }).createMachine({
  id: "host",
  initial: "idle",
  states: {
    idle: { on: { CLAIM: "claiming" } },
    claiming: {
      on: {
        RAISED: "recovering",
        BEATEN: "idle",
        LOST: "idle",
        FAILED: "stopped",
        DRAIN: "released",
      },
    },
    recovering: {
      on: {
        RECOVERED: "leading",
        FENCED: "fenced",
        FAILED: "stopped",
        DRAIN: "released",
      },
    },
    leading: {
      on: { DRAIN: "draining", FENCED: "fenced", LOST: "recovering", FAILED: "stopped" },
    },
    draining: {
      on: {
        DRAINED: "released",
        FENCED: "fenced",
        LOST: "released",
        FAILED: "stopped",
      },
    },
    /** Deposed. It claims again only after etcd has been read, like anybody. */
    fenced: { on: { CLAIM: "claiming" } },
    released: { on: { CLAIM: "claiming" } },
    stopped: {},
  },
});

export type HostSnapshot = SnapshotFrom<typeof hostMachine>;
export type HostState = HostSnapshot["value"];

export function firstSnapshot(): HostSnapshot {
  return hostMachine.resolveState({ value: "idle" });
}

/** The state after an event, and whether that is another state. */
export function nextSnapshot(
  snapshot: HostSnapshot,
  event: HostEvent,
): { readonly snapshot: HostSnapshot; readonly changed: boolean } {
  const [next] = transition(hostMachine, snapshot, event);
  return { snapshot: next, changed: next.value !== snapshot.value };
}
