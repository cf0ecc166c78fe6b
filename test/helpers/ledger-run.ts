/** A ledger shard that is played draws, with markets that do what they like: everything that was said to it and by it, and its tables. */
import { expect } from "vitest";
import { isLedgerShard, sourceOfSlot } from "../../actors/kernel/ids.js";
import { isFinal, type OrderStatus } from "../../actors/kernel/order.js";
import {
  type AccountEvent,
  decodeAccountEvents,
  decodeBlocks,
  decodeReplies,
  type Reply,
} from "../../actors/ledger/account-events.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { type ClientCommand, encodeLedgerCommand } from "../../actors/ledger/messages.js";
import { decodeMarketCommand } from "../../actors/market/messages.js";
import type { Row } from "../../services/ports/store.js";
import { changePlaces, following } from "./follower.js";
import { give, MARKET, restored, SHARD, SLOT } from "./ledger.js";
import {
  ACCOUNTS,
  type Aimed,
  ASSETS,
  type Draw,
  FUNDS,
  INSTRUMENTS,
  PARENTS,
  REVIEW_LIMIT,
} from "./ledger-draws.js";
import { expectNothing } from "./nothing.js";
import { OTHER_SHARD, OtherShard } from "./other-shard.js";
import { ReferenceLedger } from "./reference-ledger.js";
import { Tables } from "./tables.js";
import { WhimsicalMarket } from "./whimsical-market.js";

/** How long nobody says anything, sometimes. */
const LATER_MICROS = 2_000_000_000;

interface Given {
  readonly source: number;
  readonly payload: Uint8Array;
  readonly time: number;
}

/** An order's row with what its empty columns mean: a plain order's are written when something of them changes. */
function filled(row: Row): Row {
  const none = { stop_price: 0, display: 0, expires: 0, self_trade: 0, post_only: 0 };
  const asked = { amend_price: 0, amend_change: 0, worst_price: row["price"]!, cancelling: 0 };
  const late = { reprices: 0, trail: 0, min_quantity: 0 };
  const held = { review_until: 0, waiting: 0 };
  const charged = { maker_fee: 0, taker_fee: 0, maker_value: 0, taker_value: 0, fees: 0 };
  return { ...none, ...asked, ...late, ...charged, ...held, pair: 0, pair_done: 0, ...row };
}

/** A shard with its tables, and everything that was said to it and by it. */
export class Run {
  shard = LedgerShard.create(SHARD);
  /** Does the same and says nothing; the two change places with each commit, so what one has dropped the other has said. */
  private follower = following(LedgerShard.create(SHARD));
  readonly tables = new Tables();
  readonly given: Given[] = [];
  readonly events = new Map<number, AccountEvent[]>();
  readonly replies: Reply[] = [];
  /** The orders that were passed on to their markets. */
  readonly entered = new Set<number>();
  /** Those that their markets were asked to cancel. */
  readonly cancelled = new Set<number>();
  private state: Uint8Array = new Uint8Array(0);

  give(given: Given): void {
    this.given.push(given);
    for (const shard of [this.shard, this.follower]) {
      give(shard, given.source, given.payload, given.time);
    }
  }

  /** Commits the open batch; returns what it sends, in order. */
  commit(): { readonly destination: number; readonly payload: Uint8Array }[] {
    this.shard.checkInvariants();
    const hash = this.shard.stateHash();
    const effects = this.shard.takeEffects();
    expect(this.shard.stateHash()).toBe(hash);
    this.follower.dropEffects();
    expect(this.follower.stateHash()).toBe(hash);
    [this.shard, this.follower] = changePlaces(this.shard, this.follower);
    expectNothing(this.shard.takeEffects());
    this.tables.apply(effects);
    this.state = effects.state;
    for (const block of effects.events ? decodeBlocks(effects.events) : []) {
      const told = this.events.get(block.account) ?? [];
      this.events.set(block.account, told);
      const events = decodeAccountEvents(block.bytes);
      expect(block).toMatchObject({ first: told.length + 1, count: events.length });
      told.push(...events);
    }
    if (effects.replies) this.replies.push(...decodeReplies(effects.replies));
    return [...effects.sends].flatMap(([destination, payloads]) =>
      payloads.map((payload) => ({ destination, payload })),
    );
  }

