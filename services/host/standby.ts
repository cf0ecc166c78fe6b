/**
 * A standby follows an actor that another node leads: it rebuilds the actor from a snapshot of its rows, then applies each
 * committed batch (R3: nothing that is not committed), as the leader tells it, or as the batch log has it where a word was
 * lost. After each batch its hash must be the leader's (R6). Promoted, it reads the rest of the batch log, and leads on.
 *
 * It says nothing to anybody and writes nothing; whatever goes wrong here costs a cold recovery and no more (R12).
 */
import type { Actor } from "../../actors/kernel/actor.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { Link } from "../../actors/kernel/links.js";
import type { ActorRecord, Correspondence, LoggedBatch } from "../ports/store.js";
import { batchesSubject } from "../ports/subjects.js";
import { decodeBatchFrame } from "./batch-frame.js";
import { isBug } from "./bugs.js";
import type { HostDependencies } from "./dependencies.js";
import * as limits from "./limits.js";
import { applyLogged } from "./open-batch.js";
import { rebuild } from "./recovery.js";

export interface StandbyProgress {
  /** The last batch that is applied; 0: the rows are still being read. */
  readonly batch: number;
  /** How many more it has heard of; 0 while the rows are being read. */
  readonly behind: number;
  /** How many it was told of and has not applied. */
  readonly told: number;
  /** Could it lead at once? */
  readonly isWarm: boolean;
}

/** The standby's state is not the leader's. */
class DivergedError extends Error {
  override readonly name = "DivergedError";
}

export class Standby {
  readonly name: string;
  private readonly deps: HostDependencies;
  private readonly id: number;
  private readonly unsubscribe: () => void;
  private actor: Actor | null = null;
  /** The last batch that is applied, and the highest one that was heard of. */
  private batch = 0;
  /** What the state at that batch is stored with: of rows of the version before it is not this one's hash (R13). */
  private hash = 0;
  private incarnation = 0;
  private heard = 0;
  /** Counts whatever it has come on by: pages, all rows, batches. */
  private steps = 0;
  /** What was told and is not applied, in the order of the batches. */
  private told: LoggedBatch[] = [];
  private following: Promise<void> | null = null;
  /** Ends its wait for a turn, and its rest. */
  private wake: () => void = () => undefined;
  /** When it met a bug last, and how long it rests after one. */
  private failedAtMs = -Infinity;
  private restMs = limits.RETRY_FOLLOWING_AFTER_MS;
  private promoting = false;
  private stopped = false;

  constructor(deps: HostDependencies, id: number, name: string) {
    this.deps = deps;
    this.id = id;
    this.name = name;
    this.unsubscribe = deps.bus.subscribe(batchesSubject(name), (data) => this.receive(data));
    this.follow();
  }

  /** Has it everything that it has heard of, if only to be applied? */
  get isWarm(): boolean {
    return this.actor !== null && this.heard - this.batch <= this.told.length;
  }

  /** The last batch that it has without a gap, applied or to be applied; null: it still reads rows. */
  get heardBatch(): number | null {
    if (!this.actor) return null;
    return (this.isWarm ? this.told.at(-1)?.batch : null) ?? this.batch;
  }

  get progress(): StandbyProgress {
    const { batch, heard, isWarm } = this;
    const told = this.told.length;
    if (!this.actor) return { batch: 0, behind: 0, told, isWarm };
    return { batch, behind: Math.max(0, heard - batch), told, isWarm };
  }

  stop(): void {
    this.stopped = true;
    this.wake();
    this.unsubscribe();
    this.actor = null;
  }

