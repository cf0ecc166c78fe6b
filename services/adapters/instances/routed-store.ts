/** The store of an exchange with several PostgreSQL instances: each call goes to the one that has the actor's rows. */
import { shardOfOrder } from "../../../actors/kernel/ids.js";
import type {
  ActorRecord,
  ActorSummary,
  Batch,
  Correspondence,
  Handed,
  HandedQuestion,
  Holder,
  Loaded,
  LoggedBatch,
  Row,
  Store,
} from "../../ports/store.js";
import { PostgresStore } from "../postgres/store.js";
import { Assignment } from "./assignment.js";
import { HOME } from "./instances.js";
import { Listing } from "./listing.js";

export class RoutedStore implements Store {
  private readonly stores: readonly PostgresStore[];
  private readonly assignment: Assignment;
  private readonly listing: Listing<ActorSummary>;

  private constructor(stores: readonly PostgresStore[], assignment: Assignment) {
    this.stores = stores;
    this.assignment = assignment;
    this.listing = new Listing(stores.length, ({ id }) => id);
  }

  /** `incarnation` as of `PostgresStore`. */
  static async open(urls: readonly string[], incarnation: string): Promise<RoutedStore> {
    const assignment = await Assignment.open(urls, incarnation);
    return new RoutedStore(
      urls.map((url) => new PostgresStore(url, incarnation)),
      assignment,
    );
  }

  async warmUp(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.warmUp()));
  }

  async close(): Promise<void> {
    await Promise.all([this.assignment, ...this.stores].map((each) => each.close()));
  }

  /** Those of an instance that does not answer are given as they were when it did. */
  async actors(aboveActor: number): Promise<ActorSummary[]> {
    const lists = await this.listing.read((instance) => this.stores[instance]!.actors(aboveActor));
    const isHomeLost = this.listing.isLost(HOME);
    const assigned = await this.assignment.assigned(lists, ({ id }) => id, isHomeLost);
    return assigned.filter(({ id }) => id > aboveActor).sort((a, b) => a.id - b.id);
  }

  instanceOf(actor: number): number {
    return this.assignment.find(actor) ?? HOME;
  }

  isLost(actor: number): boolean {
    const instance = this.assignment.find(actor);
    return instance !== undefined && this.listing.isLost(instance);
  }

  async record(actor: number): Promise<ActorRecord | null> {
    return (await this.storeOf(actor)).record(actor);
  }

  async raise(
    actor: number,
    fromToken: number,
    holder: Holder,
    leaseRevision: number,
  ): Promise<ActorRecord | null> {
    return (await this.storeOf(actor)).raise(actor, fromToken, holder, leaseRevision);
  }

  async handed(question: HandedQuestion): Promise<Handed | null> {
    return (await this.storeOf(question.actor)).handed(question);
  }

  async commit(batch: Batch): Promise<{ readonly time: number }> {
    return (await this.storeOf(batch.actor.id)).commit(batch);
  }

  async correspondence(actor: number): Promise<Correspondence> {
    return (await this.storeOf(actor)).correspondence(actor);
  }

  async load(
    actor: number,
    begin: (loaded: Loaded) => void,
    page: (table: string, rows: readonly Row[]) => void,
  ): Promise<Loaded | null> {
    return (await this.storeOf(actor)).load(actor, begin, page);
  }

  async batches(actor: number, afterBatch: number, batchesMax: number): Promise<LoggedBatch[]> {
    return (await this.storeOf(actor)).batches(actor, afterBatch, batchesMax);
  }

  /** Whoever asks is a ledger shard, and they are its own. */
  async orders(orderIds: readonly number[]): Promise<Row[]> {
    const [first] = orderIds;
    if (first === undefined) return [];
    return (await this.storeOf(shardOfOrder(first))).orders(orderIds);
  }

  /** The home's clock. Each actor's batches have that of its own instance. */
  now(): Promise<number> {
    return this.stores[HOME]!.now();
  }

  private async storeOf(actor: number): Promise<PostgresStore> {
    const known = this.assignment.find(actor);
    return this.stores[known ?? (await this.assignment.of(actor))]!;
  }
}
