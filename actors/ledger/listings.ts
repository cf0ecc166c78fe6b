/** The instruments as the shard knows them from their markets, each with the price that bands are taken around. */
import type { RowSet } from "../kernel/actor.js";
import { NO_ROWS } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { ByteReader, ByteWriter } from "../kernel/bytes.js";
import type { StateHash } from "../kernel/hash.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";
import { HashKind } from "./hash-kinds.js";
import { bytesIn, numberIn, rowSetOf, type TableRow } from "./rows.js";

export interface Listing {
  instrument: Instrument;
  /** In price units. */
  referencePrice: number;
}

export class Listings {
  private readonly hash: StateHash;
  private readonly byId = new Map<number, Listing>();
  private readonly touched = new Set<Listing>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  find(instrument: number): Listing | undefined {
    return this.byId.get(instrument);
  }

  /** The listing of an instrument that orders were accepted for. */
  of(instrument: number): Listing {
    const listing = this.byId.get(instrument);
    assert(listing !== undefined, "instrument %s is not listed", instrument);
    return listing;
  }

  all(): Iterable<Listing> {
    return this.byId.values();
  }

  /** Takes a new definition; a reference price that trades have set stays. What holds are made of cannot change. */
  define(instrument: Instrument): void {
    const known = this.byId.get(instrument.id);
    if (!known) {
      this.touched.add(this.put(instrument, instrument.referencePrice));
      return;
    }
    const { baseAsset, quoteAsset, notionalFactor } = known.instrument;
    assert(
      instrument.baseAsset === baseAsset &&
        instrument.quoteAsset === quoteAsset &&
        instrument.notionalFactor === notionalFactor,
      "instrument %s has changed its assets or their units",
      instrument.id,
    );
    known.instrument = instrument;
    this.touched.add(known);
  }

  setReference(instrument: number, price: number): void {
    const listing = this.of(instrument);
    this.hash.remove(HashKind.Reference, instrument, listing.referencePrice);
    listing.referencePrice = price;
    this.hash.add(HashKind.Reference, instrument, price);
    this.touched.add(listing);
  }

  takeRows(): RowSet {
    if (this.touched.size === 0) return NO_ROWS;
    const writer = new ByteWriter();
    const written = [...this.touched].map((listing) => {
      const offset = writer.length;
      encodeInstrument(writer, listing.instrument);
      return { listing, offset, length: writer.length - offset };
    });
    this.dropRows();
    const rows = rowSetOf(written, {
      instrument: ({ listing }) => listing.instrument.id,
      reference_price: ({ listing }) => listing.referencePrice,
      offset: ({ offset }) => offset,
      length: ({ length }) => length,
    });
    return { ...rows, bytes: writer.take() };
  }

  dropRows(): void {
    this.touched.clear();
  }

  restore(row: TableRow): void {
    const reader = new ByteReader(bytesIn(row, "definition"));
    const instrument = decodeInstrument(reader);
    reader.end();
    assert(instrument.id === numberIn(row, "instrument"), "a definition is another instrument's");
    this.put(instrument, numberIn(row, "reference_price"));
  }

  private put(instrument: Instrument, referencePrice: number): Listing {
    const listing: Listing = { instrument, referencePrice };
    this.byId.set(instrument.id, listing);
    this.hash.add(HashKind.Reference, instrument.id, referencePrice);
    return listing;
  }
}
