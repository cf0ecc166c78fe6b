/** What a host tells whoever measures it. The node's metrics implement it; a simulator may count with it. */
import type { Actor } from "../../actors/kernel/actor.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import type { HostState } from "./host-machine.js";

export interface CommittedBatch {
  readonly commands: number;
  /** From the batch's sealing to Postgres's answer. */
  readonly commitMs: number;
  /** Messages delivered and not yet applied. */
  readonly inboxLag: number;
  readonly outboxFrames: number;
  readonly outboxAgeMs: number;
}

export interface HostObserver {
  /** One frame was applied to an actor. */
  applied(kind: ActorKind, commands: number, elapsedMs: number): void;
  committed(actorName: string, actor: Actor, batch: CommittedBatch): void;
  malformedFrame(actorName: string): void;
  /** Somebody has said on the bus what nobody who leads would say, or bytes that are nothing. */
  refused(what: "announcement" | "mark" | "request"): void;
  fenced(actorName: string): void;
  /** The actor's inbox is the stream of another anchor. */
  anchored(actorName: string, anchor: number, reason: string): void;
  /** A standby's state is not what the leader's was after the same batch: it begins anew. */
  diverged(actorName: string): void;
  /** The host has another state; `reason` says why. */
  became(actorName: string, state: HostState, reason: string): void;
}
