/**
 * How much accounts of each tier may ask for, as this gateway's settings have it. A shard knows nothing of it: what is in force for an
 * account is said to its shard by the command that opens it or gives it a tier, and kept with the account, so that shards decide by what
 * was said to them alone (R6).
 */
import { areSameLimits, type Limits, NO_LIMITS } from "../../actors/ledger/limit-terms.js";

export class TierLimits {
  private readonly byTier: readonly Limits[];

  /** Of tier 0, 1, and so on, as the setting is written: `1000:200:50,0:0:0`. */
  constructor(setting: string) {
    this.byTier = setting.split(",").map((tier) => {
      const [ordersPerDay, openOrders, requestsPerSecond] = tier.split(":").map(Number);
      return {
        ordersPerDay: ordersPerDay!,
        openOrders: openOrders!,
        requestsPerSecond: requestsPerSecond!,
      };
    });
  }

  /** Of a higher tier than there are: those of the last. */
  of(tier: number): Limits {
    return this.byTier[Math.min(tier, this.byTier.length - 1)]!;
  }

  /** What an account is opened with: no word of limits where there are none. */
  whenOpened(): { readonly limits?: Limits } {
    const limits = this.of(0);
    return areSameLimits(limits, NO_LIMITS) ? {} : { limits };
  }
}
