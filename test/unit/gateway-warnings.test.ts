/** The stream of all accounts' warnings: each once, in the order of its shard, whatever is said when and however slowly it is read. */
import { EventEmitter } from "node:events";
import * as fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { decodeAccountEvents, encodeAccountEvent } from "../../actors/ledger/account-events.js";
import type { WarningEvent } from "../../actors/ledger/warnings.js";
import type {
  SubscribeWarningsRequest,
  SubscribeWarningsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { RETRY_READ_AFTER_MS, WARNING_ROWS_PER_PAGE } from "../../services/gateway/limits.js";
import { WarningStream } from "../../services/gateway/warning-stream.js";
import { Warnings } from "../../services/gateway/warnings.js";
import type { ActorHead, JournalRow } from "../../services/ports/reads.js";
import { ManualClock } from "../helpers/manual-clock.js";

const SHARDS = 2;
const ALL: SubscribeWarningsRequest = { positions: [], since: 0, storedOnly: false };
const WARNING: WarningEvent = {
  kind: "warning",
  warning: 2,
  window: 60_000_000,
  orders: 1,
  amends: 0,
  cancels: 0,
  trades: 0,
  selfTrades: 1,
  usualOrders: 0,
};

/** A stream whose reader takes so many messages and then no more until `read`. */
class TestCall extends EventEmitter {
  readonly messages: string[][] = [];
  isEnded = false;
  private room: number;

  constructor(room = Infinity) {
    super();
    this.room = room;
    this.on("error", () => undefined);
  }

  write({ warnings }: SubscribeWarningsResponse): boolean {
    this.messages.push(warnings.map(({ shard, batch, account }) => `${shard}/${batch}/${account}`));
    this.room -= 1;
    return this.room > 0;
  }

  read(messages: number): void {
    this.room = messages;
    this.emit("drain");
  }

  end(): void {
    this.isEnded = true;
  }

  /** What was heard of a shard. */
  of(shard: number): string[] {
    return this.messages.flat().filter((each) => each.startsWith(`${shard}/`));
  }
}

/** Two shards, what they have stored, and who follows them. */
class Stage {
  readonly clock = new ManualClock();
  readonly warnings = new Warnings();
  readonly stored: JournalRow[] = [];
  readonly batches = [0, 0, 0];
  fails = 0;

  /** Commits a batch that warns so many accounts; `isHeard`: its word comes at once. */
  commit(shard: number, accounts: number, isHeard = true): void {
    const batch = ++this.batches[shard]!;
    const writer = new ByteWriter();
    encodeAccountEvent(writer, { kind: "rested", orderId: 1, leaves: 1, sequence: 1 });
    encodeAccountEvent(writer, WARNING);
    const events = writer.take();
    for (let account = 1; account <= accounts; account++) {
      const place = { account, batch, token: 1, time: batch * 10, first: batch * 2 - 1 };
      this.stored.push({ ...place, actor: shard, last: batch * 2, events });
      const block = { ...place, events: decodeAccountEvents(events) };
      if (isHeard) this.warnings.take(shard, block);
    }
  }

  open(call: TestCall, request: SubscribeWarningsRequest = ALL): WarningStream {
    const reads = {
      actorHeads: async () => this.batches.map((batch, actor) => ({ actor, batch }) as ActorHead),
      warningRows: async (shard: number, after: number, since: number, most: number) => {
        await settled();
        if (this.fails-- > 0) throw new Error("away");
        const rows = this.stored.filter(
          ({ actor, batch, time }) => actor === shard && batch > after && time >= since,
        );
        const last = rows[most - 1]?.batch ?? Infinity;
        return rows.filter(({ batch }) => batch <= last);
      },
    };
    const { clock, warnings } = this;
    const logger = pino({ level: "silent" });
    const deps = { reads, clock, logger, warnings, shards: SHARDS };
    const stream = new WarningStream(call, deps, () => undefined);
    void stream.start(request);
    return stream;
  }

  expected(shard: number): string[] {
    const rows = this.stored.filter(({ actor }) => actor === shard);
    return rows.map(({ batch, account }) => `${shard}/${batch}/${account}`);
  }

  async settle(): Promise<void> {
    for (let n = 0; n < 30; n++) {
      this.clock.advance(RETRY_READ_AFTER_MS);
      await settled();
    }
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("warnings of all accounts", () => {
  it("are told once and in order of each shard, in whole batches, whatever happens meanwhile", async () => {
    const step = fc.record({
      shard: fc.constantFrom(1, 2),
      accounts: fc.constantFrom(1, 2, 3, WARNING_ROWS_PER_PAGE - 1),
      fate: fc.constantFrom("heard", "heard", "pause", "slow", "read", "fail"),
    });
    const steps = fc.array(step, { maxLength: 25 });
    const property = fc.asyncProperty(steps, fc.nat(10), async (steps, opens) => {
      const stage = new Stage();
      const call = new TestCall();
      for (const [at, { shard, accounts, fate }] of steps.entries()) {
        if (at === Math.min(opens, steps.length - 1)) stage.open(call);
        stage.commit(shard, accounts);
        if (fate === "pause") await settled();
        if (fate === "slow") call.read(1);
        if (fate === "read") call.read(2);
        if (fate === "fail") stage.fails = 2;
      }
      for (let n = 0; n < 60 && steps.length > 0; n++) {
        call.read(1_000);
        await stage.settle();
        if (call.of(1).length + call.of(2).length === stage.stored.length) break;
      }
      for (const shard of [1, 2]) expect(call.of(shard)).toEqual(stage.expected(shard));
      const homes = new Map<string, number>();
      for (const [at, message] of call.messages.entries()) {
        for (const each of message) {
          const batch = each.slice(0, each.lastIndexOf("/"));
          expect(homes.get(batch) ?? at).toBe(at);
          homes.set(batch, at);
        }
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it("go on behind what was received, and end with what is stored where that is all that is wanted", async () => {
    const stage = new Stage();
    for (let n = 0; n < 5; n++) stage.commit(1, 1);
    stage.commit(2, 1);
    const call = new TestCall();
    stage.open(call, { positions: [{ shard: 1, batch: 3 }], since: 10, storedOnly: true });
    await stage.settle();
    expect(call.messages.flat()).toEqual(["1/4/1", "1/5/1", "2/1/1"]);
    expect(call.isEnded).toBe(true);
    const late = new TestCall();
    stage.open(late, { ...ALL, since: 41 });
    await stage.settle();
    expect(late.messages.flat()).toEqual(["1/5/1"]);
  });

  it("keep nothing for a client that does not read, and tell it everything when it does", async () => {
    const stage = new Stage();
    const call = new TestCall(1);
    stage.open(call);
    await stage.settle();
    for (let n = 0; n < 50; n++) {
      stage.commit(1, 1);
      await settled();
    }
    expect(call.messages.length).toBeLessThan(3);
    call.read(100);
    await stage.settle();
    expect(call.of(1)).toEqual(stage.expected(1));
  });

  it.each([
    ["UNKNOWN_SHARD", [{ shard: 3, batch: 0 }]],
    ["SHARD_REPEATED", [1, 1].map((shard) => ({ shard, batch: 0 }))],
    ["BATCH_INVALID", [{ shard: 1, batch: -1 }]],
    ["BATCH_AHEAD", [{ shard: 1, batch: 7 }]],
  ])("are refused with %s", async (code, positions) => {
    const call = new TestCall();
    const codes: unknown[] = [];
    call.on("error", (error: { metadata: { get(key: string): unknown[] } }) =>
      codes.push(...error.metadata.get("palisade-code")),
    );
    new Stage().open(call, { ...ALL, positions });
    await settled();
    await settled();
    expect(codes).toEqual([code]);
  });
});
