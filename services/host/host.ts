/**
 * The part of a node that runs one actor, and its life (see `host-machine.ts`). It is told to follow, to claim, to hand
 * over and to drain; the rest it does by itself: recover, lead, and, when a commit's outcome or a way to a server was
 * lost, raise the token from its own and read again what is true (R12: without etcd).
 */
import type { Logger } from "pino";
import type { Leadership } from "../ports/lease-store.js";
import { type ActorRecord, FencedError } from "../ports/store.js";
import { sleep } from "../ports/clock.js";
import { releaseSubject } from "../ports/subjects.js";
import type { HostDependencies } from "./dependencies.js";
import { isBug } from "./bugs.js";
import { takeHanded } from "./handover.js";
import {
  firstSnapshot,
  type HostEvent,
  type HostSnapshot,
  type HostState,
  nextSnapshot,
} from "./host-machine.js";
import { Leader } from "./leader.js";
import type { LeaderEnd } from "./leader-end.js";
import * as limits from "./limits.js";
import { type Claimed, claim, raise, recover } from "./recovery.js";
import type { Backlog } from "./observer.js";
import { RaisePace } from "./raise-pace.js";
import { CLAIM_REASONS } from "./reasons.js";
import { encodeRelease, Releases } from "./release.js";
import { Standby, type StandbyProgress } from "./standby.js";

export class Host {
  readonly actor: number;
  readonly name: string;
  private readonly deps: HostDependencies;
  private readonly logger: Logger;
  private readonly onChange: () => void;
  private snapshot: HostSnapshot = firstSnapshot();
  private leader: Leader | null = null;
  private standby: Standby | null = null;
  private record: ActorRecord | null = null;
  /** Of the last raise, until the actor is recovered. */
  private claimed: Claimed | null = null;
  private running: Promise<void> = Promise.resolve();
  /** The revision of the last key by which something was handed over to this host. */
  private offeredRevision = 0;
  private handing: Promise<void> | null = null;
  /** What it has heard of its predecessors. */
  readonly releases: Releases;
  private becameAtMs = 0;
  private closed = false;
  /** The last committed batch when something failed that is tried once more. */
  private failedAfterBatch = -1;
  /** Why this host, which has led or was about to, has to raise its token once more. */
  private lostBecause = "";
  private pace: RaisePace | null = null;
  /** What the last claim has taken. */
  private claimMs = 0;

  /** `onChange` is called after each change of the host's state. */
  constructor(deps: HostDependencies, actor: number, name: string, onChange: () => void) {
    this.deps = deps;
    this.actor = actor;
    this.name = name;
    this.onChange = onChange;
    this.releases = new Releases(deps.clock);
    this.logger = deps.logger.child({ actor: name });
  }

  get state(): HostState {
    return this.snapshot.value;
  }

  /** Does it neither lead nor try to? */
  get isFree(): boolean {
    return this.state === "idle" || this.state === "released" || this.state === "fenced";
  }

  /** Is it on its way to lead? */
  get isRising(): boolean {
    return this.state === "claiming" || this.state === "recovering";
  }

  /** For how long the host has been in its state, in milliseconds. */
  get stateAgeMs(): number {
    return this.deps.clock.now() - this.becameAtMs;
  }

  /** The token this host leads under, or 0. */
  get token(): number {
    return this.state === "leading" ? (this.record?.token ?? 0) : 0;
  }

  /** Is a handover news to this host? A key may be older than what has happened since: etcd was restored. */
  isNewOffer(handedAt: number, revision: number): boolean {
    return handedAt > (this.record?.token ?? 0) && revision !== this.offeredRevision;
  }

  get isHanging(): boolean {
    return this.leader?.isHanging ?? false;
  }

  /** Does a commit hang, or has it tried to lead so often that another node may do better? */
  get isStuck(): boolean {
    return this.isHanging || (this.pace?.isInVain ?? false);
  }

  /** Is it giving the actor away? The key may be another's already while it leads. */
  get isHanding(): boolean {
    return this.handing !== null;
  }

  /** Why an operator must look at it; null: nobody must. */
  get stoppedBecause(): string | null {
    return this.state === "stopped" ? this.lostBecause : null;
  }

  /** What waits at it while it leads; null: it does not. */
  get backlog(): Backlog | null {
    return this.leader?.backlog ?? null;
  }

  /** How far it follows the actor as its standby; null: it does not. */
  get following(): StandbyProgress | null {
    return this.standby?.progress ?? null;
  }

  /** Does it follow the actor, with everything applied that it has heard of? */
  get isWarm(): boolean {
    return this.standby?.isWarm ?? false;
  }

  /** Follows the actor as its standby, or no longer. */
  follow(shouldFollow: boolean): void {
    if (shouldFollow && !this.standby && this.isFree) {
      this.standby = new Standby(this.deps, this.actor, this.name);
    } else if (!shouldFollow && this.standby && !this.isRising) {
      this.standby.stop();
      this.standby = null;
    }
  }

