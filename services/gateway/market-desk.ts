/**
 * Markets as operators ask for them: how one stands, its phase, its rules, its schedule, its orders. A command goes to the
 * market's inbox like any other; a market answers nobody, so it is done when it is committed, and what is stored then is
 * the answer.
 */
import { Code, codeName } from "../../actors/kernel/codes.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { ACCOUNT_ID_MAX, SCHEDULE_ENTRIES_MAX } from "../../actors/kernel/limits.js";
import { isOneOf, Side } from "../../actors/kernel/order.js";
import { MarketState, type ScheduledPhase } from "../../actors/market/market-state.js";
import { encodeMarketCommand, type OperatorCommand } from "../../actors/market/messages.js";
import { Phase, PHASE_NAMES, phaseChangeProblem } from "../../actors/market/phase.js";
import { rulesProblem } from "../../actors/market/rules.js";
import type {
  ChangePhaseRequest,
  Market,
  MassCancelRequest,
  SetRulesRequest,
  SetScheduleRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Reads } from "../ports/reads.js";
import type { Catalog } from "./catalog.js";
import { codeText } from "./code-text.js";
import type { Commands } from "./commands.js";
import { publicMarket, rulesOf } from "./convert-market.js";
import type { ExchangeTime } from "./exchange-time.js";
import { invalid, notFound, unfit } from "./refusal.js";
import type { ReviewDesk } from "./review-desk.js";
import { fromPostgres } from "./unary.js";

export interface MarketDeskDependencies {
  readonly reads: Pick<Reads, "marketState">;
  readonly catalog: Catalog;
  readonly commands: Commands;
  readonly time: ExchangeTime;
  readonly reviews: Pick<ReviewDesk, "refuseAll">;
}

/** Everything rejects with a `Refusal` that says what is wrong. */
export class MarketDesk {
  private readonly deps: MarketDeskDependencies;

  constructor(deps: MarketDeskDependencies) {
    this.deps = deps;
  }

  async get(symbol: string): Promise<Market> {
    return this.stored(await this.instrument(symbol));
  }

  async changePhase({ symbol, phase, until }: ChangePhaseRequest): Promise<Market> {
    const instrument = await this.instrument(symbol);
    const wanted = phaseOf(phase);
    const { phase: now } = (await this.read(instrument)).state;
    const problem = phaseChangeProblem(now, wanted, until, this.deps.time.now());
    if (problem) throw unfit("PHASE_INVALID", problem);
    return this.command(instrument, { kind: "phase", phase: wanted, until });
  }

  async setRules({ symbol, rules: asked }: SetRulesRequest): Promise<Market> {
    const instrument = await this.instrument(symbol);
    if (!asked) throw invalid("RULES_INVALID", "no rules were given");
    const rules = rulesOf(asked);
    const problem = rulesProblem(rules);
    if (problem) throw invalid("RULES_INVALID", problem);
    return this.command(instrument, { kind: "rules", rules });
  }

  async setSchedule({ symbol, schedule: asked }: SetScheduleRequest): Promise<Market> {
    const instrument = await this.instrument(symbol);
    const schedule = asked.map(({ time, phase }) => ({ time, phase: phaseOf(phase) }));
    const problem = scheduleProblem(schedule, this.deps.time.now());
    if (problem) throw invalid("SCHEDULE_INVALID", problem);
    return this.command(instrument, { kind: "schedule", schedule });
  }

  async massCancel({ symbol, account, side }: MassCancelRequest): Promise<Market> {
    const instrument = await this.instrument(symbol);
    if (account < 0 || account > ACCOUNT_ID_MAX) {
      throw invalid("ACCOUNT_INVALID", `account numbers are 1 to ${ACCOUNT_ID_MAX}, 0 for all`);
    }
    if (side !== 0 && !isOneOf(Side, side)) {
      throw invalid(codeName(Code.INVALID_SIDE), codeText(Code.INVALID_SIDE));
    }
    const market = await this.command(instrument, { kind: "mass-cancel", account, side });
    // The market has never heard of those that are held for review.
    await this.deps.reviews.refuseAll({ instrument: instrument.id, account, side });
    return market;
  }

  /** Gives the market as it is stored when it has obeyed. */
  private async command(instrument: Instrument, command: OperatorCommand): Promise<Market> {
    await this.deps.commands.commit(instrument.id, encodeMarketCommand(command));
    return this.stored(instrument);
  }

  private async stored(instrument: Instrument): Promise<Market> {
    const { state, time } = await this.read(instrument);
    return publicMarket(instrument.symbol, state, time);
  }

  private async read({ id }: Instrument): Promise<{ state: MarketState; time: number }> {
    const { state, time } = await fromPostgres(this.deps.reads.marketState(id));
    return { state: MarketState.decode(state), time };
  }

  private async instrument(symbol: string): Promise<Instrument> {
    const { catalog } = this.deps;
    if (!catalog.instrument(symbol) && !catalog.isFresh) await fromPostgres(catalog.refresh());
    const found = catalog.instrument(symbol);
    if (found) return found;
    throw notFound(codeName(Code.UNKNOWN_SYMBOL), codeText(Code.UNKNOWN_SYMBOL));
  }
}

/** Throws a `Refusal`. */
function phaseOf(value: number): Phase {
  if (isOneOf(Phase, value)) return value;
  const names = Object.values(PHASE_NAMES).join(", ");
  throw invalid("UNKNOWN_PHASE", `${value} is no phase; there are: ${names}`);
}

/** Says what is wrong with a schedule at a time, or nothing. */
function scheduleProblem(schedule: readonly ScheduledPhase[], now: number): string | undefined {
  if (schedule.length > SCHEDULE_ENTRIES_MAX) {
    return `a schedule has at most ${SCHEDULE_ENTRIES_MAX} entries`;
  }
  for (const [at, { time }] of schedule.entries()) {
    if (time <= now) return `entry ${at + 1} is not in the future`;
    if (time < (schedule[at - 1]?.time ?? 0)) return `entry ${at + 1} is before the one above it`;
  }
  return undefined;
}
