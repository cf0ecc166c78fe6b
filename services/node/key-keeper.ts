/**
 * What a leader does whose key in etcd is gone, or another's. If its token has been raised it is deposed, and stops. Else etcd was wiped or
 * restored, and it takes the key back: at once where it is nobody's, and else not before whoever has just won it had the time to
 * raise the token, or that one would lead with a key that says otherwise.
 */
import type { Logger } from "pino";
import type { Host } from "../host/host.js";
import type { Clock } from "../ports/clock.js";
import type { Leadership, LeaseStore } from "../ports/lease-store.js";
import type { Store } from "../ports/store.js";
import { TAKES_BACK_AFTER_MS } from "./limits.js";

export interface KeyKeeperDependencies {
  readonly node: string;
  readonly store: Pick<Store, "record">;
  readonly leases: Pick<LeaseStore, "claim">;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "warn">;
}

interface Lost {
  /** Of the key that is another's. */
  readonly revision: number;
  readonly sinceMs: number;
}

export class KeyKeeper {
  private readonly deps: KeyKeeperDependencies;
  /** Leaders whose keys are being looked into. */
  private readonly looked = new Set<Host>();
  private readonly lost = new WeakMap<Host, Lost>();

  constructor(deps: KeyKeeperDependencies) {
    this.deps = deps;
  }

  /**
   * To be called again and again while the host leads. `key`: the actor's, as this node sees it; undefined: nobody's. `isThere`: may
   * its holder live? Else it is not going to raise.
   */
  look(host: Host, key: Leadership | undefined, isThere: boolean): void {
    const { node, logger } = this.deps;
    if (key?.node === node || this.looked.has(host)) return;
    this.looked.add(host);
    this.takeBack(host, key, isThere)
      .catch((error: unknown) =>
        logger.warn({ actor: host.name, error: String(error) }, "the key was not taken back"),
      )
      .finally(() => this.looked.delete(host));
  }

  private async takeBack(host: Host, key: Leadership | undefined, isThere: boolean): Promise<void> {
    const { store, leases } = this.deps;
    const mayTake = key === undefined || !isThere || this.isLate(host, key);
    const record = await store.record(host.actor);
    if (!record || host.token === 0) return;
    if (record.token !== host.token) await host.drain("somebody else has raised the token");
    else if (mayTake) await leases.claim(host.name, key);
  }

  /** Has it been this very key for so long that nobody is about to raise? */
  private isLate(host: Host, { revision }: Leadership): boolean {
    const nowMs = this.deps.clock.now();
    const before = this.lost.get(host);
    if (before?.revision === revision) return nowMs - before.sinceMs >= TAKES_BACK_AFTER_MS;
    this.lost.set(host, { revision, sinceMs: nowMs });
    return false;
  }
}
