/** What all ledger shards say: answers for those who wait, and events for subscribers. */
import type { Logger } from "pino";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Code } from "../../actors/kernel/codes.js";
import { decodeEventFrame, type EventFrame } from "../../actors/kernel/event-frame.js";
import type { AccountEvent, Origin, Reply } from "../../actors/ledger/account-events.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import type { ActorHead, Reads } from "../ports/reads.js";
import { ALL_LEDGER_EVENTS } from "../ports/subjects.js";
import type { Commands } from "./commands.js";
import type { Leaders } from "./leaders.js";
import * as metrics from "./metrics.js";
import type { Answer } from "./pending.js";
import { type Block, ShardEvents } from "./shard-events.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Warnings } from "./warnings.js";

export interface EventsDependencies {
  readonly bus: Bus;
  readonly reads: Pick<Reads, "eventsBetween">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaders: Leaders;
  readonly commands: Commands;
  readonly subscriptions: Subscriptions;
  readonly warnings: Warnings;
}

export class Events {
  private readonly deps: EventsDependencies;
  private readonly shards: ReadonlyMap<number, ShardEvents>;
  private readonly cleanups: (() => void)[];

  /** `heads` are where the shards stand now: what they said before concerns nobody who waits here. */
  constructor(deps: EventsDependencies, heads: readonly ActorHead[]) {
    this.deps = deps;
    const { reads, clock, logger, bus } = deps;
    const sink = {
      block: (shard: number, block: Block) => this.takeBlock(shard, block),
      reply: (shard: number, token: number, reply: Reply) => this.takeReply(shard, token, reply),
    };
    this.shards = new Map(
      heads
        .filter(({ kind }) => kind === "ledger")
        .map((head) => [
          head.actor,
          new ShardEvents(head.actor, head, { reads, clock, logger, sink }),
        ]),
    );
    deps.leaders.onAnnouncement((announcement) =>
      this.shards.get(announcement.actor)?.takeAnnouncement(announcement),
    );
    this.cleanups = [
      bus.subscribe(ALL_LEDGER_EVENTS, (data) => this.takeFrame(data)),
      bus.onReconnect(() => this.heal("reconnected")),
    ];
  }

  /** Frames that are kept while Postgres is read, of each shard. */
  get bufferedFrames(): number[] {
    return [...this.shards.values()].map((shard) => shard.bufferedFrames);
  }

  /** Reads from Postgres whatever was said since the beginning and not heard. */
  heal(reason: string): void {
    for (const shard of this.shards.values()) shard.heal(reason);
  }

  close(): void {
    for (const cleanup of this.cleanups) cleanup();
    for (const shard of this.shards.values()) shard.close();
  }

  private takeFrame(data: Uint8Array): void {
    const frame = decodeOrNull(data);
    if (!frame) return metrics.malformedMessages.inc();
    // A leader that is not known is announced in a moment, and what it has said is read then.
    if (frame.token > this.deps.leaders.token(frame.actor)) return;
    this.shards.get(frame.actor)?.takeFrame(frame);
  }

  private takeBlock(shard: number, block: Block): void {
    const { account, token } = block;
    for (let n = 0; n < block.events.length; n++) {
      const event = block.events[n]!;
      const origin = originOf(event);
      if (!origin) continue;
      const answer = answerOf(event, account, block.first + n, token);
      const second = block.events[n + 1];
      // A pair is answered by two events, one behind the other.
      if (second && isOf(second, origin)) {
        const other = answerOf(second, account, answer.sequence, token);
        this.deps.commands.answer(shard, origin, answerOfPair(answer, other));
        n += 1;
      } else {
        this.deps.commands.answer(shard, origin, answer);
      }
    }
    this.deps.subscriptions.take(block);
    this.deps.warnings.take(shard, block);
  }

  private takeReply(shard: number, token: number, reply: Reply): void {
    const { origin, account, code, orderId, repeated, pair } = reply;
    const answer = { account, code, orderId, sequence: 0, token, repeated, orders: 0 };
    this.deps.commands.answer(shard, origin, pair ? { ...answer, pair } : answer);
  }
}

function originOf(event: AccountEvent): Origin | undefined {
  return "origin" in event ? event.origin : undefined;
}

function isOf(event: AccountEvent, { slot, token, number }: Origin): boolean {
  const origin = originOf(event);
  return origin?.number === number && origin.slot === slot && origin.token === token;
}

/** Both orders were accepted, or both rejected: for what is wrong with one of them, or with the two. */
function answerOfPair(one: Answer, other: Answer): Answer {
  let leg = 0;
  if (other.code === Code.OTHER_LEG_REJECTED) leg = 1;
  if (one.code === Code.OTHER_LEG_REJECTED) leg = 2;
  return {
    ...(leg === 2 ? { ...one, code: other.code } : one),
    pair: { orderId: other.orderId, leg },
  };
}

function answerOf(event: AccountEvent, account: number, sequence: number, token: number): Answer {
  const orderId = "orderId" in event ? event.orderId : 0;
  const orders = event.kind === "cancel-all" ? event.orders : 0;
  return { account, code: codeOf(event), orderId, sequence, token, repeated: false, orders };
}

function codeOf(event: AccountEvent): number {
  if (event.kind === "rejected") return event.code;
  return event.kind === "voided" ? Code.CLIENT_ORDER_ID_VOIDED : Code.OK;
}

function decodeOrNull(data: Uint8Array): EventFrame | null {
  try {
    return decodeEventFrame(data);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