  /**
   * The actor as of a record whose token is this node's, so that nothing follows its batch; the standby is over.
   * `standing` is of that batch, and `batches` follow `heardBatch` in the log. Null: only the rows can tell.
   */
  async promote(
    record: ActorRecord,
    standing: Promise<Correspondence>,
    batches: readonly LoggedBatch[],
  ): Promise<Actor | null> {
    this.promoting = true;
    this.wake();
    this.unsubscribe();
    if (this.actor && !this.isWarm) this.forgetTold();
    for (const logged of batches) this.hear(logged);
    this.heard = Math.max(this.heard, record.batch);
    try {
      const rest = this.whileItComes(this.readUpTo(record.batch));
      const [{ links }] = await Promise.all([standing, rest]);
      const { actor } = this;
      this.stop();
      if (actor) this.compare(actor, record, links);
      actor?.setSilent(false);
      return actor;
    } catch (error) {
      this.stop();
      this.report(error, "the standby is no use");
      return null;
    }
  }

  private async readUpTo(batch: number): Promise<void> {
    while (this.following) await this.following;
    if (this.actor && this.batch < batch) await this.readTail();
  }

  /** Throws when nothing of it has come for a while: the connection may be dead, and the rows are sooner read by another. */
  private async whileItComes(rest: Promise<void>): Promise<void> {
    const { clock } = this.deps;
    let cancel: () => void = () => undefined;
    const stuck = new Promise<never>((_, reject) => {
      const look = (seen: number): void => {
        cancel = clock.after(limits.PROMOTION_STUCK_AFTER_MS, () => {
          if (this.steps > seen) return look(this.steps);
          reject(new Error(`nothing was read for ${limits.PROMOTION_STUCK_AFTER_MS} ms`));
        });
      };
      look(this.steps);
    });
    await Promise.race([rest, stuck]).finally(() => cancel());
  }

  /** Throws unless it is what the rows would give. The hash does not tell of the links, and the bus may have lied about them. */
  private compare(actor: Actor, record: ActorRecord, links: readonly Link[]): void {
    const { batch, hash, incarnation } = record;
    if (incarnation !== this.incarnation) throw new Error("what it has followed is void");
    // Somebody else has raised the token since, and leads.
    if (this.batch > batch) throw new Error(`batch ${batch} is no longer the last one`);
    if (this.batch < batch) {
      throw new DivergedError(`it has come to batch ${this.batch}, and the rows are of ${batch}`);
    }
    if (!areSame(actor.links.all(), links)) {
      throw new DivergedError(`at batch ${batch} it stands otherwise with its peers`);
    }
    if (this.hash !== hash) {
      throw new DivergedError(`at batch ${batch} the state is not the leader's`);
    }
  }

  private receive(data: Uint8Array): void {
    let logged: LoggedBatch;
    try {
      logged = decodeBatchFrame(data);
    } catch (error) {
      if (error instanceof MalformedError) return this.deps.observer.refused("batch");
      throw error;
    }
    if (logged.actor === this.id) this.hear(logged);
  }

  /** What was heard of behind a gap comes from the log. */
  private forgetTold(): void {
    this.told = [];
    this.heard = this.batch;
  }

  private hear(logged: LoggedBatch): void {
    if (logged.batch <= this.heard) return;
    this.heard = logged.batch;
    if (this.told.length >= limits.TOLD_BATCHES_MAX) this.told = [];
    this.told.push(logged);
    this.follow();
  }

  /** Rebuilds the actor if there is none, and applies what was heard of: as it was told, or from the batch log. */
  private follow(): void {
    this.following ??= this.catchUp().finally(() => {
      this.following = null;
      if (!this.stopped && !this.promoting && this.batch < this.heard) this.follow();
    });
  }

  private async catchUp(): Promise<void> {
    if (this.mustWait) await this.nextTurn();
    while (!this.stopped && (!this.actor || this.batch < this.heard)) {
      try {
        if (!this.actor) await this.build();
        if (this.told[0]?.batch !== this.batch + 1) await this.readRest();
        await this.applyTold();
      } catch (error) {
        this.forget(error);
        if (!this.promoting) await this.rest();
        if (this.promoting) return;
      }
    }
  }