  /** The command, about one of the orders that are live in the tables (or held for review, if it is about that), if any is. */
  aimed<Command extends Aimed>(command: Command, pick: number): Command {
    const isMeant = (row: Row) =>
      command.kind === "decide-review"
        ? (row["review_until"] ?? 0) !== 0
        : !isFinal(row["status"] as OrderStatus);
    const meant = this.tables.rows("orders").filter(isMeant);
    const row = meant[pick % meant.length];
    if (!row) return command;
    const [account, orderId] = [row["account"] as number, row["order_id"] as number];
    return { ...command, deadline: 0, account, orderId, clientOrderId: "" };
  }

  restart(): void {
    const again = restored(this.shard, this.tables, this.state);
    expect(again.stateHash()).toBe(this.shard.stateHash());
    again.checkInvariants();
    this.shard = again;
    this.follower = following(restored(again, this.tables, this.state));
  }

  /** All tables but the journal, whose rows depend on where batches end. */
  contents(): unknown[] {
    const names = ["accounts", "balances", "orders", "deposits", "withdrawals", "shard_totals"];
    return [
      ...names,
      "transfers",
      "credits",
      "account_limits",
      "review_limits",
      "flows",
      "shard_instruments",
    ].map((name) => {
      const rows = this.tables.rows(name).map((row) => (name === "orders" ? filled(row) : row));
      const columns = Object.keys(rows[0] ?? {}).sort();
      return rows.map((row) => JSON.stringify(row, columns)).sort();
    });
  }
}

/** Plays the draws with whimsical markets; calls `checked` after every commit. */
export function play(
  draws: readonly Draw[],
  checked: (run: Run, reference: ReferenceLedger) => void,
  markets = INSTRUMENTS.map(({ id, lot }) => new WhimsicalMarket(id, lot)),
  other = new OtherShard(),
): Run {
  const run = new Run();
  const reference = new ReferenceLedger(SHARD, INSTRUMENTS);
  const seen = new Map<number, number>();
  let time = 1_000;
  const ask = (command: ClientCommand): void =>
    run.give({ source: sourceOfSlot(SLOT), payload: encodeLedgerCommand(command), time: ++time });
  const commit = (): void => {
    for (const { destination, payload } of run.commit()) {
      if (isLedgerShard(destination)) {
        expect(destination).toBe(OTHER_SHARD);
        other.receive(payload);
        continue;
      }
      const command = decodeMarketCommand(payload);
      reference.sent(command);
      if (command.kind === "enter") run.entered.add(command.orderId);
      if (command.kind === "cancel") {
        expect(run.cancelled, "cancelled already").not.toContain(command.orderId);
        run.cancelled.add(command.orderId);
      }
      markets[destination - MARKET]?.receive(command);
    }
    for (const [account, events] of run.events) {
      for (const event of events.slice(seen.get(account) ?? 0)) reference.told(account, event);
      seen.set(account, events.length);
    }
    checked(run, reference);
  };
  for (const instrument of INSTRUMENTS) {
    const payload = encodeLedgerCommand({ kind: "instrument", instrument });
    run.give({ source: instrument.id, payload, time });
  }
  for (const account of ACCOUNTS) {
    const parent = PARENTS.get(account);
    if (parent === undefined) ask({ kind: "open", account, deadline: 0 });
    else ask({ kind: "open-sub-account", account, deadline: 0, parent });
    for (const asset of ASSETS) {
      ask({ kind: "deposit", account, deadline: 0, asset, amount: FUNDS, key: `${asset}` });
    }
  }
  const account = ACCOUNTS.at(-1)!;
  for (const asset of ASSETS) {
    ask({ kind: "set-review-limit", account, deadline: 0, asset, value: REVIEW_LIMIT });
  }
  for (const draw of draws) {
    if (draw.kind === "commit") commit();
    if (draw.kind === "later") time += LATER_MICROS;
    if (draw.kind === "client") ask(draw.command);
    if (draw.kind === "aimed") ask(run.aimed(draw.command, draw.pick));
    const message = draw.kind === "shard" ? other.act(draw.whim) : null;
    if (message) {
      run.give({ source: OTHER_SHARD, payload: encodeLedgerCommand(message), time: ++time });
    }
    if (draw.kind !== "whim") continue;
    const market = markets[draw.market]!;
    const answer = market.answer(draw.whim);
    if (!answer) continue;
    if (answer.kind === "trade") reference.traded(answer);
    run.give({ source: market.id, payload: encodeLedgerCommand(answer), time: ++time });
  }
  commit();
  return run;
}
