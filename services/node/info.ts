/** What a node says of itself under its key in etcd. */
import { DEFAULT_WEIGHT, WEIGHT_MAX } from "../../actors/placement/rendezvous.js";

export interface NodeInfo {
  /** Where peers watch it, as host:port; empty: nowhere. */
  readonly address: string;
  /** How much it takes compared with others. */
  readonly weight: number;
  /** Different in each life of its process. */
  readonly incarnation: string;
  /** Which exchange it serves, as the database calls it; empty: it does not say. */
  readonly exchange: string;
  /** Actors by name that have stopped there: it is no choice for them. */
  readonly unable: readonly string[];
  /** It is on its way out: whoever comes after it should ask for what it leads. */
  readonly isLeaving: boolean;
}

const ADDRESS = /^[^\s/]+:[1-9]\d{0,4}$/;

export function encodeNodeInfo(info: NodeInfo): string {
  return JSON.stringify(info);
}

/** What cannot be read is left at what a plain node says: placement rests on it, and nothing else. */
export function parseNodeInfo(text: string): NodeInfo {
  let said: Partial<Record<keyof NodeInfo, unknown>> = {};
  try {
    said = (JSON.parse(text) as typeof said | null) ?? {};
  } catch {
    // Not ours, or of another version.
  }
  const { address, weight, incarnation, exchange, unable, isLeaving } = said;
  const isWeight = typeof weight === "number" && weight > 0 && weight <= WEIGHT_MAX;
  return {
    address: typeof address === "string" && ADDRESS.test(address) ? address : "",
    weight: isWeight ? weight : DEFAULT_WEIGHT,
    incarnation: typeof incarnation === "string" ? incarnation : "",
    exchange: typeof exchange === "string" ? exchange : "",
    unable: Array.isArray(unable) ? unable.filter((name) => typeof name === "string") : [],
    isLeaving: isLeaving === true,
  };
}
