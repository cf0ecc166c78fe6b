/**
 * One subscription to the warnings of all accounts. It follows what is said first and reads what is stored then, so nothing is between the
 * two. Nothing is kept for a client that does not read: what was said meanwhile is read from the journal when it does (R11).
 */
import type { ServiceError } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type {
  SubscribeWarningsRequest,
  SubscribeWarningsResponse,
  Warning,
} from "../../proto/gen/exchange/v1/exchange.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { Reads } from "../ports/reads.js";
import { readableBlocks } from "./journal-block.js";
import { RETRY_READ_AFTER_MS, WARNING_ROWS_PER_PAGE } from "./limits.js";
import { invalid, Refusal } from "./refusal.js";
import { type Warnings, warningsIn } from "./warnings.js";

export interface WarningStreamDependencies {
  readonly reads: Pick<Reads, "actorHeads" | "warningRows">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly warnings: Warnings;
  /** How many ledger shards there are; they are numbered from 1. */
  readonly shards: number;
}

/** The way to one subscriber: a gRPC stream is one. */
export interface WarningCall {
  /** False: nothing more before `drain`. */
  write(message: SubscribeWarningsResponse): boolean;
  end(): unknown;
  on(event: "drain" | "cancelled" | "error" | "close", handler: () => void): unknown;
  emit(event: "error", error: ServiceError): unknown;
}

export class WarningStream {
  private readonly call: WarningCall;
  private readonly deps: WarningStreamDependencies;
  private readonly onEnd: (stream: WarningStream) => void;
  /** Of each shard, the last batch whose warnings were sent, and from when on they are wanted. */
  private readonly positions = new Map<number, { batch: number; readonly since: number }>();
  /** What was said and is not sent yet. */
  private said: Warning[] = [];
  private isLive = false;
  /** Was anything said since the last reading began? */
  private hasNews = false;
  private isBlocked = false;
  private onRoom: () => void = () => undefined;
  private closed = false;

  constructor(
    call: WarningCall,
    deps: WarningStreamDependencies,
    onEnd: (stream: WarningStream) => void,
  ) {
    this.call = call;
    this.deps = deps;
    this.onEnd = onEnd;
    for (const event of ["cancelled", "error", "close"] as const)
      call.on(event, () => this.close());
    call.on("drain", () => {
      this.isBlocked = false;
      this.onRoom();
    });
  }

  async start(request: SubscribeWarningsRequest): Promise<void> {
    this.deps.warnings.add(this);
    try {
      await this.begin(request);
      await this.readOn();
      if (!request.storedOnly || this.closed) return;
      this.close();
      this.call.end();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(error);
    }
  }

  /** Ends the stream with an error that says why. */
  fail(refusal: Refusal): void {
    if (this.closed) return;
    this.close();
    this.call.emit("error", refusal.toServiceError());
  }

  take(warnings: readonly Warning[]): void {
    this.hasNews = true;
    if (!this.isLive) return;
    if (this.said.length === 0) this.deps.clock.soon(() => this.tell());
    this.said.push(...warnings);
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.said = [];
    this.deps.warnings.remove(this);
    this.onRoom();
    this.onEnd(this);
  }

  private async begin({ positions, since }: SubscribeWarningsRequest): Promise<void> {
    if (since < 0) throw invalid("TIME_INVALID", "a time is microseconds since 1970, or 0 for all");
    const { shards } = this.deps;
    for (let shard = 1; shard <= shards; shard++) this.positions.set(shard, { batch: 0, since });
    const heads =
      positions.length === 0 ? [] : await this.retried(() => this.deps.reads.actorHeads());
    const named = new Set<number>();
    for (const { shard, batch } of positions) {
      if (!this.positions.has(shard)) {
        throw invalid("UNKNOWN_SHARD", `ledger shards are 1 to ${shards}, not ${shard}`);
      }
      if (named.has(shard)) throw invalid("SHARD_REPEATED", `shard ${shard} is named twice`);
      named.add(shard);
      if (batch < 0) throw invalid("BATCH_INVALID", "batches are 1 and above, 0 for all");
      const head = heads.find(({ actor }) => actor === shard)?.batch ?? 0;
      if (batch > head) {
        throw invalid("BATCH_AHEAD", `shard ${shard} stands at batch ${head}, before ${batch}`);
      }
      this.positions.set(shard, { batch, since: 0 });
    }
  }

  /** Reads until nothing is said that was not read: from then on it is live. */
  private async readOn(): Promise<void> {
    this.isLive = false;
    this.said = [];
    do {
      this.hasNews = false;
      for (const shard of this.positions.keys()) await this.readShard(shard);
    } while (this.hasNews && !this.closed);
    this.isLive = true;
  }

  private async readShard(shard: number): Promise<void> {
    const position = this.positions.get(shard)!;
    for (;;) {
      await this.room();
      if (this.closed) return;
      const rows = await this.retried(() =>
        this.deps.reads.warningRows(shard, position.batch, position.since, WARNING_ROWS_PER_PAGE),
      );
      const blocks = readableBlocks(rows, this.deps.logger);
      this.write(blocks.flatMap((block) => warningsIn(shard, block)));
      position.batch = Math.max(position.batch, rows.at(-1)?.batch ?? 0);
      if (rows.length < WARNING_ROWS_PER_PAGE) return;
    }
  }

  /** What was said in this turn of the event loop: whole batches. */
  private tell(): void {
    const said = this.said;
    this.said = [];
    if (!this.isLive) return;
    this.write(said);
    if (this.isBlocked) void this.readOn();
  }

  private write(warnings: readonly Warning[]): void {
    const fresh = warnings.filter(({ shard, batch, time }) => {
      const position = this.positions.get(shard)!;
      return batch > position.batch && time >= position.since;
    });
    for (const { shard, batch } of fresh) this.positions.get(shard)!.batch = batch;
    if (fresh.length === 0 || this.closed) return;
    this.isBlocked = !this.call.write({ warnings: fresh });
  }

  /** Tries until it is read; nothing is read any more when this is closed. */
  private async retried<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
    while (!this.closed) {
      try {
        return await read();
      } catch (error) {
        const { logger, clock } = this.deps;
        logger.warn({ error: String(error) }, "warnings could not be read; again soon");
        await sleep(clock, RETRY_READ_AFTER_MS);
      }
    }
    return [];
  }

  private room(): Promise<void> {
    if (!this.isBlocked || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.onRoom = resolve;
    });
  }
}
