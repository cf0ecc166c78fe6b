/** Who and what there is in every run. */
import { FIRST_MARKET_ID } from "../../../actors/kernel/ids.js";

/** Which exchange it is. */
export const EXCHANGE = "simulated";
export const NODES = ["node-1", "node-2", "node-3"];
export const GATEWAYS = ["gateway-1", "gateway-2"];
export const SERVERS = ["postgres", "nats", "etcd"];
export const LEDGER_SHARDS = 2;
export const SYMBOLS = ["ALFA", "BRAVO.X", "CHARLIE", "DELTA"];
export const QUOTE = "USD";
export const ASSETS = [QUOTE, ...SYMBOLS];
/** By their names in subjects and streams. */
export const ACTORS = [
  "ledger.1",
  "ledger.2",
  "market.ALFA",
  "market.BRAVO%2EX",
  "market.CHARLIE",
  "market.DELTA",
];

/** As a run numbers them: markets in the order in which they are listed. */
export function actorName(id: number): string {
  const shards = ACTORS.slice(0, LEDGER_SHARDS);
  const markets = ACTORS.slice(LEDGER_SHARDS);
  return shards[id - 1] ?? markets[id - FIRST_MARKET_ID] ?? `actor ${id}`;
}

/** Who only says things that nobody must understand (R13): not a source of the exchange. */
export const STRANGER = "stranger";
