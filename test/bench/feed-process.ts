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

/** A trade and when it was heard of, in microseconds since 1970. */
export type HeardTrade = readonly [symbol: string, tradeId: number, heardAt: number];

export type ListenerLine =
  | { readonly kind: "ready" }
  | {
      readonly kind: "heard";
      readonly heard: readonly HeardTrade[];
      readonly reconnects: number;
    };

export class FeedProcess {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  private constructor(scene: Scene) {
    const args = [PROGRAM, scene.exchange.ws, ...scene.symbols];
    this.child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin?.on("error", () => {}); // Its end is seen by its silence.
    const lines: Interface = createInterface({ input: this.child.stdout! });
    this.lines = lines[Symbol.asyncIterator]();
  }

  /** Resolves when it is subscribed to the trades of all symbols. */
  static async start(scene: Scene): Promise<FeedProcess> {
    const started = new FeedProcess(scene);
    await started.next("ready");
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it; gives what it has heard. */
  async stop(): Promise<readonly HeardTrade[]> {
    this.child.stdin?.end();
    const line = await this.next("heard");
    return line.kind === "heard" ? line.heard : [];
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  private async next(kind: ListenerLine["kind"]): Promise<ListenerLine> {
    const { value, done } = await this.lines.next();
    const line = done ? undefined : (JSON.parse(value) as ListenerLine);
    if (line?.kind === kind) return line;
    throw new Error("LISTENER_FAILED: the subscriber of the feed has ended");
  }
}

/**
 * From the time of the batch in which each was committed until it was heard, without those of the lead-in; and how many
 * were heard of which nothing is known.
 */
export async function tradeToFeed(
  scene: Scene,
  heard: readonly HeardTrade[],
): Promise<{ readonly latencies: Latencies; readonly unknown: number }> {
  const times = await scene.query<{ symbol: string; tradeId: number; time: number }>(
    `SELECT i.symbol, t.trade_id AS "tradeId", t.time
     FROM trades t JOIN instruments i ON i.instrument = t.actor
     WHERE (i.symbol, t.trade_id) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))`,
    [heard.map(([symbol]) => symbol), heard.map(([, tradeId]) => tradeId)],
  );
  const committed = new Map(
    times.map(({ symbol, tradeId, time }) => [`${symbol}/${tradeId}`, time]),
  );
  const known = heard.flatMap(([symbol, tradeId, heardAt]) => {
    const time = committed.get(`${symbol}/${tradeId}`);
    return time === undefined ? [] : [{ time, heardAt }];
  });
  const latencies = new Latencies();
  for (const { time, heardAt } of afterLeadIn(known, (trade) => trade.time)) {
    latencies.record((heardAt - time) / MICROSECONDS_PER_MS);
  }
  return { latencies, unknown: heard.length - known.length };
}
