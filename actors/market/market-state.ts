import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { hashOfString, type StateHash } from "../kernel/hash.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";

const STATE_VERSION = 1;

/** What a market is besides its book. It is stored with each batch, whole. */
export class MarketState {
  /** The number of the last order command applied; refused ones have one too. */
  sequence = 0;
  /** The id of the last trade. */
  tradeId = 0;
  /** The priority of the last order that came to rest. */
  arrivals = 0;
  /** The price of the last trade, in price units; 0: there was none. */
  lastPrice = 0;
  /** The reference price that the ledger shards were last told. */
  reference = 0;
  /** How many ledger shards there are; 0 until the instrument is listed. */
  shards = 0;
  instrument: Instrument | null = null;

  encode(): Uint8Array {
    const writer = new ByteWriter(128).u8(STATE_VERSION);
    writer.uint(this.sequence).uint(this.tradeId).uint(this.arrivals);
    writer.uint(this.lastPrice).uint(this.reference).uint(this.shards);
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
    if (version !== STATE_VERSION) throw new MalformedError(`market state version ${version}`);
    state.sequence = reader.uint();
    state.tradeId = reader.uint();
    state.arrivals = reader.uint();
    state.lastPrice = reader.uint();
    state.reference = reader.uint();
    state.shards = reader.uint();
    if (reader.u8() === 1) state.instrument = decodeInstrument(reader);
    reader.end();
    return state;
  }

  addTo(hash: StateHash): void {
    hash.add(this.sequence, this.tradeId, this.arrivals);
    hash.add(this.lastPrice, this.reference, this.shards);
    if (!this.instrument) return;
    const { id, symbol, baseAsset, quoteAsset, priceDecimals, quantityDecimals } = this.instrument;
    hash.add(id, hashOfString(symbol), baseAsset, quoteAsset, priceDecimals, quantityDecimals);
    const { tick, lot, notionalFactor, referencePrice } = this.instrument;
    hash.add(tick, lot, notionalFactor, referencePrice);
  }
}
