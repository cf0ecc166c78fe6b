/** Drives a ledger shard as its host does, one command per batch, and reads what it says. */
import type { Effects } from "../../actors/kernel/actor.js";
import { assert } from "../../actors/kernel/assert.js";
import { codeName } from "../../actors/kernel/codes.js";
import { FIRST_MARKET_ID, isLedgerShard, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { Links } from "../../actors/kernel/links.js";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import {
  type AccountEvent,
  decodeAccountEvents,
  decodeBlocks,
  decodeReplies,
  type Reply,
} from "../../actors/ledger/account-events.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import {
  type ClientCommand,
  decodeLedgerCommand,
  encodeLedgerCommand,
  type LedgerCommand,
  type MarketAnswer,
  NO_OTHER_TERMS,
  type PlaceOrder,
  type ShardMessage,
} from "../../actors/ledger/messages.js";
import { decodeMarketCommand, type MarketCommand } from "../../actors/market/messages.js";
import { Tables } from "./tables.js";

export const SHARD = 1;
export const MARKET = FIRST_MARKET_ID;
export const SLOT = 7;
export const BASE = 1;
export const QUOTE = 2;
export const ALICE = 101;
export const BOB = 102;
export const NOON = 1_000_000;

export const INSTRUMENT: Instrument = {
  id: MARKET,
  symbol: "2330.TW",
  baseAsset: BASE,
  quoteAsset: QUOTE,
  priceDecimals: 1,
  quantityDecimals: 0,
  tick: 5,
  lot: 10,
  notionalFactor: 3,
  referencePrice: 1_000,
  makerFee: 0,
  takerFee: 0,
  feeTiers: [],
};

/** A command that may leave out its deadline: none, then. */
type Undated<Command> = Command extends ClientCommand
  ? Omit<Command, "deadline"> & { readonly deadline?: number }
  : never;

export interface Step {
  readonly events: readonly AccountEvent[];
  readonly replies: readonly Reply[];
  readonly sends: readonly MarketCommand[];
  /** For other shards. */
  readonly messages: readonly LedgerCommand[];
  readonly effects: Effects;
}

/** What the last command was refused with, or that it was done before; nothing when it was done. */
export function codeOf({ replies }: Step): string | undefined {
  const [reply] = replies;
  if (!reply) return undefined;
  return reply.repeated ? `${codeName(reply.code)} again` : codeName(reply.code);
}

/** Gives a command under the next number of its source, after what is due by its time, and moves the mark. */
export function give(shard: LedgerShard, source: number, payload: Uint8Array, time: number): void {
  const link = shard.links.of(source);
  const token = Math.max(link.token, 1);
  const number = link.received + 1;
  shard.advance(time);
  shard.apply({ source, token, number, payload }, time);
  shard.links.advance(source, token, number);
}

export function eventsOf(effects: Effects): AccountEvent[] {
  if (!effects.events) return [];
  return decodeBlocks(effects.events).flatMap((block) => decodeAccountEvents(block.bytes));
}

export function sendsOf(effects: Effects): MarketCommand[] {
  const toMarkets = [...effects.sends].filter(([destination]) => !isLedgerShard(destination));
  return toMarkets.flatMap(([, payloads]) => payloads.map(decodeMarketCommand));
}

function messagesOf(effects: Effects): LedgerCommand[] {
  const toShards = [...effects.sends].filter(([destination]) => isLedgerShard(destination));
  return toShards.flatMap(([, payloads]) => payloads.map(decodeLedgerCommand));
}

/** A shard rebuilt from its tables, its links and the state blob of its last batch. */
export function restored(shard: LedgerShard, tables: Tables, state: Uint8Array): LedgerShard {
  const links = Links.restore(shard.links.all());
  const again = LedgerShard.restore({ id: shard.id, state }, links);
  tables.loadLedger((table, rows) => again.loadPage(table, rows));
  again.finishLoading();
  return again;
}

/** A shard that knows the instrument and, if asked for, two accounts with this much of each asset. */
export class Teller {
  shard = LedgerShard.create(SHARD);
  readonly tables = new Tables();
  time = NOON;
  private state: Uint8Array = new Uint8Array(0);
  private keys = 0;

  constructor(funds: { readonly base?: number; readonly quote?: number } | null = null) {
    this.answer({ kind: "instrument", instrument: INSTRUMENT });
    if (!funds) return;
    for (const account of [ALICE, BOB]) {
      this.ask({ kind: "open", account });
      if (funds.base) this.deposit(account, BASE, funds.base);
      if (funds.quote) this.deposit(account, QUOTE, funds.quote);
    }
  }

  ask(command: Undated<ClientCommand>): Step {
    const dated = { deadline: 0, ...command } as ClientCommand;
    return this.bytes(sourceOfSlot(SLOT), encodeLedgerCommand(dated));
  }

  deposit(account: number, asset: number, amount: number, key = `key-${++this.keys}`): Step {
    return this.ask({ kind: "deposit", account, asset, amount, key });
  }

  /** Places a limit buy of 10 at 100 by Alice, but for what is said otherwise. */
  place(changes: Partial<PlaceOrder> = {}): Step {
    return this.ask({
      kind: "place",
      account: ALICE,
      clientOrderId: "a",
      instrument: MARKET,
      side: Side.Buy,
      type: OrderType.Limit,
      timeInForce: TimeInForce.GoodTillCancel,
      price: 100,
      quantity: 10,
      ...NO_OTHER_TERMS,
      ...changes,
    });
  }

  /** Places an order that must be accepted; returns its id. */
  placed(changes: Partial<PlaceOrder> = {}): number {
    const event = this.place(changes).events[0];
    assert(event?.kind === "accepted", "not accepted: %s", JSON.stringify(event));
    return event.orderId;
  }

  answer(answer: MarketAnswer, market = MARKET): Step {
    return this.bytes(market, encodeLedgerCommand(answer));
  }

  hear(message: ShardMessage, shard = SHARD + 1): Step {
    return this.bytes(shard, encodeLedgerCommand(message));
  }

  /** Nobody says anything for so long; what is due then is done. */
  wait(micros: number): Step {
    this.time += micros;
    this.shard.advance(this.time);
    return this.commit();
  }

  bytes(source: number, payload: Uint8Array): Step {
    give(this.shard, source, payload, this.time);
    return this.commit();
  }

  commit(): Step {
    this.shard.checkInvariants();
    const effects = this.shard.takeEffects();
    this.tables.apply(effects);
    this.state = effects.state;
    const replies = effects.replies ? decodeReplies(effects.replies) : [];
    const messages = messagesOf(effects);
    return { events: eventsOf(effects), replies, sends: sendsOf(effects), messages, effects };
  }

  /** Goes on with a shard that was rebuilt from the tables. */
  restart(): void {
    this.shard = restored(this.shard, this.tables, this.state);
  }

  balance(account: number, asset: number): [total: number, held: number] {
    const row = this.tables
      .rows("balances")
      .find((row) => row["account"] === account && row["asset"] === asset);
    return [Number(row?.["total"] ?? 0), Number(row?.["held"] ?? 0)];
  }

  order(orderId: number): Record<string, unknown> {
    const row = this.tables.rows("orders").find((row) => row["order_id"] === orderId);
    assert(row !== undefined, "order %s has no row", orderId);
    return { ...row };
  }
}
