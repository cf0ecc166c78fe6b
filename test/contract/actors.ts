/** Real actors on a store: what they decide is committed as a host commits it, and brought to whom they say it. */
import { shardOfAccount, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { Links } from "../../actors/kernel/links.js";
import { OrderRequest, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  type AmendOrder,
  type ClientCommand,
  encodeLedgerCommand,
  type NewOrder,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import { Market } from "../../actors/market/market.js";
import { encodeMarketCommand } from "../../actors/market/messages.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { OpenBatch, outboxRows } from "../../services/host/open-batch.js";
import type { ActorRecord, Batch, Holder, Loaded, Row, Store } from "../../services/ports/store.js";
import { Tables } from "../helpers/tables.js";

export const SHARDS = 2;
export const SYMBOL = "2330.TW";
const SLOT = 3;
const SLOT_TOKEN = 1;
const NOON_US = 1_700_000_000_000_000;
const US_PER_BATCH = 1_000;

/** A node in its first life; its connections have the incarnation's name. */
export function holderOf(node: string, reason = "it has no leader"): Holder {
  return { node, incarnation: `${node}#1`, reason };
}

/** The leader of one actor, without an inbox: commands are put into its hand. */
export class Committer {
  readonly store: Store;
  readonly actor: LedgerShard | Market;
  /** What the store's tables should hold of it. */
  readonly tables: Tables;
  record: ActorRecord;
  /** Its batches are so much later than they would be, in microseconds. */
  waited = 0;
  private open: OpenBatch | null = null;

  constructor(
    store: Store,
    record: ActorRecord,
    actor: LedgerShard | Market,
    tables: Tables = new Tables(),
  ) {
    this.store = store;
    this.record = record;
    this.actor = actor;
    this.tables = tables;
  }

  /** Claims an actor and rebuilds it from its rows. */
  static async claim(store: Store, id: number, tables?: Tables): Promise<Committer> {
    const before = await store.record(id);
    const record = await store.raise(id, before!.token, holderOf("node-1"), 0);
    return new Committer(store, record!, await restored(store, id), tables);
  }

  get isOpen(): boolean {
    return this.open !== null;
  }

  /** Applies commands of a source under its next numbers. */
  take(source: number, token: number, commands: readonly Uint8Array[]): void {
    const first = this.actor.links.of(source).received + 1;
    this.open ??= this.newBatch();
    this.open.apply({ source, token, first, commands }, 0);
  }

  ask(...commands: readonly ClientCommand[]): void {
    this.take(sourceOfSlot(SLOT), SLOT_TOKEN, commands.map(encodeLedgerCommand));
  }

  /** Closes the batch of what was taken. It may be committed, changed, or both. */
  seal(changes: Partial<Batch> = {}): Batch {
    const { actor, record } = this;
    const open = this.open ?? this.newBatch();
    this.open = null;
    const effects = actor.takeEffects();
    const outbox = outboxRows(actor, effects.sends);
    const number = record.batch + 1;
    return {
      actor: record,
      number,
      token: record.token,
      anchor: 1,
      streamCreated: "2026-01-31T12:00:00.123456789Z",
      positionBefore: record.position,
      positionAfter: record.position + 1,
      positionStored: `1700000000${record.position}`,
      time: open.time,
      hash: actor.stateHash(),
      commands: open.takeLog(),
      eventBatch: effects.events || effects.replies ? number : record.eventBatch,
      effects,
      links: actor.links.takeTouched(),
      outbox,
      confirmed: [],
      successor: null,
      ...changes,
    };
  }

  async commit(batch: Batch = this.seal()): Promise<Batch> {
    await this.store.commit(batch);
    this.tables.apply(batch.effects);
    this.record = recordAfter(this.record, batch);
    return batch;
  }

  private newBatch(): OpenBatch {
    const time = NOON_US + this.waited + (this.record.batch + 1) * US_PER_BATCH;
    return new OpenBatch(this.actor, time);
  }
}

/** The actor's row as a commit leaves it. */
export function recordAfter(record: ActorRecord, batch: Batch): ActorRecord {
  return {
    ...record,
    batch: batch.number,
    eventBatch: batch.eventBatch,
    anchor: batch.anchor,
    streamCreated: batch.streamCreated,
    position: batch.positionAfter,
    positionStored: batch.positionStored,
    time: batch.time,
    hash: batch.hash,
    state: Buffer.from(batch.effects.state),
  };
}

/** The pages of a recovery, by table. */
export async function pagesOf(store: Store, actor: number): Promise<Map<string, Row[][]>> {
  const pages = new Map<string, Row[][]>();
  const take = (table: string, rows: readonly Row[]) => {
    pages.set(table, [...(pages.get(table) ?? []), [...rows]]);
  };
  await store.load(actor, () => undefined, take);
  return pages;
}

/** The actor that its rows give, without those that `isForgotten`. */
export async function restored(
  store: Store,
  id: number,
  isForgotten: (table: string, row: Row) => boolean = () => false,
): Promise<LedgerShard | Market> {
  let actor!: LedgerShard | Market;
  const begin = ({ record, links }: Loaded) => {
    const kind = record.kind === "market" ? Market : LedgerShard;
    actor = kind.restore(record, Links.restore(links));
  };
  await store.load(id, begin, (table, rows) =>
    actor.loadPage(
      table,
      rows.filter((row) => !isForgotten(table, row)),
    ),
  );
  actor.finishLoading();
  return actor;
}

type Fees = Pick<Instrument, "makerFee" | "takerFee">;

/** Two ledger shards and a market that are led here, and talk to each other. */
export class Venue {
  readonly market: Committer;
  readonly shards: readonly Committer[];
  readonly instrument: Instrument;
  /** Every batch that was committed. */
  readonly batches: Batch[] = [];

  private constructor(market: Committer, shards: readonly Committer[], fees: Fees) {
    this.market = market;
    this.shards = shards;
    this.instrument = {
      id: market.record.id,
      symbol: SYMBOL,
      baseAsset: 1,
      quoteAsset: 2,
      priceDecimals: 2,
      quantityDecimals: 0,
      tick: 1,
      lot: 1,
      notionalFactor: 1,
      referencePrice: 100,
      ...fees,
      feeTiers: [],
    };
  }

  /** Claims the shards and the market, from whom led them before, and lists the instrument. */
  static async open(
    store: Store,
    market: number,
    before?: Venue,
    fees: Fees = { makerFee: 0, takerFee: 0 },
  ): Promise<Venue> {
    const shards: Committer[] = [];
    for (let id = 1; id <= SHARDS; id++) {
      shards.push(await Committer.claim(store, id, before?.shards[id - 1]!.tables));
    }
    const venue = new Venue(
      await Committer.claim(store, market, before?.market.tables),
      shards,
      fees,
    );
    const { instrument } = venue;
    const list = encodeMarketCommand({ kind: "list", instrument, shards: SHARDS });
    // Prices may be what they like here.
    const rules = { ...DEFAULT_RULES, staticBandBps: 0 };
    const noBands = encodeMarketCommand({ kind: "rules", rules });
    venue.market.take(sourceOfSlot(SLOT), SLOT_TOKEN, [list, noBands]);
    await venue.settle();
    return venue;
  }

  get all(): readonly Committer[] {
    return [...this.shards, this.market];
  }

  shardOf(account: number): Committer {
    return this.shards[shardOfAccount(account, SHARDS) - 1]!;
  }

  /** Opens an account with this much of both assets. */
  async fund(account: number, amount: number): Promise<void> {
    const { baseAsset, quoteAsset } = this.instrument;
    await this.ask(
      { kind: "open", account, deadline: 0 },
      { kind: "deposit", account, deadline: 0, asset: baseAsset, amount, key: "base" },
      { kind: "deposit", account, deadline: 0, asset: quoteAsset, amount, key: "quote" },
    );
  }

  /** Gives commands of one account to its shard and lets everything that follows happen. */
  async ask(...commands: readonly ClientCommand[]): Promise<void> {
    this.shardOf(commands[0]!.account).ask(...commands);
    await this.settle();
  }

  order(account: number, clientOrderId: string, terms: Partial<NewOrder>): ClientCommand {
    return {
      kind: "place",
      account,
      deadline: 0,
      clientOrderId,
      instrument: this.instrument.id,
      side: Side.Buy,
      type: OrderType.Limit,
      timeInForce: TimeInForce.GoodTillCancel,
      price: 100,
      quantity: 10,
      ...NO_OTHER_TERMS,
      ...terms,
    };
  }

  cancel(account: number, clientOrderId: string): ClientCommand {
    const request = OrderRequest.Cancel;
    const named = { orderId: 0, clientOrderId, leaves: 0, ...NO_NEW_TERMS };
    return { kind: "amend", account, deadline: 0, request, ...named };
  }

  /** To so much that is still open. */
  reduce(account: number, clientOrderId: string, leaves: number): ClientCommand {
    const named = { orderId: 0, clientOrderId, ...NO_NEW_TERMS, leaves };
    return { kind: "amend", account, deadline: 0, request: OrderRequest.Reduce, ...named };
  }

  amend(account: number, clientOrderId: string, terms: Partial<AmendOrder>): ClientCommand {
    const named = { orderId: 0, clientOrderId, leaves: 0, ...NO_NEW_TERMS };
    const request = OrderRequest.Amend;
    return { kind: "amend", account, deadline: 0, request, ...named, ...terms };
  }

  /** Commits what was taken and brings what is said to its receivers, until nothing is left. */
  async settle(): Promise<void> {
    for (;;) {
      const open = this.all.filter((committer) => committer.isOpen);
      if (open.length === 0) return;
      for (const committer of open) {
        const batch = await committer.commit();
        this.batches.push(batch);
        this.deliver(batch);
      }
    }
  }

  /** Hands over what a committed batch says to other actors. */
  deliver(batch: Batch): void {
    for (const [destination, payloads] of batch.effects.sends) {
      const receiver = this.all.find(({ record }) => record.id === destination)!;
      receiver.take(batch.actor.id, batch.token, payloads);
    }
  }
}

/** The first account of a shard, from a number on. */
function accountOf(shard: number, from = 1): number {
  let account = from;
  while (shardOfAccount(account, SHARDS) !== shard) account += 1;
  return account;
}

/** An account that nobody has opened. */
export const NOBODY = 999_999;
/** An account of each shard. */
export const [FIRST, SECOND] = [accountOf(1), accountOf(2)];

/** To be opened under the first. */
export const SUB = accountOf(1, FIRST + 1);

/** Trading in which every part that an actor can write is written. */
export async function tradeABit(venue: Venue): Promise<void> {
  await venue.fund(FIRST, 10_000);
  await venue.fund(SECOND, 10_000);
  await venue.ask(
    venue.order(FIRST, "rests", { side: Side.Sell, price: 105 }),
    venue.order(FIRST, "bid", { price: 95 }),
    venue.order(FIRST, "goes", { side: Side.Sell, price: 103 }),
    venue.order(FIRST, "iceberg", { side: Side.Sell, price: 110, display: 2 }),
    venue.order(FIRST, "iceberg-goes", { side: Side.Sell, price: 111, display: 3 }),
    { kind: "resolve", account: FIRST, deadline: 0, clientOrderId: "never-sent" },
  );
  await venue.ask(
    venue.order(SECOND, "takes", { price: 103, quantity: 4 }),
    venue.order(SECOND, "too-much", { price: 100, quantity: 1_000_000 }),
    venue.order(SECOND, "hits", { side: Side.Sell, price: 95, quantity: 3 }),
  );
  await venue.ask(venue.cancel(FIRST, "goes"), venue.cancel(FIRST, "iceberg-goes"));
  await venue.ask(venue.amend(FIRST, "rests", { price: 107, quantity: 11 }));
  const asset = venue.instrument.quoteAsset;
  const first = { account: FIRST, deadline: 0 } as const;
  await venue.ask(
    { kind: "withdraw", ...first, asset, amount: 7, key: "leaves" },
    { kind: "withdraw", ...first, asset, amount: 9, key: "stays" },
  );
  await venue.ask({ kind: "decide-withdrawal", ...first, key: "leaves", decision: 2 });
  await venue.ask({ kind: "decide-withdrawal", ...first, key: "leaves", decision: 3 });
  // One that is given, and one that comes back.
  const gift = { kind: "transfer", ...first, asset, shard: SHARDS } as const;
  await venue.ask({ ...gift, recipient: SECOND, amount: 11, key: "given" });
  await venue.ask({ ...gift, recipient: NOBODY, amount: 13, key: "returned" });
  const limits = { ordersPerDay: 1_000, openOrders: 20, requestsPerSecond: 300 };
  const tier = { tier: 2, limits, resetsLimits: false };
  await venue.ask({ kind: "set-tier", account: SECOND, deadline: 0, ...tier });
  await venue.ask({ kind: "set-group", account: FIRST, deadline: 0, group: 7 });
  await venue.ask({ kind: "open-sub-account", account: SUB, deadline: 0, parent: FIRST });
  await venue.ask({ kind: "set-limits", account: SECOND, deadline: 0, ...limits });
  for (const state of [2, 1]) {
    await venue.ask({ kind: "set-account", account: SECOND, deadline: 0, state });
  }
  const limit = { asset, value: 1_000 };
  await venue.ask({ kind: "set-review-limit", account: SECOND, deadline: 0, ...limit });
  await venue.ask(venue.order(SECOND, "held", { quantity: 20 }));
  await venue.ask(venue.order(SECOND, "looked-at", { quantity: 30, price: 90 }));
  const decision = { orderId: 0, clientOrderId: "looked-at", isApproved: true };
  await venue.ask({ kind: "decide-review", account: SECOND, deadline: 0, ...decision });
}
