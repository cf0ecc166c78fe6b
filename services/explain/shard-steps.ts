/** An order in its ledger shard: what its client asked, what its account was told, and what that moved. */
import type pg from "pg";
import { type AccountEvent, decodeAccountEvents } from "../../actors/ledger/account-events.js";
import { query } from "../adapters/postgres/connections.js";
import { Code } from "../../actors/kernel/codes.js";
import { BatchLog } from "./batch-log.js";
import { type CausedStep, sentCause, takenCause, tradeCause } from "./causes.js";
import { Holders } from "./holders.js";
import {
  clientOrderIdBytes,
  isCauseOf,
  isOrigin,
  orderIdBytes,
  replyTo,
  type ShardCommand,
  shardCommands,
} from "./order-commands.js";
import { isFromClient } from "../../actors/ledger/messages.js";
import type { OrderRow } from "../ports/reads.js";
import * as sql from "./sql.js";
import { searchLog, type Step, type Telling, trimmed } from "./step.js";

const ROWS_PER_READ = 500;

/** One row of the account's journal, as far as it is about the order. */
export interface Told {
  readonly row: sql.JournalRow;
  readonly events: readonly AccountEvent[];
  /** How many more events the row has. */
  readonly others: number;
}

/** What the account was told of the order, in order. */
export async function readTold({ pool, order }: Telling): Promise<Told[]> {
  const { account, firstSequence, lastSequence, orderId } = order;
  const told: Told[] = [];
  for (let next = firstSequence; next <= lastSequence; ) {
    const values = [account, next, lastSequence, ROWS_PER_READ];
    const rows = await query<sql.JournalRow & pg.QueryResultRow>(pool, sql.JOURNAL, values);
    if (rows.length === 0) break;
    for (const row of rows) {
      const all = decodeAccountEvents(row.events);
      const events = all.filter((event) => "orderId" in event && event.orderId === orderId);
      if (events.length > 0) told.push({ row, events, others: all.length - events.length });
    }
    next = rows.at(-1)!.last + 1;
  }
  return told;
}

export async function shardSteps(
  telling: Telling,
  shard: sql.ActorRow,
  told: readonly Told[],
): Promise<CausedStep[]> {
  const applied = await readApplied(telling, shard, told);
  const holders = await Holders.read(telling.pool, shard);
  const base = ({ batch, token, time }: Pick<sql.JournalRow, "batch" | "token" | "time">) => {
    const actor = telling.senders.nameOf(shard.id);
    return { time, actor, batch, token, node: holders.nodeOf(token) };
  };
  const steps: CausedStep[] = [];
  let sent = -1;
  for (const each of told) {
    for (const event of each.events) {
      const isSent = event.kind === "accepted" || event.kind === "requested";
      if (isSent) sent += 1;
      const [asked, answered] = await stepsOf(telling, each, event, applied);
      if (asked) steps.push({ step: { ...base(each.row), ...asked }, gives: null, needs: null });
      const step = { ...base(each.row), ...answered };
      steps.push({ step, gives: isSent ? sentCause(sent) : null, needs: causeOf(event, sent) });
    }
  }
  for (const { applied: one, says } of applied) {
    if (!isFromClient(says) || told.some(({ events }) => events.some(isAnswerTo(one)))) continue;
    const what = `${telling.words.asked(says)}${replyTo(one)}`;
    const message = await telling.senders.message(one);
    const words = { kind: "asked", message, what, money: [] } as const;
    steps.push({ step: { ...base(one), ...words }, gives: null, needs: null });
  }
  return steps.toSorted((one, other) => one.step.batch - other.step.batch);
}

/** What in the market an event comes of; `sent`: the number of the last command that was passed on. */
function causeOf(event: AccountEvent, sent: number): string | null {
  if ("origin" in event) return null;
  if (event.kind === "filled") return tradeCause(event.tradeId);
  const isAnswer =
    event.kind === "amended" ||
    event.kind === "refused" ||
    (event.kind === "ended" && event.code === Code.CANCELLED_BY_CLIENT);
  return takenCause(isAnswer ? sent : 0);
}

const isAnswerTo = (one: ShardCommand["applied"]) => (event: AccountEvent) =>
  "origin" in event && isOrigin(one, event.origin);

type Words = Pick<Step, "kind" | "message" | "what" | "money">;

/** What was asked, where the event answers a client, or null; and what was told. */
async function stepsOf(
  { words, senders, order }: Telling,
  { row, events, others }: Told,
  event: AccountEvent,
  applied: readonly ShardCommand[],
): Promise<[Words | null, Words]> {
  const what = words.told(event, events);
  const isLast = event === events.at(-1);
  const money = isLast ? words.money(row.assets, row.totals, row.holds, others) : [];
  const cause = applied.find((each) => each.applied.batch === row.batch && isCauseOf(each, event));
  if (!("origin" in event)) {
    const message = cause ? await senders.message(cause.applied) : null;
    return [null, { kind: "told", message, what, money }];
  }
  const { slot, token: sourceToken, number } = event.origin;
  const message = await senders.message({ source: -slot, sourceToken, number });
  const asked = cause && isFromClient(cause.says) ? words.asked(cause.says) : unseen(event, order);
  return [
    { kind: "asked", message, what: asked, money: [] },
    { kind: "told", message: null, what, money },
  ];
}

/** What was asked by a command that names the other order of a pair, or that is no longer kept. */
function unseen({ kind }: AccountEvent, { pair }: OrderRow): string {
  return kind === "reviewed" && pair > 0 ? "an operator decides on its pair" : "asks";
}

/** The commands about the order that the shard's log has, from its first batch on. */
async function readApplied(
  telling: Telling,
  shard: sql.ActorRow,
  told: readonly Told[],
): Promise<ShardCommand[]> {
  const { pool, order, isOver, gaps } = telling;
  const log = await BatchLog.open(pool, shard.id);
  const first = told[0]!.row.batch;
  if (log.oldest === 0 || first < log.oldest) gaps.push(trimmed(telling, shard, log));
  const range = {
    from: Math.max(first, log.oldest),
    to: isOver ? told.at(-1)!.row.batch : log.newest,
  };
  const bytes = [orderIdBytes(order.orderId), clientOrderIdBytes(order.clientOrderId)];
  return shardCommands(await searchLog(telling, shard, log, range, bytes), order);
}
