/** What a host tells whoever measures it. The node's metrics implement it; a simulator may count with it. */
import type { Actor } from "../../actors/kernel/actor.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import type { HostState } from "./host-machine.js";

/** What is said on the bus and may be nobody's who leads. */
export const REFUSED_WORDS = [
  "announcement",
  "mark",
  "request",
  "heartbeat",
  "handover",
  "release",
  "batch",
] as const;

export interface CommittedBatch {
  readonly commands: number;
  /** From the batch's sealing to Postgres's answer. */
  readonly commitMs: number;
}

/** What waits at a leader now. */
export interface Backlog {
  /** Messages delivered and not yet applied. */
  readonly inboxFrames: number;
  readonly inboxBytes: number;
  /** Commands of the batch that is being applied. */
  readonly batchCommands: number;
  readonly outboxFrames: number;
  /** Commands for the one receiver for which the most wait. */
  readonly outboxCommands: number;
  /** For how long nothing has moved towards the slowest receiver of the outbox. */
  readonly outboxAgeMs: number;
}

/** How a host came to lead. */
export interface Takeover {
  /** From the decision to claim the actor to its raised token. */
  readonly claimMs: number;
  /** From the raised token to the first message of its inbox that may be read. */
  readonly recoveryMs: number;
  /** Was it a standby that had followed, and not the rows? */
  readonly isWarm: boolean;
  /** For how long nobody has said on the bus that he leads; infinite where nobody ever has. */
  readonly gapMs: number;
}

export interface HostObserver {
  /** One frame was applied to an actor. */
  applied(kind: ActorKind, commands: number, elapsedMs: number): void;
  committed(actorName: string, actor: Actor, batch: CommittedBatch): void;
  malformedFrame(actorName: string): void;
  /** Somebody has said on the bus what nobody who leads would say, or bytes that are nothing. */
  refused(what: (typeof REFUSED_WORDS)[number]): void;
  fenced(actorName: string): void;
  /** The host leads from now on. */
  took(actorName: string, takeover: Takeover): void;
  /** The actor's inbox is the stream of another anchor. */
  anchored(actorName: string, anchor: number, reason: string): void;
  /** A standby's state is not what the leader's was after the same batch: it begins anew. */
  diverged(actorName: string): void;
  /** The host has another state; `reason` says why. */
  became(actorName: string, state: HostState, reason: string): void;
}
