/** Warnings of all accounts, for those who watch over them. */
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import type { Warning } from "../../proto/gen/exchange/v1/exchange.js";
import { publicWarning } from "./convert-events.js";
import type { Block } from "./shard-events.js";

export interface WarningFollower {
  /** Warnings of one account in one batch; what a batch has of others follows before anything else happens. */
  take(warnings: readonly Warning[]): void;
}

export class Warnings {
  private readonly followers = new Set<WarningFollower>();

  add(follower: WarningFollower): void {
    this.followers.add(follower);
  }

  remove(follower: WarningFollower): void {
    this.followers.delete(follower);
  }

  take(shard: number, block: Block): void {
    if (this.followers.size === 0 || !block.events.some(isWarning)) return;
    const warnings = warningsIn(shard, block);
    for (const follower of this.followers) follower.take(warnings);
  }
}

export function warningsIn(shard: number, block: Block): Warning[] {
  const { account, first, batch, token, time } = block;
  return block.events.flatMap((event, at) => {
    if (event.kind !== "warning") return [];
    const place = { shard, batch, account, sequence: first + at, token, time };
    return [{ ...place, warned: publicWarning(event) }];
  });
}

function isWarning({ kind }: AccountEvent): boolean {
  return kind === "warning";
}