  private async build(): Promise<void> {
    const { store, restoreActor } = this.deps;
    const { record, actor } = await rebuild(store, this.id, restoreActor, () => (this.steps += 1));
    if (this.stopped) return;
    // What is done with the last page may take long by itself.
    this.steps += 1;
    actor.setSilent(true);
    this.actor = actor;
    this.batch = record.batch;
    this.hash = record.hash;
    this.incarnation = record.incarnation;
  }

  /** What was heard of before the log was read, and is not in it, no leader of ours has said. */
  private async readRest(): Promise<void> {
    const { heard } = this;
    await this.readTail();
    if (this.heard === heard) this.heard = this.batch;
  }

  private async readTail(): Promise<void> {
    for (;;) {
      const batches = await this.deps.store.batches(this.id, this.batch, limits.BATCHES_PER_READ);
      for (const logged of batches) {
        if (!this.actor) return;
        this.apply(logged);
        if (this.mustWait) await this.nextTurn();
      }
      if (batches.length < limits.BATCHES_PER_READ) return;
    }
  }

  /** Goes on with what was told, as far as it follows what is applied. */
  private async applyTold(): Promise<void> {
    for (;;) {
      const logged = this.told.shift();
      if (!logged || !this.actor) break;
      if (logged.batch === this.batch + 1) this.apply(logged);
      else if (logged.batch > this.batch) break;
      if (this.mustWait) await this.nextTurn();
    }
    this.told = [];
  }

  /** Others have the event loop after a while, unless somebody waits for this one to lead. */
  private get mustWait(): boolean {
    return !this.promoting && this.deps.followingTurns.isOver;
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.deps.clock.after(this.restMs, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.deps.followingTurns.queue(resolve);
    });
  }

  private apply(logged: LoggedBatch): void {
    const { actor } = this;
    if (!actor || logged.batch !== this.batch + 1) {
      throw new DivergedError(`batch ${logged.batch} does not follow ${this.batch}`);
    }
    applyLogged(actor, logged);
    actor.dropEffects();
    actor.links.forgetTouched();
    this.batch = logged.batch;
    while (this.told[0] && this.told[0].batch <= this.batch) this.told.shift();
    this.steps += 1;
    this.hash = actor.stateHash();
    if (this.hash !== logged.hash) {
      throw new DivergedError(`after batch ${logged.batch} the state is not the leader's`);
    }
  }

  private forget(error: unknown): void {
    this.actor = null;
    this.told = [];
    this.restMs = this.restAfter(error);
    if (!this.stopped) this.report(error, "the standby begins anew");
  }

  private restAfter(error: unknown): number {
    if (!isBug(error)) return limits.RETRY_FOLLOWING_AFTER_MS;
    const nowMs = this.deps.clock.now();
    const hasFollowed = nowMs - this.failedAtMs >= limits.FOLLOWS_WELL_AFTER_MS;
    this.failedAtMs = nowMs;
    if (hasFollowed) return limits.RETRY_FOLLOWING_AFTER_MS;
    return Math.min(2 * this.restMs, limits.RETRY_FOLLOWING_MS_MAX);
  }

  private report(error: unknown, consequence: string): void {
    const isDivergence = error instanceof DivergedError || error instanceof MalformedError;
    if (isDivergence) this.deps.observer.diverged(this.name);
    this.deps.logger.warn({ actor: this.name, error: String(error) }, consequence);
  }
}

/** A peer with which nothing has been exchanged yet has no row. */
function areSame(links: Iterable<Link>, rows: readonly Link[]): boolean {
  const left = new Map(rows.map((row) => [row.peer, row]));
  for (const { peer, token, received, sent } of links) {
    const row = left.get(peer) ?? { token: 0, received: 0, sent: 0 };
    if (row.token !== token || row.received !== received || row.sent !== sent) return false;
    left.delete(peer);
  }
  return left.size === 0;
}