  /** Tries to become the leader. `seen` is the key of a leader that is taken for dead. */
  claim(reason: string, seen?: Leadership): void {
    if (this.closed || !this.become({ type: "CLAIM" }, reason)) return;
    const led = this.record?.token ?? 0;
    this.rise(() => claim(this.deps, this.actor, this.name, seen, led, reason));
  }

  /** Takes what was handed over: the key is this node's already, and the token is known. */
  takeOver({ handedAt, revision }: Leadership & { readonly handedAt: number }): void {
    this.offeredRevision = revision;
    if (this.closed || !this.become({ type: "CLAIM" }, CLAIM_REASONS.handedOver)) return;
    const offer = { actor: this.actor, handedAt, revision };
    const heardBatch = () => this.standby?.heardBatch ?? null;
    this.rise(() => takeHanded(this.deps, offer, this.releases, heardBatch));
  }

  /**
   * Writes the key over to another node, in its present life, then stops reading, commits what was applied, with the token
   * raised for the successor, and says so meanwhile. The key goes first, as etcd takes most of the time, and nothing stands still
   * meanwhile. Leads on if the key was not taken.
   */
  async handOver(to: string, incarnation: string): Promise<void> {
    if (this.token === 0 || this.handing) return;
    this.handing = this.hand(to, incarnation, this.token);
    try {
      await this.handing;
    } finally {
      this.handing = null;
    }
  }

  /** Gives the actor up: commits what was applied, then lets the key go. */
  async drain(reason: string): Promise<void> {
    await this.handing;
    const wasLeading = this.state === "leading";
    if (this.become({ type: "DRAIN" }, reason)) {
      if (wasLeading) await this.leader?.drain();
      this.leader = null;
      await this.running;
      await this.letGo();
      if (wasLeading) this.become({ type: "DRAINED" }, reason);
    }
    this.follow(false);
  }

  /** Drains, and does nothing more. */
  async close(reason: string): Promise<void> {
    this.closed = true;
    await this.drain(reason);
    await this.running;
  }

  private async hand(to: string, incarnation: string, token: number): Promise<void> {
    const { leases, bus } = this.deps;
    // Where the answer was lost the successor may have the key all the same: it raises the token after a while.
    const leaseRevision = await leases
      .handOver(this.name, to, token)
      .catch((error: unknown) => this.logger.warn({ to, error: String(error) }, "not handed over"));
    if (!leaseRevision || !this.become({ type: "DRAIN" }, `for ${to}`)) return;
    const successor = { node: to, incarnation, reason: CLAIM_REASONS.handedOver, leaseRevision };
    const word = encodeRelease({ actor: this.actor, token });
    const committing = (): void => bus.publish(releaseSubject(this.name), word);
    const isHanded = await this.leader?.handOver(successor, committing);
    if (!isHanded) {
      // The last commit was fenced, or its outcome is not known, which the successor finds out. A leader that was closed for another
      // reason has told nobody.
      if (this.state === "draining")
        this.become({ type: "LOST" }, `for ${to}, who looks by itself`);
      return;
    }
    this.leader = null;
    this.become({ type: "DRAINED" }, `for ${to}`);
  }

  /** Not before what came last has let its key go: it would let go of the new one. */
  private rise(won: () => Promise<Claimed | null>): void {
    this.running = this.running.then(() => this.claimAndLead(won));
  }

  private async claimAndLead(won: () => Promise<Claimed | null>): Promise<void> {
    let claimed: Claimed | null;
    try {
      claimed = await this.claiming(won);
    } catch (error) {
      this.logger.warn({ error: String(error) }, "claiming failed");
      await this.letGo();
      await sleep(this.deps.clock, limits.RETRY_RECOVERY_AFTER_MS);
      this.become({ type: "LOST" }, String(error));
      return;
    }
    if (!claimed) {
      await this.letGo();
      this.become({ type: "BEATEN" }, "another node holds the key or the token");
      return;
    }
    this.hold(claimed);
    if (this.become({ type: "RAISED" }, `token ${claimed.record.token}`)) await this.lead([], true);
    else claimed.early?.stop();
  }

  /**
   * From a raised token to leading. Where that fails, or the outcome of a commit is unknown, the token is raised again:
   * only then is it sure that nothing of the old one is still to come. Until it leads, or is no longer to.
   */
  private async lead(forgottenOrders: readonly number[], isRaised: boolean): Promise<void> {
    const pace = (this.pace = new RaisePace(this.deps));
    let mustRaise = !isRaised;
    while (this.state === "recovering") {
      try {
        if (mustRaise && !(await this.raiseAgain(pace))) break;
        mustRaise = true;
        await this.recoverAndLead(forgottenOrders);
        break;
      } catch (error) {
        if (await this.isOver(error)) break;
      }
      await pace.rest();
    }
    if (this.pace === pace) this.pace = null;
  }

