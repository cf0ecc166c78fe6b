/**
 * The part of a node that runs one actor, and its life (see `host-machine.ts`). It is told to claim and to drain; the
 * rest it does by itself: recover, lead, and, when a commit's outcome or a way to a server was lost, raise the token
 * from its own and read again what is true (R12: without etcd).
 */
import type { Logger } from "pino";
import type { ActorRecord } from "../ports/store.js";
import { sleep } from "../ports/clock.js";
import type { HostDependencies } from "./dependencies.js";
import {
  firstSnapshot,
  type HostEvent,
  type HostSnapshot,
  type HostState,
  nextSnapshot,
} from "./host-machine.js";
import { Leader, type LeaderEnd } from "./leader.js";
import { RETRY_RECOVERY_AFTER_MS } from "./limits.js";
import { claim, raise, recover } from "./recovery.js";

export class Host {
  readonly actor: number;
  readonly name: string;
  private readonly deps: HostDependencies;
  private readonly logger: Logger;
  private snapshot: HostSnapshot = firstSnapshot();
  private leader: Leader | null = null;
  private record: ActorRecord | null = null;
  private running: Promise<void> = Promise.resolve();
  private becameAtMs = 0;

  constructor(deps: HostDependencies, actor: number, name: string) {
    this.deps = deps;
    this.actor = actor;
    this.name = name;
    this.logger = deps.logger.child({ actor: name });
  }

  get state(): HostState {
    return this.snapshot.value;
  }

  /** For how long the host has been in its state, in milliseconds. */
  get stateAgeMs(): number {
    return this.deps.clock.now() - this.becameAtMs;
  }

  /** The token this host leads under, or 0. */
  get token(): number {
    return this.state === "leading" ? (this.record?.token ?? 0) : 0;
  }

  /** Tries to become the leader. Does nothing unless the host is idle, released or fenced. */
  claim(reason: string): void {
    if (!this.become({ type: "CLAIM" }, reason)) return;
    this.running = this.claimAndRecover();
  }

  /** Gives the actor up: commits what was applied, then lets the key go. */
  async drain(reason: string): Promise<void> {
    const wasLeading = this.state === "leading";
    if (!this.become({ type: "DRAIN" }, reason)) return;
    if (wasLeading) {
      await this.leader?.drain();
      this.leader = null;
      this.become({ type: "DRAINED" }, reason);
    }
    await this.running;
    await this.letGo();
  }

  private async claimAndRecover(): Promise<void> {
    try {
      const record = await claim(this.deps, this.actor, this.name);
      if (!record) {
        await this.letGo();
        this.become({ type: "BEATEN" }, "another node holds the key or the token");
        return;
      }
      this.record = record;
      if (this.become({ type: "RAISED" }, `token ${record.token}`)) await this.recoverAndLead([]);
    } catch (error) {
      this.logger.warn({ error: String(error) }, "claiming failed");
      await this.letGo();
      this.become({ type: "LOST" }, String(error));
    }
  }

  /** Loads the rows and leads. The state is `recovering` when it begins. */
  private async recoverAndLead(forgottenOrders: readonly number[]): Promise<void> {
    const record = this.record;
    if (!record) return;
    const startedAtMs = this.deps.clock.now();
    try {
      const recovered = await recover(this.deps, record, forgottenOrders);
      if (this.state !== "recovering") return;
      const leader = new Leader(this.deps, recovered, (end) => {
        if (this.leader === leader) this.ended(end);
      });
      this.leader = leader;
      const elapsedMs = Math.round(this.deps.clock.now() - startedAtMs);
      this.become({ type: "RECOVERED" }, `batch ${record.batch}, ${elapsedMs} ms`);
      await leader.start();
    } catch (error) {
      this.leader?.close();
      this.leader = null;
      await this.failed(error);
    }
  }

  private async failed(error: unknown): Promise<void> {
    const name = error instanceof Error ? error.name : "";
    const permanent = ["InvariantError", "MalformedError", "StreamIdentityError"].includes(name);
    this.logger.error({ error: String(error) }, "recovering or leading failed");
    await this.letGo();
    const reason = String(error);
    if (permanent) this.become({ type: "FAILED" }, reason);
    else if (this.state === "recovering") this.become({ type: "LOST" }, reason);
    // It leads and cannot read its inbox: perhaps another node can.
    else if (this.become({ type: "DRAIN" }, reason)) this.become({ type: "DRAINED" }, reason);
  }

  private ended(end: LeaderEnd): void {
    this.leader = null;
    if (end.kind === "fenced") {
      this.deps.observer.fenced(this.name);
      this.become({ type: "FENCED" }, end.reason);
      this.running = this.letGo();
    } else if (end.kind === "failed") {
      this.logger.error({ reason: end.reason }, "the actor has stopped; see the runbook");
      this.become({ type: "FAILED" }, end.reason);
      this.running = this.letGo();
    } else if (this.become({ type: "LOST" }, end.reason)) {
      this.running = this.leadAgain(end.kind === "conflict" ? end.orderIds : []);
    }
  }

  /** The outcome of a commit is unknown: only a new token makes sure that nothing of the old is still to come. */
  private async leadAgain(forgottenOrders: readonly number[]): Promise<void> {
    while (this.state === "recovering") {
      try {
        const known = this.record;
        const raised = known && (await raise(this.deps, known, 0));
        if (!raised) {
          this.become({ type: "FENCED" }, "somebody else has raised the token");
          await this.letGo();
          return;
        }
        this.record = raised;
        await this.recoverAndLead(forgottenOrders);
        return;
      } catch (error) {
        this.logger.warn({ error: String(error) }, "raising the token again failed");
        await sleep(this.deps.clock, RETRY_RECOVERY_AFTER_MS);
      }
    }
  }

  private async letGo(): Promise<void> {
    try {
      await this.deps.leases.release(this.name);
    } catch (error) {
      this.logger.warn({ error: String(error) }, "the key could not be given up; it runs out");
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
    return true;
  }
}
