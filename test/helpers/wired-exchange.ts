/**
 * Ledger shards and markets wired by hand, in memory: each has an inbox of frames, an open batch, and what it has
 * committed (tables, links, scalars, outbox). Frames may be lost, doubled and late, and an actor may lose its open
 * batch at any time; what hosts, streams and stores do about it is done here in the plainest way.
 */
import { assert } from "../../actors/kernel/assert.js";
import { decodeFrame, encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { FIRST_MARKET_ID } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { type Link, Links } from "../../actors/kernel/links.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { type ClientCommand, encodeLedgerCommand } from "../../actors/ledger/messages.js";
import { Market } from "../../actors/market/market.js";
import { encodeMarketCommand, type OperatorCommand } from "../../actors/market/messages.js";
import { changePlaces, following } from "./follower.js";
import { expectNothing } from "./nothing.js";
import { Tables } from "./tables.js";

const SLOT = -1;

/** One actor, with its inbox and what of it is committed. */
export class Post {
  actor: LedgerShard | Market;
  /** Applies the same and says nothing; the two change places with each commit, so what one has dropped the other has said. */
  private follower: LedgerShard | Market;
  readonly tables = new Tables();
  token = 1;
  readonly inbox: Uint8Array[] = [];
  /** The frames that the open batch has read. */
  private read: Uint8Array[] = [];
  private isOpen = false;
  links: readonly Link[] = [];
  private state: Uint8Array = new Uint8Array(0);
  /** Everything ever sent to each destination; the command at index n has the number n + 1. */
  readonly outbox = new Map<number, Uint8Array[]>();

  constructor(id: number) {
    const create = () => (id < FIRST_MARKET_ID ? LedgerShard.create(id) : Market.create(id));
    this.actor = create();
    this.follower = following(create());
  }

  get id(): number {
    return this.actor.id;
  }

  /** The number of the last committed command of a source. */
  received(source: number): number {
    return this.links.find(({ peer }) => peer === source)?.received ?? 0;
  }

  /** Applies the oldest frame of the inbox. Returns who must send again, and from where, if there is a gap. */
  readNext(time: number): { readonly source: number; readonly from: number } | null {
    const bytes = this.inbox.shift();
    if (!bytes) return null;
    this.read.push(bytes);
    const { source, token, first, commands } = decodeFrame(bytes);
    const { links } = this.actor;
    const admission = links.admit(source, token, first, commands.length);
    if (admission.kind === "gap") return { source, from: admission.from };
    if (admission.kind === "drop") return null;
    this.begin(time);
    for (let at = admission.skip; at < commands.length; at++) {
      for (const actor of [this.actor, this.follower]) {
        actor.apply({ source, token, number: first + at, payload: commands[at]! }, time);
        actor.links.advance(source, token, first + at);
      }
    }
    return null;
  }

  /** Opens a batch, if none is open, and does what is due by its time. */
  begin(time: number): void {
    if (!this.isOpen) for (const actor of [this.actor, this.follower]) actor.advance(time);
    this.isOpen = true;
  }

  commit(): void {
    this.isOpen = false;
    const effects = this.actor.takeEffects();
    this.follower.dropEffects();
    assert(this.follower.stateHash() === this.actor.stateHash(), "a follower goes another way");
    [this.actor, this.follower] = changePlaces(this.actor, this.follower);
    expectNothing(this.actor.takeEffects());
    this.tables.apply(effects);
    this.state = effects.state;
    this.links = [...this.actor.links.all()].map((link) => ({ ...link }));
    this.read = [];
    for (const [destination, payloads] of effects.sends) {
      this.outbox.set(destination, [...(this.outbox.get(destination) ?? []), ...payloads]);
    }
  }

  /** Loses the open batch: rebuilds the actor from what is committed, under a higher token, and reads again. */
  crash(): void {
    this.inbox.unshift(...this.read);
    this.read = [];
    this.isOpen = false;
    this.token += 1;
    this.actor = this.restored();
    this.follower = following(this.restored());
  }

  private restored(): LedgerShard | Market {
    const record = { id: this.id, state: this.state };
    const links = Links.restore(this.links);
    if (this.id < FIRST_MARKET_ID) {
      const shard = LedgerShard.restore(record, links);
      this.tables.loadLedger((table, rows) => shard.loadPage(table, rows));
      shard.finishLoading();
      return shard;
    }
    const market = Market.restore(record, links);
    this.tables.loadMarket((table, rows) => market.loadPage(table, rows));
    market.finishLoading();
    return market;
  }
}

export class WiredExchange {
  readonly posts: readonly Post[];
  readonly shards: readonly Post[];
  readonly markets: readonly Post[];
  readonly instruments: readonly Instrument[];
  /** What the gateway has sent to each actor, in the numbering of its slot. */
  private readonly asked = new Map<number, Uint8Array[]>();
  private time = 1_000;

  constructor(shards: number, instruments: readonly Instrument[]) {
    this.instruments = instruments;
    this.shards = Array.from({ length: shards }, (_, at) => new Post(at + 1));
    this.markets = instruments.map(({ id }) => new Post(id));
    this.posts = [...this.shards, ...this.markets];
    for (const instrument of instruments) {
      this.publish(instrument.id, encodeMarketCommand({ kind: "list", instrument, shards }));
    }
    this.drain();
  }

  ask(shard: number, command: ClientCommand): void {
    this.publish(shard, encodeLedgerCommand(command));
  }

  /** Gives an operator's command to a market. */
  operate(market: number, command: OperatorCommand): void {
    this.publish(market, encodeMarketCommand(command));
  }

  /** Reads one frame; a gap is answered by its source at once. */
  deliver(post: Post): void {
    this.time += 1;
    const gap = post.readNext(this.time);
    if (gap) this.resend(gap.source, post, gap.from);
  }

  /** Commits and sends what the batch says, in frames of at most this many commands. */
  commit(post: Post, frameCommands = 3): void {
    const before = new Map([...post.outbox].map(([to, sent]) => [to, sent.length]));
    post.commit();
    for (const destination of post.outbox.keys()) {
      const to = this.of(destination);
      this.resend(post.id, to, (before.get(destination) ?? 0) + 1, frameCommands);
    }
  }

  crash(post: Post): void {
    post.crash();
    for (const destination of post.outbox.keys()) {
      const to = this.of(destination);
      this.resend(post.id, to, to.received(post.id) + 1);
    }
  }

  /** Sends again what a source has said to an actor, from a number on, under the source's present token. */
  resend(source: number, to: Post, from: number, frameCommands = 3): void {
    const sent =
      (source === SLOT ? this.asked.get(to.id) : this.of(source).outbox.get(to.id)) ?? [];
    for (let first = from; first <= sent.length; first += frameCommands) {
      const commands = sent.slice(first - 1, first - 1 + frameCommands);
      const frame = encodeFrame(source, first, commands);
      stampToken(frame, source === SLOT ? 1 : this.of(source).token);
      to.inbox.push(frame);
    }
  }

  /** Lets everything that was ever said arrive and be committed. */
  drain(): void {
    do {
      for (const post of this.posts) {
        while (post.inbox.length > 0) this.deliver(post);
        this.commit(post);
      }
      for (const post of this.posts) {
        for (const source of [SLOT, ...this.posts.map(({ id }) => id)]) {
          this.resend(source, post, post.received(source) + 1);
        }
      }
    } while (this.posts.some(({ inbox }) => inbox.length > 0));
  }

  private publish(destination: number, payload: Uint8Array): void {
    const asked = this.asked.get(destination) ?? [];
    this.asked.set(destination, asked);
    asked.push(payload);
    this.resend(SLOT, this.of(destination), asked.length);
  }

  private of(id: number): Post {
    const post = this.posts.find((post) => post.id === id);
    if (!post) throw new Error(`there is no actor ${id}`);
    return post;
  }
}
