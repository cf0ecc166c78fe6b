import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { hashOfString, type StateHash } from "../kernel/hash.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";
import { SCHEDULE_ENTRIES_MAX } from "../kernel/limits.js";
import { isOneOf } from "../kernel/order.js";
import { Phase } from "./phase.js";
import { PriceWindow } from "./price-window.js";
import { decodeRules, DEFAULT_RULES, encodeRules, hashRules, type MarketRules } from "./rules.js";

const STATE_VERSION = 2;
/** Of markets that knew neither phases nor rules: they trade continuously, by the rules of those who set none. */
const STATE_VERSION_BEFORE = 1;

/** Every state is written in it and then copied out. */
const writer = new ByteWriter(256);

/** A change of phase that is still to come. `time` in microseconds since 1970. */
export interface ScheduledPhase {
  readonly time: number;
  readonly phase: Phase;
}

/** What a market is besides its orders. It is stored with each batch, whole. */
export class MarketState {
  /** The number of the last thing that was told (rule book, 7.1). */
  sequence = 0;
  /** The id of the last trade. */
  tradeId = 0;
  /** The last priority that was given. */
  arrivals = 0;
  /** The price of the last trade, in price units; 0: there was none. */
  lastPrice = 0;
  /** The reference price that the ledger shards were last told. */
  reference = 0;
  /** How many ledger shards there are; 0 until the instrument is listed. */
  shards = 0;
  instrument: Instrument | null = null;

  /** The time of the batch under way, in microseconds since 1970. Each batch has its own: it is no part of the hash. */
  time = 0;
  phase: Phase = Phase.Continuous;
  /** When the phase ends by itself, into continuous trading; 0: it does not. */
  phaseUntil = 0;
  /** What the static band is taken around, in price units; 0 until the instrument is listed. */
  sessionReference = 0;
  /** How often the breaker has halted this session. */
  halts = 0;
  /** The session has ended, and not all of its day orders have been ended yet. */
  hasDayOrders = false;
  /** What was last announced of an auction; 0, 0, 0: nothing would trade. The surplus of sellers is negative. */
  indicativePrice = 0;
  indicativeVolume = 0;
  indicativeSurplus = 0;
  readonly window = new PriceWindow();
  rules: MarketRules = DEFAULT_RULES;
  /** In the order of time. */
  schedule: readonly ScheduledPhase[] = [];

  encode(): Uint8Array {
    writer.reset();
    writer.u8(STATE_VERSION).uint(this.sequence).uint(this.tradeId).uint(this.arrivals);
    writer.uint(this.lastPrice).uint(this.reference).uint(this.shards);
    writer.u8(this.phase).uint(this.phaseUntil).uint(this.sessionReference);
    writer.uint(this.halts).u8(this.hasDayOrders ? 1 : 0);
    writer.uint(this.indicativePrice).uint(this.indicativeVolume).int(this.indicativeSurplus);
    this.window.encode(writer);
    encodeRules(writer, this.rules);
    encodeSchedule(writer, this.schedule);
    writer.u8(this.instrument ? 1 : 0);
    if (this.instrument) encodeInstrument(writer, this.instrument);
    return writer.take();
  }

  /** No bytes are the state of a market that has never committed. Throws `MalformedError`. */
  static decode(bytes: Uint8Array): MarketState {
    const state = new MarketState();
    if (bytes.length === 0) return state;
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version !== STATE_VERSION && version !== STATE_VERSION_BEFORE) {
      throw new MalformedError(`market state version ${version}`);
    }
    state.sequence = reader.uint();
    state.tradeId = reader.uint();
    state.arrivals = reader.uint();
    state.lastPrice = reader.uint();
    state.reference = reader.uint();
    state.shards = reader.uint();
    if (version === STATE_VERSION) state.decodePhase(reader);
    if (reader.u8() === 1) state.instrument = decodeInstrument(reader);
    if (version === STATE_VERSION_BEFORE) state.sessionReference = state.reference;
    reader.end();
    return state;
  }

  addTo(hash: StateHash): void {
    hash.add(this.sequence, this.tradeId, this.arrivals);
    hash.add(this.lastPrice, this.reference, this.shards);
    hash.add(this.phase, this.phaseUntil, this.sessionReference, this.halts);
    hash.add(this.hasDayOrders ? 1 : 0, this.indicativePrice, this.indicativeVolume);
    hash.add(this.indicativeSurplus);
    this.window.addTo(hash);
    hashRules(hash, this.rules);
    for (const { time, phase } of this.schedule) hash.add(time, phase);
    if (!this.instrument) return;
    const { id, symbol, baseAsset, quoteAsset, priceDecimals, quantityDecimals } = this.instrument;
    hash.add(id, hashOfString(symbol), baseAsset, quoteAsset, priceDecimals, quantityDecimals);
    const { tick, lot, notionalFactor, referencePrice } = this.instrument;
    hash.add(tick, lot, notionalFactor, referencePrice);
  }

  private decodePhase(reader: ByteReader): void {
    this.phase = phaseOf(reader.u8());
    this.phaseUntil = reader.uint();
    this.sessionReference = reader.uint();
    this.halts = reader.uint();
    this.hasDayOrders = reader.u8() === 1;
    this.indicativePrice = reader.uint();
    this.indicativeVolume = reader.uint();
    this.indicativeSurplus = reader.int();
    this.window.decode(reader);
    this.rules = decodeRules(reader);
    this.schedule = decodeSchedule(reader);
  }
}

export function encodeSchedule(writer: ByteWriter, schedule: readonly ScheduledPhase[]): void {
  writer.uint(schedule.length);
  for (const { time, phase } of schedule) writer.uint(time).u8(phase);
}

/** In the order of time. Throws `MalformedError`. */
export function decodeSchedule(reader: ByteReader): ScheduledPhase[] {
  const count = reader.uint();
  if (count > SCHEDULE_ENTRIES_MAX) throw new MalformedError(`a schedule of ${count} entries`);
  const schedule: ScheduledPhase[] = [];
  for (let n = 0; n < count; n++) {
    const time = reader.uint();
    if (time < (schedule[n - 1]?.time ?? 0)) throw new MalformedError("a schedule out of order");
    schedule.push({ time, phase: phaseOf(reader.u8()) });
  }
  return schedule;
}

export function phaseOf(value: number): Phase {
  if (!isOneOf(Phase, value)) throw new MalformedError(`phase ${value}`);
  return value;
}
