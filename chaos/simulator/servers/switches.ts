/** What can go wrong with the servers of a run: the switches that a plan of faults turns. */
import type { Row } from "../../../services/ports/store.js";

/** What every server has. */
export interface ServerSwitches {
  /** Ends: connections break, what was under way at the server is not done, what it had stored stays. */
  stop(): void;
  start(): void;
  /** Stands still: requests wait, nobody is told. `thaw` does them, however late. */
  freeze(): void;
  thaw(): void;
  /** Each request takes so much longer at the server, on average. */
  slowMeanUs: number;
  readonly isUp: boolean;
}

export interface PostgresSwitches extends ServerSwitches {
  /** False takes a safety away: commits look at no token (R1). */
  fence: boolean;
  /** False takes a safety away: commits look at no previous batch. */
  batchCheck: boolean;
  /** Chances, for each commit. */
  readonly commitFaults: CommitFaults;
  /** The server's clock goes ahead, or back. */
  jumpClock(byUs: number): void;
  /** Voids every claim, as an operator does who has restored a backup. */
  reincarnate(): void;
  /** All rows of a table now; for checkers, and not to be changed. */
  rows(table: string): Row[];
}

export interface CommitFaults {
  /** It happens, and its answer is lost with the connection. */
  answerLost: number;
  /** Its connection breaks before it arrives. */
  requestLost: number;
  /** It arrives, however long after its client has given up. */
  late: number;
  lateMeanUs: number;
  /** It arrives a second time, later. */
  repeated: number;
  repeatedMeanUs: number;
}

/** What NATS had stored at some moment, opaque. */
export interface NatsSnapshot {
  readonly atUs: number;
}

export interface NatsSwitches extends ServerSwitches {
  /** Chances, for each delivery of a plain message to one listener. */
  readonly messageFaults: MessageFaults;
  snapshot(): NatsSnapshot;
  /** Everything is as it was then, under a running server that has restarted. */
  rollBack(to: NatsSnapshot): void;
  /** The disk is lost: no stream is left. */
  wipe(): void;
  /** The last messages of each stream are lost with a restart. Gives how many there were. */
  loseTails(messagesMax: number): number;
  /** Deletes a stream behind everybody's back. False: there was none. */
  removeStream(actorName: string, anchor: number): boolean;
  /** The server of this stream is gone, the others answer; or it is back. */
  setReach(actorName: string, anchor: number, isInReach: boolean): void;
  /** Somebody else puts something into a stream. */
  inject(actorName: string, anchor: number, frame: Uint8Array): void;
  /** What there is. */
  streams(): { readonly actorName: string; readonly anchor: number }[];
}

export interface MessageFaults {
  lost: number;
  duplicated: number;
  /** It comes after others that were said later, on other subjects. */
  delayed: number;
  delayedMeanUs: number;
}

/** What etcd had stored at some moment, opaque. */
export interface EtcdSnapshot {
  readonly revision: number;
}

export interface EtcdSwitches extends ServerSwitches {
  /** Without one every call goes unanswered, leases do not run out. */
  hasQuorum: boolean;
  snapshot(): EtcdSnapshot;
  /** Everything is as it was then, revision and leases too, and counts on from there. */
  restore(to: EtcdSnapshot): void;
  wipe(): void;
  /** Takes every lease away, and what is under them. */
  forgetLeases(): void;
}
