/** Instruments: an operator's definition becomes rows, a market, and known to every ledger shard. */
import { status } from "@grpc/grpc-js";
import { type Instrument, instrumentProblem } from "../../actors/kernel/instrument.js";
import { DECIMALS_MAX } from "../../actors/kernel/limits.js";
import { encodeMarketCommand } from "../../actors/market/messages.js";
import type {
  Asset,
  Instrument as PublicInstrument,
  ListInstrumentsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { type Clock, sleep } from "../ports/clock.js";
import { InstrumentConflictError, type InstrumentDefinition, type Reads } from "../ports/reads.js";
import type { Catalog } from "./catalog.js";
import type { Commands } from "./commands.js";
import { publicInstrument } from "./convert.js";
import type { Leaders } from "./leaders.js";
import {
  INSTRUMENT_CHECK_EVERY_MS,
  INSTRUMENT_KNOWN_MS_MAX,
  MARKET_LEADER_MS_MAX,
} from "./limits.js";
import { invalid, Refusal, unavailable } from "./refusal.js";
import { fromPostgres } from "./unary.js";

/** When to ask again for an instrument that is not known everywhere yet. */
const RETRY_INSTRUMENT_MS = 1_000;
const ASSET_NAME = /^[A-Za-z0-9._-]{1,24}$/;

export interface InstrumentDeskDependencies {
  readonly reads: Pick<Reads, "createInstrument" | "instrumentShards">;
  readonly catalog: Catalog;
  readonly commands: Commands;
  readonly leaders: Leaders;
  readonly clock: Clock;
  /** Which exchange they are of. */
  readonly identity: string;
  readonly shards: number;
}

export class InstrumentDesk {
  private readonly deps: InstrumentDeskDependencies;

  constructor(deps: InstrumentDeskDependencies) {
    this.deps = deps;
  }

  /** All instruments, as Postgres has them now, and which exchange they are of. */
  async list(): Promise<ListInstrumentsResponse> {
    const { catalog, identity } = this.deps;
    await fromPostgres(catalog.refresh());
    const instruments = catalog.instruments.map((each) => publicInstrument(catalog, each));
    return { instruments, exchange: identity };
  }

  /** Resolves when every ledger shard knows the instrument; the same definition again is harmless. */
  async create(asked: PublicInstrument | undefined): Promise<PublicInstrument> {
    const { reads, catalog, shards } = this.deps;
    const instrument = await this.define(definitionOf(asked));
    if ((await fromPostgres(reads.instrumentShards(instrument.id))) < shards) {
      await this.tellMarket(instrument);
      await this.waitForShards(instrument);
    }
    await fromPostgres(catalog.refresh());
    return publicInstrument(catalog, instrument);
  }

  private async define(definition: InstrumentDefinition): Promise<Instrument> {
    const { reads } = this.deps;
    const defining = reads.createInstrument(definition).catch((error: unknown) => {
      if (!(error instanceof InstrumentConflictError)) throw error;
      return new Refusal(status.ALREADY_EXISTS, "INSTRUMENT_CONFLICT", error.message);
    });
    const defined = await fromPostgres(defining);
    if (defined instanceof Refusal) throw defined;
    return defined;
  }

  /** Tells the market of its instrument, once somebody leads it. To say it again is harmless. */
  private async tellMarket(instrument: Instrument): Promise<void> {
    const { commands, shards, clock, leaders } = this.deps;
    const until = clock.now() + MARKET_LEADER_MS_MAX;
    while (!leaders.isLed(instrument.id) && clock.now() < until) {
      await sleep(clock, INSTRUMENT_CHECK_EVERY_MS);
    }
    const payload = () => encodeMarketCommand({ kind: "list", instrument, shards });
    const refusal = commands.submit(instrument.id, payload, null);
    if (refusal) throw refusal;
  }

  private async waitForShards({ id, symbol }: Instrument): Promise<void> {
    const { reads, clock, shards } = this.deps;
    const until = clock.now() + INSTRUMENT_KNOWN_MS_MAX;
    while ((await fromPostgres(reads.instrumentShards(id))) < shards) {
      if (clock.now() > until) {
        const message = `${symbol} is defined, but not every ledger shard knows it yet`;
        throw unavailable("INSTRUMENT_NOT_READY", message, RETRY_INSTRUMENT_MS);
      }
      await sleep(clock, INSTRUMENT_CHECK_EVERY_MS);
    }
  }
}

/** Throws a `Refusal` that says what is wrong with the definition. */
function definitionOf(asked: PublicInstrument | undefined): InstrumentDefinition {
  if (!asked) throw wrong("no instrument was given");
  const { symbol, baseAsset, quoteAsset, priceDecimals, quantityDecimals } = asked;
  const { tick, lot, referencePrice, makerFee, takerFee, feeTiers } = asked;
  const base = assetOf("base", baseAsset);
  const quote = assetOf("quote", quoteAsset);
  if (base.name === quote.name) throw wrong("base and quote asset are the same");
  if (priceDecimals < 0 || quantityDecimals < 0) throw wrong("decimals are not below zero");
  if (base.decimals !== quantityDecimals) {
    throw wrong("the base asset's decimals are the quantity's");
  }
  const notionalFactor = 10 ** Math.max(quote.decimals - priceDecimals - quantityDecimals, -1);
  const terms = { symbol, priceDecimals, quantityDecimals, tick, lot, referencePrice };
  const definition = { ...terms, notionalFactor, makerFee, takerFee, feeTiers };
  const problem = instrumentProblem({ ...definition, id: 0, baseAsset: 1, quoteAsset: 2 });
  if (problem) throw wrong(problem);
  return { ...definition, base, quote };
}

function assetOf(which: string, asset: Asset | undefined): Asset {
  if (!asset) throw wrong(`no ${which} asset was given`);
  const { name, decimals } = asset;
  if (!ASSET_NAME.test(name))
    throw wrong(`the ${which} asset's name is 1 to 24 of A-Z a-z 0-9 . _ -`);
  if (decimals < 0 || decimals > DECIMALS_MAX) {
    throw wrong(`the ${which} asset's decimals are 0 to ${DECIMALS_MAX}`);
  }
  return { name, decimals };
}

const wrong = (message: string): Refusal => invalid("INSTRUMENT_INVALID", message);