  /** Takes the time that a claim takes. */
  private async claiming(won: () => Promise<Claimed | null>): Promise<Claimed | null> {
    const startedAtMs = this.deps.clock.now();
    const claimed = await won();
    this.claimMs = this.deps.clock.now() - startedAtMs;
    return claimed;
  }

  private hold(claimed: Claimed): void {
    this.claimed = claimed;
    this.record = claimed.record;
  }

  private async raiseAgain(pace: RaisePace): Promise<boolean> {
    const { deps, actor, record, lostBecause } = this;
    await pace.untilLogAnswers(() => this.state === "recovering");
    if (!record || this.state !== "recovering") return false;
    const raised = await this.claiming(() => raise(deps, actor, record.token, 0, lostBecause));
    if (raised) {
      pace.raised();
      this.hold(raised);
      return true;
    }
    this.become({ type: "FENCED" }, "somebody else has raised the token");
    await this.letGo();
    return false;
  }

  /** Rebuilds the actor and leads. The state is `recovering` when it begins. */
  private async recoverAndLead(forgottenOrders: readonly number[]): Promise<void> {
    const { claimed, standby } = this;
    if (!claimed) return;
    this.claimed = null;
    this.standby = null;
    const { clock, directory, observer } = this.deps;
    const startedAtMs = clock.now();
    let leader: Leader | null = null;
    try {
      const recovered = await recover(this.deps, claimed, forgottenOrders, standby);
      if (this.state !== "recovering") return;
      const own = new Leader(this.deps, recovered, (end) => {
        if (this.leader === own) this.ended(end);
      });
      leader = own;
      this.leader = own;
      const silentSinceMs = clock.now() - directory.silenceMs(this.actor);
      const elapsedMs = Math.round(clock.now() - startedAtMs);
      const { record, isWarm } = recovered;
      this.become(
        { type: "RECOVERED" },
        `batch ${record.batch}, ${isWarm ? "warm" : "cold"}, ${elapsedMs} ms`,
      );
      await own.start();
      if (this.leader !== own) return;
      const nowMs = clock.now();
      const [recoveryMs, gapMs] = [nowMs - startedAtMs, nowMs - silentSinceMs];
      observer.took(this.name, { claimMs: this.claimMs, recoveryMs, isWarm, gapMs });
    } catch (error) {
      // It has ended, as `ended` was told, and another may lead by now.
      if (leader && this.leader !== leader) return;
      leader?.close();
      this.leader = null;
      throw error;
    } finally {
      standby?.stop();
      if (!leader) claimed.early?.stop();
    }
  }

  /** Is there no use in trying again? */
  private async isOver(error: unknown): Promise<boolean> {
    const reason = String(error);
    this.logger.error({ error: reason }, "recovering or leading failed");
    this.lostBecause = reason;
    if (isBug(error)) {
      await this.stop(reason);
      return true;
    }
    if (error instanceof FencedError) {
      this.become({ type: "FENCED" }, reason);
      await this.letGo();
      return true;
    }
    // It led and could not read its inbox.
    if (this.state === "leading") this.become({ type: "LOST" }, reason);
    return this.state !== "recovering";
  }

  /**
   * A failure is tried once more, from what is committed: a leader that has been deposed, and does not know it yet, reads
   * answers to what it has never said.
   */
  private ended(end: LeaderEnd): void {
    this.leader = null;
    this.lostBecause = end.reason;
    if (end.kind === "fenced") {
      this.deps.observer.fenced(this.name);
      this.become({ type: "FENCED" }, end.reason);
      this.running = this.letGo().then(() => undefined);
    } else if (end.kind === "failed" && end.batch === this.failedAfterBatch) {
      this.running = this.stop(end.reason);
    } else if (this.become({ type: "LOST" }, end.reason)) {
      if (end.kind === "failed") this.failedAfterBatch = end.batch;
      this.running = this.lead(end.kind === "conflict" ? end.orderIds : [], false);
    }
  }

  /** An operator must look. The key is given up, however long etcd is away: another node may do better. */
  private async stop(reason: string): Promise<void> {
    this.logger.error({ reason }, "the actor has stopped; see the runbook");
    this.become({ type: "FAILED" }, reason);
    while (!(await this.letGo()) && !this.closed) {
      await sleep(this.deps.clock, limits.LET_GO_AGAIN_AFTER_MS);
    }
  }

  private async letGo(): Promise<boolean> {
    try {
      await this.deps.leases.release(this.name);
      return true;
    } catch (error) {
      this.logger.warn({ error: String(error) }, "the key could not be given up; it runs out");
      return false;
    }
  }

  private become(event: HostEvent, reason: string): boolean {
    const { snapshot, changed } = nextSnapshot(this.snapshot, event);
    if (!changed) return false;
    const before = this.state;
    this.snapshot = snapshot;
    this.becameAtMs = this.deps.clock.now();
    this.logger.info({ from: before, to: this.state, token: this.record?.token, reason }, "host");
    this.deps.observer.became(this.name, this.state, reason);
    this.onChange();
    return true;
  }
}
