/** What happened in a run, counted: by the checks' witness and by the nodes' own words. A fault has bitten when it shows. */
import type { HostState } from "../../../services/host/host-machine.js";
import type { HostObserver, REFUSED_WORDS } from "../../../services/host/observer.js";
import type { Batch } from "../../../services/ports/store.js";
import { Versions } from "../before/versions.js";
import type { Verdict } from "../checks/verdict.js";

export type Count =
  | "raised"
  | "handedOver"
  | "stored"
  | "repeatedCommits"
  /** Commits of a token that had been raised when they came. */
  | "lateCommits"
  /** Commits that were stored without their leader's hearing so, and that never came. */
  | "storedUnheard"
  | "lostUnsent"
  | "published"
  | "refusedAsFull"
  | "anchored"
  | "malformed"
  /** Words that could be read and were not believed. */
  | "disbelieved"
  | "deposedGateways"
  | "warmRecoveries"
  /** Markets of the version before with which today's has gone on. */
  | "marketsUpgraded"
  /** Standbys that could not follow because their leader was of the other version, and hosts that stopped at a newer state. */
  | "olderDiverged"
  | "newerDiverged"
  | "olderStopped";

const LEADERS_WORDS: ReadonlySet<string> = new Set(["announcement", "mark", "request"]);

export class Tally implements HostObserver {
  /** What Postgres has stored, to tell what became of a commit that nobody has heard of. */
  readonly storedBatches = new WeakSet<Batch>();
  readonly versions = new Versions();
  private readonly counts = new Map<Count, number>();
  private readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  add(count: Count): void {
    this.counts.set(count, this.of(count) + 1);
  }

  of(count: Count): number {
    return this.counts.get(count) ?? 0;
  }

  applied(): void {}
  committed(): void {}

  malformedFrame(): void {
    this.add("malformed");
  }

  /** Of what nodes say to each other, only bytes that are nothing are refused. */
  refused(what: (typeof REFUSED_WORDS)[number]): void {
    if (LEADERS_WORDS.has(what)) this.add("disbelieved");
  }

  fenced(): void {}
  took(): void {}

  anchored(): void {
    this.add("anchored");
  }

  diverged(actorName: string): void {
    if (this.versions.isWrittenByOlder(actorName)) this.add("newerDiverged");
    else this.divergedWithin(actorName);
  }

  /** A standby differs from a leader of its own version. */
  divergedWithin(actorName: string): void {
    this.verdict.violate("R6", `a standby of ${actorName} is not what its leader is`);
  }

  became(actorName: string, state: HostState, reason: string): void {
    if (state === "leading" && reason.includes("warm")) this.add("warmRecoveries");
    if (state === "stopped") this.verdict.violate("live", `${actorName} has stopped: ${reason}`);
  }
}
