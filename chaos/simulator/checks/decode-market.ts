/** What operators tell markets, and what a market's stored state says of its phase and its rules: read for the checks alone. */
import { Bytes, Unreadable } from "./bytes.js";

export interface SeenRules {
  readonly staticBandBps: number;
  readonly dynamicBandBps: number;
  readonly breakerBps: number;
  readonly breakerWindowSeconds: number;
  readonly breakerHaltSeconds: readonly number[];
  readonly orderQuantityMax: number;
  readonly orderValueMax: number;
}

export type SeenOperatorCommand =
  | { readonly kind: "list"; readonly referencePrice: number }
  | { readonly kind: "phase"; readonly phase: number }
  | { readonly kind: "rules"; readonly rules: SeenRules }
  /** How many changes of phase are to come. */
  | { readonly kind: "schedule"; readonly entries: number }
  /** Account 0: everybody's; side 0: both. */
  | { readonly kind: "mass-cancel"; readonly account: number; readonly side: number };

/**
 * Null: whatever else a slot says is nothing to a market. What makes no sense, a gateway has refused before it came to one.
 */
export function readOperatorCommand(payload: Uint8Array): SeenOperatorCommand | null {
  if (payload.length === 0) return null;
  const bytes = new Bytes(payload);
  switch (bytes.byte()) {
    case 1:
      return { kind: "list", referencePrice: readReferencePrice(bytes) };
    case 7:
      return { kind: "phase", phase: bytes.byte() };
    case 8:
      return { kind: "rules", rules: readRules(bytes) };
    case 9:
      return { kind: "schedule", entries: bytes.number() };
    case 10:
      return { kind: "mass-cancel", account: bytes.number(), side: bytes.byte() };
    default:
      return null;
  }
}

function readReferencePrice(bytes: Bytes): number {
  bytes.number();
  bytes.text();
  // Assets and decimals, of price and quantity; tick, lot and notional factor.
  for (let n = 0; n < 7; n++) bytes.number();
  return bytes.number();
}

function readRules(bytes: Bytes): SeenRules {
  const [staticBandBps, dynamicBandBps] = [bytes.number(), bytes.number()];
  const [breakerBps, breakerWindowSeconds] = [bytes.number(), bytes.number()];
  const steps = bytes.number();
  const breakerHaltSeconds: number[] = [];
  for (let n = 0; n < steps; n++) breakerHaltSeconds.push(bytes.number());
  const [orderQuantityMax, orderValueMax] = [bytes.number(), bytes.number()];
  const bands = { staticBandBps, dynamicBandBps, breakerBps, breakerWindowSeconds };
  return { ...bands, breakerHaltSeconds, orderQuantityMax, orderValueMax };
}

/** How a market stands besides its orders. */
export interface SeenStanding {
  readonly phase: number;
  /** What the static band is taken around. */
  readonly sessionReference: number;
  readonly lastPrice: number;
  readonly rules: SeenRules;
}

export interface SeenState {
  /** What the shards were told last of where it trades. */
  readonly reference: number;
  /** Null: of the version before, which knew neither phases nor rules. */
  readonly standing: SeenStanding | null;
}

const OLDER_VERSION = 1;
const VERSION = 2;

export function readMarketState(data: Uint8Array): SeenState {
  const bytes = new Bytes(data);
  const version = bytes.byte();
  if (version !== VERSION && version !== OLDER_VERSION) throw new Unreadable("another version");
  // The sequence, the last trade's number, the last priority.
  for (let n = 0; n < 3; n++) bytes.number();
  const [lastPrice, reference] = [bytes.number(), bytes.number()];
  // How many shards there are.
  bytes.number();
  if (version === OLDER_VERSION) return { reference, standing: null };
  const phase = bytes.byte();
  // When it ends.
  bytes.number();
  const sessionReference = bytes.number();
  // Halts; whether day orders are left; what was announced of an auction.
  bytes.number();
  bytes.byte();
  for (let n = 0; n < 2; n++) bytes.number();
  bytes.signed();
  for (let slices = bytes.number(); slices > 0; slices--) {
    for (let n = 0; n < 3; n++) bytes.number();
  }
  const rules = readRules(bytes);
  return { reference, standing: { phase, sessionReference, lastPrice, rules } };
}
