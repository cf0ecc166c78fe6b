/**
 * An operator of the run, seeded: halts markets and opens them again, sets their rules, and cancels what rests at them. At
 * the end it opens them all.
 */
import { MarketPhase, Side } from "../../../proto/gen/exchange/v1/exchange.js";
import type { GatewayCore } from "../../../services/gateway/gateway-core.js";
import { Refusal } from "../../../services/gateway/refusal.js";
import type { Verdict } from "../checks/verdict.js";
import { type Door, isOfConnection } from "../cluster/door.js";
import { exponentialUs, type Random } from "../world/random.js";
import type { World } from "../world/world.js";

export interface OperatorDependencies {
  readonly world: World;
  readonly verdict: Verdict;
  /** The gateways that can be reached now. */
  readonly doors: () => readonly Door[];
  readonly symbols: readonly string[];
  readonly accounts: readonly number[];
}

const THINK_US = 500_000;
const RETRY_US = 100_000;
/** Phases in which clients here may cancel and place nothing. */
const SHUT = [
  MarketPhase.MARKET_PHASE_HALTED,
  MarketPhase.MARKET_PHASE_CANCEL_ONLY,
  MarketPhase.MARKET_PHASE_POST_ONLY,
  MarketPhase.MARKET_PHASE_CLOSED,
];
const SHUT_MS_MAX = 600;
const US_PER_MS = 1_000;
/** Prices of clients are up to 120 basis points from the reference, quantities up to 20. */
const BANDS_BPS = [60, 90, 500, 2_000];
const QUANTITIES_MAX = [10, 15, 1_000];

export class Operator {
  private readonly deps: OperatorDependencies;
  private readonly random: Random;
  private isClosing = false;
  /** Those that were opened at the end. */
  private readonly open = new Set<string>();

  constructor(deps: OperatorDependencies) {
    this.deps = deps;
    this.random = deps.world.random("operator of markets");
  }

  /** It has opened every market at the end. */
  get isDone(): boolean {
    return this.isClosing && this.open.size === this.deps.symbols.length;
  }

  start(): void {
    const { world } = this.deps;
    world.scheduler.after(1 + exponentialUs(this.random, THINK_US), () => {
      if (this.isClosing) return;
      this.act(this.random.pick(this.deps.symbols));
      this.start();
    });
  }

  finish(): void {
    this.isClosing = true;
    for (const symbol of this.deps.symbols) {
      void this.reopen(symbol).then(() => this.open.add(symbol));
    }
  }

  private act(symbol: string): void {
    const roll = this.random.next();
    if (roll < 0.4) this.shut(symbol);
    else if (roll < 0.75) this.setRules(symbol);
    else this.massCancel(symbol);
  }

  private shut(symbol: string): void {
    const { random, deps } = this;
    const request = { symbol, phase: random.pick(SHUT), until: 0 };
    void this.ask((core) => core.markets.changePhase(request));
    deps.world.scheduler.after(random.whole(50, SHUT_MS_MAX) * US_PER_MS, () => {
      void this.reopen(symbol);
    });
  }

  private setRules(symbol: string): void {
    const { random } = this;
    const rules = {
      staticBandBps: random.pick(BANDS_BPS),
      dynamicBandBps: 0,
      breakerBps: 0,
      breakerWindowSeconds: 300,
      breakerHaltSeconds: [60],
      orderQuantityMax: random.pick(QUANTITIES_MAX),
      orderValueMax: 1_000_000_000,
    };
    void this.ask((core) => core.markets.setRules({ symbol, rules }));
  }

  private massCancel(symbol: string): void {
    const { random, deps } = this;
    const account = random.chance(0.5) ? 0 : random.pick(deps.accounts);
    const side = random.pick([Side.SIDE_UNSPECIFIED, Side.SIDE_BUY, Side.SIDE_SELL]);
    void this.ask((core) => core.markets.massCancel({ symbol, account, side }));
  }

  /** Until it is open, or was already: a command of before that nobody has answered may shut it later. */
  private async reopen(symbol: string): Promise<void> {
    for (;;) {
      const outcome = await this.ask((core) => core.markets.changePhase(opening(symbol)));
      if (outcome === "done" || outcome === "PHASE_INVALID") return;
      await new Promise<void>((resolve) => this.deps.world.scheduler.after(RETRY_US, resolve));
    }
  }

  /** Asks through whatever gateway there is, and gives the code of a refusal. */
  private async ask(work: (core: GatewayCore) => Promise<unknown>): Promise<string> {
    const doors = this.deps.doors();
    if (doors.length === 0) return "nobody";
    try {
      await this.random.pick(doors).call(work);
      return "done";
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      const { verdict } = this.deps;
      verdict.expect(isOfConnection(error), "R10", () => `a gateway failed: ${String(error)}`);
      return "broken";
    }
  }
}

/** In continuous trading; PHASE_INVALID says that it is already. */
const opening = (symbol: string) => ({
  symbol,
  phase: MarketPhase.MARKET_PHASE_CONTINUOUS,
  until: 0,
});
