/**
 * Every queue of the gateways, nodes and feeds, with its limit and what happens there (R11). The code that keeps a limit
 * takes it from here, each process shows its queues on /metrics, and the runbook has this list as a table.
 *
 * What is not here does not last, or has its bound elsewhere:
 * - What is said to NATS, or of warnings to a client, in one turn of the event loop, and written at its end. What NATS has not taken of it is gone
 *   with the connection after two to three seconds without an answer (`adapters/nats/connection.ts`); what fills it has limits here, and
 *   is sent again.
 * - What waits in a node for its turn to commit, to load, to apply what a standby was told, or for a connection to Postgres: one thing
 *   of each actor, or a few.
 */
import { Gauge } from "prom-client";
import { BATCH_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import {
  EARLY_INBOX_BYTES_MAX,
  OUTBOX_COMMANDS_MAX,
  TOLD_BATCHES_MAX,
  TRIM_EVERY_MS,
} from "../host/limits.js";
import { beforeScrape, registry } from "./metrics.js";

const MS_PER_SECOND = 1_000;

/** Readings that wait at one of a process's pools for a connection to Postgres. */
export const READS_WAITING_MAX = 1_000;

export interface Queue {
  readonly process: "gateway" | "node" | "feed";
  /** What waits in it, and what there is one such queue of. */
  readonly holds: string;
  readonly limit: number;
  readonly unit: string;
  readonly atLimit: string;
  /** It may be full for long without anything being wrong, or is gone before an alert has waited, or something else says so: no alert is for it. */
  readonly isFullAtTimes?: true;
}

export const QUEUES = {
  "gateway-connections": {
    process: "gateway",
    holds:
      "connections of clients; of each 512 calls and streams are under way at most, and what is beyond waits at the client",
    limit: 2_000,
    unit: "connections",
    atLimit:
      "the next is closed at once, and its client sees `UNAVAILABLE`; nothing was sent over it",
  },
  "gateway-client": {
    process: "gateway",
    holds:
      "commands of one client, on all its order-entry streams, without an answer, or whose answer is not read. Sessions of the same lowest account and role are one client; " +
      "each stream of a session for all accounts is one of its own",
    limit: 4_000,
    unit: "commands",
    atLimit:
      "its streams are not read; it waits. Where one receiver gets all of them it does so from four fifths of `gateway-waiting` on, less where others have some there",
    isFullAtTimes: true,
  },
  "gateway-entry-streams": {
    process: "gateway",
    holds: "order-entry streams of one client, over all its connections",
    limit: 16,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
    isFullAtTimes: true,
  },
  "gateway-entry-streams-clients": {
    process: "gateway",
    holds: "order-entry streams of all clients that act for some accounts",
    limit: 512,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
  },
  "gateway-entry-streams-operators": {
    process: "gateway",
    holds: "order-entry streams of sessions for all accounts",
    limit: 128,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
  },
  "gateway-event-streams": {
    process: "gateway",
    holds: "event streams of one client, over all its connections",
    limit: 16,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
    isFullAtTimes: true,
  },
  "gateway-event-streams-clients": {
    process: "gateway",
    holds: "event streams of all clients that act for some accounts",
    limit: 512,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
  },
  "gateway-event-streams-operators": {
    process: "gateway",
    holds: "event streams of sessions for all accounts",
    limit: 128,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
  },
  "gateway-warning-streams": {
    process: "gateway",
    holds: "streams of all accounts' warnings",
    limit: 64,
    unit: "streams",
    atLimit: "the next is refused, `TOO_MANY_STREAMS`",
  },
  "gateway-waiting": {
    process: "gateway",
    holds: "commands that wait for one receiver's answer",
    limit: 400,
    unit: "commands",
    atLimit:
      "new orders and amends are refused, `OVERLOADED`; cancels and the like at four times as many. " +
      "The limit is this at first and follows what the receiver answers in 200 ms (to 600, where batches take long); a client that has a large part of it is not read",
    isFullAtTimes: true,
  },
  "gateway-pending": {
    process: "gateway",
    holds: "commands that one receiver has not committed, kept to be sent again",
    limit: 10_000,
    unit: "commands",
    atLimit: "every command is refused, `TOO_MANY_PENDING`",
    isFullAtTimes: true,
  },
  "gateway-publishing": {
    process: "gateway",
    holds: "frames to one receiver that the log has not taken",
    limit: 256,
    unit: "frames",
    atLimit: "nothing is sent again. From 4 on new commands gather in the next frame",
  },
  "gateway-ways": {
    process: "gateway",
    holds: "what a shard and a market have sent each other and not committed (their outboxes)",
    limit: 2_000,
    unit: "ms",
    atLimit:
      "new orders of that shard for that market are refused, `MARKET_BEHIND`, while it is 2,000 commands and more",
    isFullAtTimes: true,
  },
  "gateway-events": {
    process: "gateway",
    holds: "events that one subscriber has not read",
    limit: 100_000,
    unit: "events",
    atLimit: "the stream is closed, `SUBSCRIBER_TOO_SLOW`",
  },
  "gateway-events-all": {
    process: "gateway",
    holds: "events that all subscribers together have not read",
    limit: 1_000_000,
    unit: "events",
    atLimit:
      "streams of which 1,000 and more are not read are closed, `SUBSCRIBER_TOO_SLOW`; journals are read on for those who have read all",
  },
  "gateway-blocks": {
    process: "gateway",
    holds: "what is said of one account while its journal is read",
    limit: 256,
    unit: "blocks",
    atLimit: "dropped, and read from the journal",
    isFullAtTimes: true,
  },
  "gateway-frames": {
    process: "gateway",
    holds: "event frames of one shard while Postgres is read",
    limit: 10_000,
    unit: "frames",
    atLimit: "dropped, and read from Postgres",
  },
  "gateway-reads": {
    process: "gateway",
    holds: "readings that wait for a connection to Postgres, for five seconds at most",
    limit: READS_WAITING_MAX,
    unit: "readings",
    atLimit:
      "what a client asks is refused, `DATABASE_BUSY`; what the gateway itself reads it reads again after 100 ms",
  },
  "node-received": {
    process: "node",
    holds: "what one actor's leader has received of its inbox and not applied",
    limit: 67_108_864,
    unit: "bytes",
    atLimit:
      "more is not in the inbox's stream, whose limit this is (`PALISADE_INBOX_MIB`). The stream is full before: it also has what is " +
      `applied, until it is trimmed, every ${TRIM_EVERY_MS / MS_PER_SECOND} s. Then the log takes nothing more; gateways refuse, \`STREAM_FULL\`, and actors send again`,
  },
  "node-batch": {
    process: "node",
    holds: "commands that were applied while the batch before them commits",
    limit: BATCH_COMMANDS_MAX,
    unit: "commands",
    atLimit: "the rest waits in the inbox; the last frame of a batch may go beyond",
    isFullAtTimes: true,
  },
  "node-outbox": {
    process: "node",
    holds: "commands of one actor that one receiver has not committed, kept to be sent again",
    limit: OUTBOX_COMMANDS_MAX,
    unit: "commands",
    atLimit:
      "the way is told as behind: gateways refuse new orders of that shard for that market, `MARKET_BEHIND` (where it is the market's, of all shards that it has to do with), and transfers " +
      "to that shard, `RECIPIENT_BEHIND`. Answers, and what ends or changes orders that are open, are still taken",
  },
  "node-told": {
    process: "node",
    holds: "batches that one standby was told of and has not applied",
    limit: TOLD_BATCHES_MAX,
    unit: "batches",
    atLimit: "dropped, and read from the batch log",
  },
  "node-early": {
    process: "node",
    holds: "one actor's inbox that is read early, for a planned move of two seconds at most",
    limit: EARLY_INBOX_BYTES_MAX,
    unit: "bytes",
    atLimit: "dropped; the leader reads the inbox from its position when it leads",
    isFullAtTimes: true,
  },
  "node-peers": {
    process: "node",
    holds: "words that one watching node has not read",
    limit: 262_144,
    unit: "bytes",
    atLimit: "the connection is closed; whoever watches dials again",
  },
  "feed-connections": {
    process: "feed",
    holds: "connections of clients",
    limit: 20_000,
    unit: "connections",
    atLimit: "the next is closed, `TOO_MANY_CONNECTIONS`",
  },
  "feed-requests": {
    process: "feed",
    holds: "requests of one client without an answer",
    limit: 64,
    unit: "requests",
    atLimit: "refused, `TOO_MANY_MESSAGES`",
    isFullAtTimes: true,
  },
  "feed-unread": {
    process: "feed",
    holds: "what one client has not read",
    limit: 4_194_304,
    unit: "bytes",
    atLimit: "the connection is closed, `SLOW_CONSUMER`; from 262,144 on diffs are merged",
  },
  "feed-frames": {
    process: "feed",
    holds: "event frames of one market while Postgres is read",
    limit: 10_000,
    unit: "frames",
    atLimit: "dropped, and read from Postgres",
  },
  "feed-reads": {
    process: "feed",
    holds: "readings that wait for a connection to Postgres, for five seconds at most",
    limit: READS_WAITING_MAX,
    unit: "readings",
    atLimit: "refused, and read again after 200 ms",
  },
} as const satisfies Record<string, Queue>;

export type QueueName = keyof typeof QUEUES;

/** The longest of the queues of a name; `limit` where that is not always the same. */
export interface QueueState {
  readonly length: number;
  readonly limit?: number;
}

export type QueueStates<Name extends QueueName> = Readonly<Record<Name, QueueState>>;

/** The queues of a process: to show them all is what the compiler asks of it. */
export type QueuesOf<Process extends Queue["process"]> = {
  [Name in QueueName]: (typeof QUEUES)[Name]["process"] extends Process ? Name : never;
}[QueueName];

const registers = [registry];

const queueLimit = new Gauge({
  name: "palisade_queue_limit",
  help: "How much a queue may hold, in the unit that the runbook has for it.",
  labelNames: ["queue"] as const,
  registers,
});

const queueLength = new Gauge({
  name: "palisade_queue_length",
  help: "How much the longest queue of a name holds.",
  labelNames: ["queue"] as const,
  registers,
});

/** Shows a process's queues on /metrics; they are measured when somebody asks. */
export function showQueues(measure: () => Partial<QueueStates<QueueName>>): void {
  beforeScrape(() => {
    const states = Object.entries(measure()) as [QueueName, QueueState][];
    for (const [queue, { length, limit }] of states) {
      queueLength.set({ queue }, length);
      queueLimit.set({ queue }, limit ?? QUEUES[queue].limit);
    }
  });
}

/** The longest of some queues; none of them: nothing. */
export const longest = (lengths: Iterable<number>): QueueState => {
  let length = 0;
  for (const each of lengths) length = Math.max(length, each);
  return { length };
};
