/** How much one engine holds and does at once (R11). Tests take less, so that every limit is met. */
import {
  EXPIRIES_AT_ONCE_MAX,
  LEVELS_PER_SIDE_MAX,
  MASS_CANCEL_ORDERS_MAX,
  RESTING_ORDERS_MAX,
  SWEEP_MAKERS_MAX,
  TRAILING_STOPS_MAX,
} from "../kernel/limits.js";

export interface EngineLimits {
  /** Open orders, those that wait too. */
  readonly restingOrdersMax: number;
  /** Prices of a side of the book; and, counted apart, stop prices of a side. */
  readonly levelsPerSideMax: number;
  readonly trailingStopsMax: number;
  readonly sweepMakersMax: number;
  readonly massCancelOrdersMax: number;
  readonly expiriesAtOnceMax: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  restingOrdersMax: RESTING_ORDERS_MAX,
  levelsPerSideMax: LEVELS_PER_SIDE_MAX,
  trailingStopsMax: TRAILING_STOPS_MAX,
  sweepMakersMax: SWEEP_MAKERS_MAX,
  massCancelOrdersMax: MASS_CANCEL_ORDERS_MAX,
  expiriesAtOnceMax: EXPIRIES_AT_ONCE_MAX,
};
