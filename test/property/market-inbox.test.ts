/** What a market does is decided by its inbox and the times of its batches alone (R6): applied again, it is the same to the last byte. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effects } from "../../actors/kernel/actor.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import type { Link } from "../../actors/kernel/links.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { type EngineMaker, Market } from "../../actors/market/market.js";
import {
  encodeMarketCommand,
  isOrderCommand,
  type MarketCommand,
} from "../../actors/market/messages.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { applyLogged, OpenBatch } from "../../services/host/open-batch.js";
import type { LoggedBatch } from "../../services/ports/store.js";
import { INSTRUMENT, MARKET_ID, OPERATOR } from "../helpers/market.js";
import { Tables } from "../helpers/tables.js";
import { type Happening, wholeFlows } from "../helpers/whole-flow.js";

const TOKEN = 3;
const SHARDS = 2;
/** Few enough that all of them are met. */
const LIMITS = { restingOrdersMax: 12, levelsPerSideMax: 5, sweepMakersMax: 4 };
const ENGINES: readonly (readonly [string, EngineMaker])[] = [
  ["FastEngine", (state) => new FastEngine(state, LIMITS)],
  ["NaiveEngine", (state) => new NaiveEngine(state, LIMITS)],
];

/** A batch as it was applied, and what came of it. */
interface Done {
  readonly batch: LoggedBatch;
  readonly effects: Effects;
}

/** A market whose batches end when time passes, and wherever else one asks for it. */
class Leader {
  readonly market: Market;
  readonly done: Done[] = [];
  private open: OpenBatch;

  constructor(engineOf: EngineMaker, start: number) {
    this.market = Market.create(MARKET_ID, engineOf);
    this.open = new OpenBatch(this.market, start);
    this.take({ kind: "list", instrument: INSTRUMENT, shards: SHARDS });
  }

  happen({ time, command }: Happening, mayEnd: boolean): void {
    // What is due at once is done where a batch begins: there, it makes a difference where that is.
    const isSplit = mayEnd && this.market.due() > time;
    if (time > this.open.time || isSplit) {
      this.end();
      this.open = new OpenBatch(this.market, time);
    }
    if (command) this.take(command);
  }

  end(): void {
    const commands = this.open.takeLog();
    const effects = this.market.takeEffects();
    const hash = this.market.stateHash();
    const batch = this.done.length + 1;
    const { time } = this.open;
    const logged = { actor: MARKET_ID, batch, token: TOKEN, time, hash, commands };
    this.done.push({ batch: logged, effects });
  }

  private take(command: MarketCommand): void {
    const source = isOrderCommand(command) ? shardOfOrder(command.orderId) : OPERATOR;
    const first = this.market.links.of(source).received + 1;
    const commands = [encodeMarketCommand(command)];
    this.open.apply({ source, token: TOKEN, first, commands }, 0);
  }
}

function lead(
  engineOf: EngineMaker,
  happenings: readonly Happening[],
  cuts: readonly boolean[] = [],
): Leader {
  const leader = new Leader(engineOf, happenings[0]?.time ?? 0);
  for (const [at, happening] of happenings.entries()) {
    leader.happen(happening, cuts[at] ?? false);
  }
  leader.end();
  return leader;
}

/** Everything that was told and stored, wherever batches ended. */
function sumOf({ market, done }: Leader) {
  const tables = new Tables();
  for (const { effects } of done) tables.apply(effects);
  const byOrder = (row: Readonly<Record<string, unknown>>): number => Number(row["order_id"]);
  return {
    hash: market.stateHash(),
    state: done.at(-1)!.effects.state,
    links: linksOf(market),
    events: Buffer.concat(done.map(({ effects }) => effects.events ?? new Uint8Array(0))),
    sends: [1, 2].map((shard) => done.flatMap(({ effects }) => effects.sends.get(shard) ?? [])),
    trades: tables.rows("trades"),
    book: tables.rows("book").sort((a, b) => byOrder(a) - byOrder(b)),
    terms: tables.rows("order_terms").sort((a, b) => byOrder(a) - byOrder(b)),
  };
}

function linksOf(market: Market): Link[] {
  return [...market.links.all()].sort((a, b) => a.peer - b.peer);
}

describe.each(ENGINES)("the inbox of a market with the %s", (_, engineOf) => {
  it("applied twice leads to the same, batch by batch", () => {
    fc.assert(
      fc.property(wholeFlows, (happenings) => {
        const leader = lead(engineOf, happenings);
        const again = lead(engineOf, happenings);
        expect(again.done).toEqual(leader.done);
        expect(sumOf(again)).toEqual(sumOf(leader));
      }),
      { numRuns: 60 },
    );
  });

  it.each(ENGINES)("read back from the batch log by a %s leads to the same", (_, otherOf) => {
    fc.assert(
      fc.property(wholeFlows, (happenings) => {
        const leader = lead(engineOf, happenings);
        const standby = Market.create(MARKET_ID, otherOf);
        for (const { batch, effects } of leader.done) {
          applyLogged(standby, batch);
          const { events, sends, state } = standby.takeEffects();
          expect(standby.stateHash()).toBe(batch.hash);
          expect({ events, sends, state }).toEqual({
            events: effects.events,
            sends: effects.sends,
            state: effects.state,
          });
        }
        expect(linksOf(standby)).toEqual(linksOf(leader.market));
      }),
      { numRuns: 60 },
    );
  });

  it("leads to the same wherever its batches end, if nothing is due at once there", () => {
    let splits = 0;
    const cuts = fc.array(fc.boolean(), { minLength: 150 });
    fc.assert(
      fc.property(wholeFlows, cuts, (happenings, cuts) => {
        const whole = lead(engineOf, happenings);
        const split = lead(engineOf, happenings, cuts);
        splits += split.done.length - whole.done.length;
        expect(sumOf(split)).toEqual(sumOf(whole));
      }),
      { numRuns: 60 },
    );
    expect(splits).toBeGreaterThan(100);
  });
});
