/** A subscriber of the feed in a process of its own, as its parent sees it. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Scene } from "../../chaos/scene.js";
import { Latencies } from "../../services/participants/latencies.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { afterLeadIn } from "./phase.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "test", "bench", "feed-listener.js");
const MICROSECONDS_PER_MS = 1_000;
const LAST_WORDS_LENGTH = 2_000;
const OUT_OF_TURN = "LISTENER_FAILED: the subscriber answered out of turn";

/** A trade that is committed in the first or last of so long, in which the subscriber listens, may not be heard. */
export const EDGE_SECONDS = 1;
const MICROSECONDS_PER_SECOND = 1_000_000;

/** A trade and when it was heard of, in microseconds since 1970. */
export type HeardTrade = readonly [symbol: string, tradeId: number, heardAt: number];

export type ListenerLine =
  | { readonly kind: "ready" }
  | {
      readonly kind: "heard";
      readonly heard: readonly HeardTrade[];
      readonly reconnects: number;
    };

/** What a subscriber has heard, and from when until when it listened, in microseconds since 1970. */
export interface Heard {
  readonly trades: readonly HeardTrade[];
  readonly reconnects: number;
  readonly from: number;
  readonly until: number;
}

export interface StoredTrade {
  readonly symbol: string;
  readonly tradeId: number;
  /** Of the batch in which it was committed. */
  readonly time: number;
}

/** What a subscriber has to know of an exchange. */
interface Followed {
  readonly exchange: Pick<Scene["exchange"], "ws">;
  readonly symbols: readonly string[];
}

export class FeedProcess {
  private readyAt = 0;
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly closed: Promise<unknown>;
  private lastWords = "";

  private constructor(scene: Followed) {
    const args = [PROGRAM, scene.exchange.ws, ...scene.symbols];
    this.child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.closed = new Promise((done) => this.child.once("close", done));
    this.child.stdin?.on("error", () => {}); // Its end is seen by its silence.
    // Kept for whoever waits for it: of one that is ended early nobody does, and its end is no news.
    this.child.stderr?.on(
      "data",
      (chunk) => (this.lastWords = (this.lastWords + chunk).slice(-LAST_WORDS_LENGTH)),
    );
    const lines: Interface = createInterface({ input: this.child.stdout! });
    this.lines = lines[Symbol.asyncIterator]();
  }

  /** Resolves when it is subscribed to the trades of all symbols. */
  static async start(scene: Followed): Promise<FeedProcess> {
    const started = new FeedProcess(scene);
    await started.next("ready");
    started.readyAt = now();
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it; gives what it has heard. */
  async stop(): Promise<Heard> {
    const until = now();
    this.child.stdin?.end();
    const line = await this.next("heard");
    if (line.kind !== "heard") throw new Error(OUT_OF_TURN);
    return { trades: line.heard, reconnects: line.reconnects, from: this.readyAt, until };
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  private async next(kind: ListenerLine["kind"]): Promise<ListenerLine> {
    const { value, done } = await this.lines.next();
    const line = done ? undefined : (JSON.parse(value) as ListenerLine);
    if (line?.kind === kind) return line;
    if (line) throw new Error(OUT_OF_TURN);
    await this.closed; // Then all that it said has come.
    throw new Error(`LISTENER_FAILED: the subscriber of the feed has ended: ${this.lastWords}`);
  }
}

/**
 * From the time of the batch in which each was committed until it was heard, without those of the lead-in; how many were
 * heard of which nothing is known, and how many were not heard that are stored.
 */
export async function tradeToFeed(
  scene: Scene,
  heard: Heard,
): Promise<{
  readonly latencies: Latencies;
  readonly unknown: number;
  readonly missing: number;
}> {
  const { trades, from, until } = heard;
  const times = await scene.query<StoredTrade>(
    `SELECT i.symbol, t.trade_id AS "tradeId", t.time
     FROM trades t JOIN instruments i ON i.instrument = t.actor
     WHERE t.time BETWEEN $3 AND $4
        OR (i.symbol, t.trade_id) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))`,
    [trades.map(([symbol]) => symbol), trades.map(([, tradeId]) => tradeId), from, until],
  );
  const committed = new Map(times.map((trade) => [keyOf(trade.symbol, trade.tradeId), trade.time]));
  const known = trades.flatMap(([symbol, tradeId, heardAt]) => {
    const time = committed.get(keyOf(symbol, tradeId));
    return time === undefined ? [] : [{ time, heardAt }];
  });
  const latencies = new Latencies();
  for (const { time, heardAt } of afterLeadIn(known, (trade) => trade.time)) {
    latencies.record((heardAt - time) / MICROSECONDS_PER_MS);
  }
  const missing = missingOf(times, heard);
  return { latencies, unknown: trades.length - known.length, missing };
}

/** Of the stored trades those that were not heard, but for the edges. */
export function missingOf(
  stored: readonly StoredTrade[],
  { trades, from, until }: Pick<Heard, "trades" | "from" | "until">,
): number {
  const heard = new Set(trades.map(([symbol, tradeId]) => keyOf(symbol, tradeId)));
  const edge = EDGE_SECONDS * MICROSECONDS_PER_SECOND;
  const isDue = ({ time }: StoredTrade) => time >= from + edge && time <= until - edge;
  return stored.filter((trade) => isDue(trade) && !heard.has(keyOf(trade.symbol, trade.tradeId)))
    .length;
}

const keyOf = (symbol: string, tradeId: number): string => `${symbol}/${tradeId}`;

function now(): number {
  return Math.round((performance.timeOrigin + performance.now()) * MICROSECONDS_PER_MS);
}
