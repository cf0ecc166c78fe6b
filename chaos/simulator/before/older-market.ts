/**
 * A market of the version before: it decides as today's does by the rules of those who set none, stores what was stored then, and
 * cannot read what is stored today.
 */
import type { Effects, Envelope } from "../../../actors/kernel/actor.js";
import type { Links } from "../../../actors/kernel/links.js";
import { FastEngine } from "../../../actors/market/fast/fast-engine.js";
import { Market } from "../../../actors/market/market.js";
import { MarketState } from "../../../actors/market/market-state.js";
import {
  restoreActor,
  type RestoreActor,
  type RestoredActor,
} from "../../../services/host/restore-actor.js";
import type { Row } from "../../../services/ports/store.js";
import { olderHash, refuseNewer, storeOlder } from "./older-state.js";

/** As nodes of the version before make their actors: ledger shards were what they are. */
export const restoreOlder: RestoreActor = (record, links) => {
  if (record.kind !== "market") return restoreActor(record, links);
  refuseNewer(record.state);
  return new OlderMarket(record, links);
};

class OlderMarket implements RestoredActor {
  readonly id: number;
  readonly links: Links;
  private readonly market: Market;
  /** The market's own. */
  private state = new MarketState();

  constructor(record: { readonly id: number; readonly state: Uint8Array }, links: Links) {
    this.id = record.id;
    this.links = links;
    this.market = Market.restore(record, links, (state) => {
      this.state = state;
      return new FastEngine(state);
    });
  }

  loadPage(table: string, rows: readonly Row[]): void {
    this.market.loadPage(table, rows);
  }

  finishLoading(): void {
    this.market.finishLoading();
  }

  advance(time: number): void {
    this.market.advance(time);
  }

  due(): number {
    return this.market.due();
  }

  apply(envelope: Envelope): void {
    this.market.apply(envelope);
  }

  takeEffects(): Effects {
    return { ...this.market.takeEffects(), state: storeOlder(this.state) };
  }

  dropEffects(): void {
    this.market.dropEffects();
  }

  setSilent(isSilent: boolean): void {
    this.market.setSilent(isSilent);
  }

  stateHash(): number {
    return olderHash(this.market);
  }

  checkInvariants(): void {
    this.market.checkInvariants();
  }
}
