/**
 * The engine that trades against the readable one, over seeded flows of everything that a market can be asked. As many commands
 * as `npm run test:property` asks for; few in a plain test run.
 */
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import type { OrderRows } from "../../actors/market/engine.js";
import { EventKind } from "../../actors/market/event-log.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { compareEngines, Divergence, type Pair } from "../helpers/engine-compare.js";

const SHORT_COMMANDS = 23_000;
const commands = Number(process.env["PALISADE_PROPERTY_COMMANDS"] ?? SHORT_COMMANDS);
const seed = Number(process.env["PALISADE_PROPERTY_SEED"] ?? 1);
/** Generous: a busy machine compares more than this many commands in a second. */
const COMMANDS_PER_SECOND_LEAST = 200;
const timeout = 60_000 + (commands / COMMANDS_PER_SECOND_LEAST) * 1_000;

describe("the fast engine and the readable one", () => {
  it("tell and know the same", { timeout }, () => {
    const started = performance.now();
    const { markets } = compareEngines(commands, seed);
    const seconds = (performance.now() - started) / 1_000;
    const rate = Math.round(commands / seconds);
    const whole = `${commands} commands in ${markets} markets, seed ${seed}`;
    process.stdout.write(`${whole}: no difference, ${rate} commands/s\n`);
  });

  it("are asked everything: each kind of event and each code is among what they tell", () => {
    const { kinds, codes } = compareEngines(22_000, 7);
    expect([...kinds.keys()].sort((a, b) => a - b)).toEqual(Object.values(EventKind));
    const missing = Object.keys(Code).filter((name) => ENGINE_CODES.has(name) && !codes.has(name));
    expect(missing).toEqual([]);
    expect([...codes.keys()].filter((name) => !ENGINE_CODES.has(name))).toEqual([]);
  });

  describe("would be caught differing", () => {
    class Miscounting extends NaiveEngine {
      override reduce(orderId: number, leaves: number): void {
        super.reduce(orderId, leaves + 1);
      }
    }
    class Forgetful extends NaiveEngine {
      override takeRows(rows: OrderRows): void {
        super.takeRows({
          changed: (order, isNew, hasNewTerms) => {
            rows.changed(
              isNew ? { ...order, leaves: order.leaves - 1 } : order,
              isNew,
              hasNewTerms,
            );
          },
          removed: (orderId, isOrdinary) => rows.removed(orderId, isOrdinary),
        });
      }
    }
    class Careless extends NaiveEngine {
      override massCancel(): void {
        throw new Error("nothing is cancelled here");
      }
    }
    const mutants: [what: string, mutant: Pair[0], most: number, message: RegExp][] = [
      ["in what they tell", Miscounting, 2, /is reduced to|ends with/],
      ["in what they store", Forgetful, 2, /rows/],
      ["by failing", Careless, 1, /nothing is cancelled here/],
    ];

    it.each(mutants)("%s, by few commands", (_, mutant, most, message) => {
      let divergence: unknown;
      try {
        compareEngines(2_000, 3, [mutant, NaiveEngine]);
      } catch (error) {
        divergence = error;
      }
      expect(divergence).toBeInstanceOf(Divergence);
      expect((divergence as Divergence).commands.length).toBeLessThanOrEqual(most);
      expect((divergence as Divergence).message).toMatch(message);
      expect((divergence as Divergence).message).toMatch(/seed 3, market 0/);
    });
  });
});

/** What an engine answers with, once its instrument is listed. */
const ENGINE_CODES = new Set<string>([
  "INVALID_SIDE",
  "INVALID_ORDER_TYPE",
  "INVALID_TIME_IN_FORCE",
  "INVALID_SELF_TRADE_MODE",
  "QUANTITY_NOT_POSITIVE",
  "QUANTITY_OFF_LOT",
  "QUANTITY_TOO_LARGE",
  "PRICE_NOT_POSITIVE",
  "PRICE_OFF_TICK",
  "PRICE_TOO_LARGE",
  "STOP_PRICE_WITHOUT_STOP",
  "STOP_PRICE_MISSING",
  "STOP_PRICE_OFF_TICK",
  "STOP_PRICE_TOO_LARGE",
  "DISPLAY_OFF_LOT",
  "DISPLAY_NOT_BELOW_QUANTITY",
  "DISPLAY_OF_IMMEDIATE",
  "POST_ONLY_NOT_LIMIT",
  "POST_ONLY_IMMEDIATE",
  "MARKET_ORDER_TIME_IN_FORCE",
  "STOP_TIME_IN_FORCE",
  "EXPIRY_WITHOUT_DATE",
  "EXPIRY_MISSING",
  "EXPIRY_IN_THE_PAST",
  "TRAIL_WITHOUT_STOP",
  "TRAIL_OFF_TICK",
  "TRAIL_TOO_LARGE",
  "MIN_QUANTITY_OFF_LOT",
  "MIN_QUANTITY_ABOVE_QUANTITY",
  "MIN_QUANTITY_NOT_IMMEDIATE",
  "REPRICES_NOT_POST_ONLY",
  "MARKET_CLOSED",
  "MARKET_HALTED",
  "CANCEL_ONLY",
  "POST_ONLY_PHASE",
  "NOT_IN_AUCTION",
  "TOO_LATE_FOR_OPEN",
  "PRICE_OUTSIDE_BAND",
  "ORDER_QUANTITY_ABOVE_LIMIT",
  "ORDER_VALUE_ABOVE_LIMIT",
  "STOP_ALREADY_TRIGGERED",
  "POST_ONLY_WOULD_TRADE",
  "FOK_NOT_FILLABLE",
  "BOOK_FULL",
  "LEVELS_FULL",
  "MIN_QUANTITY_NOT_FILLABLE",
  "TRAILING_STOPS_FULL",
  "CANCELLED_BY_CLIENT",
  "IMMEDIATE_REMAINDER",
  "SELF_TRADE_PREVENTED",
  "SWEEP_LIMIT",
  "PRICE_PROTECTION",
  "EXPIRED",
  "DAY_ENDED",
  "AUCTION_REMAINDER",
  "PAIR_DONE",
  "CANCELLED_BY_OPERATOR",
  "TOO_LATE",
  "REDUCE_NOT_BELOW_LEAVES",
  "AMEND_OF_NOTHING",
  "AMEND_BELOW_FILLED",
  "AMEND_OF_OTHER_TERMS",
  "PHASE_BY_OPERATOR",
  "PHASE_BY_SCHEDULE",
  "PHASE_BY_BREAKER",
  "PHASE_BY_TIME",
]);
