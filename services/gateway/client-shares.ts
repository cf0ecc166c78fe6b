/**
 * Calls that wait for a shard: each client has a part of the room that there is for them, as its order-entry streams have,
 * and counted together with these (R11). A stream that has too much is not read; a call is refused. Operators are not held
 * to a part.
 */
import { shardOfAccount } from "../../actors/kernel/ids.js";
import type { Priority } from "./admission.js";
import type { Commands } from "./commands.js";
import { EntryClients } from "./entry-client.js";
import type { Session } from "./session.js";

export interface SharedWay {
  readonly commands: Pick<Commands, "shareRefusal">;
  /** How many ledger shards there are. */
  readonly shards: number;
}

export class ClientShares {
  readonly clients = new EntryClients();
  private readonly way: SharedWay;

  constructor(way: SharedWay) {
    this.way = way;
  }

  /** Makes a call for an account that the session acts for. Rejects with a `Refusal` where its client has its part already. */
  async take<T>(
    session: Session,
    asked: number,
    call: (account: number) => Promise<T>,
  ): Promise<T> {
    const account = session.acting(asked);
    const shard = shardOfAccount(account, this.way.shards);
    return this.waitFor(session, shard, "high", () => call(account));
  }

  /** Makes a call that waits for a shard. Rejects in the same way. */
  async waitFor<T>(
    session: Session,
    shard: number,
    priority: Priority,
    call: () => Promise<T>,
  ): Promise<T> {
    if (session.isForAll) return call();
    const client = this.clients.of(session);
    client.join();
    try {
      const refusal = this.way.commands.shareRefusal(shard, client.waitingAt(shard), priority);
      if (refusal) throw refusal;
      return await client.waitFor(shard, call);
    } finally {
      client.leave();
    }
  }
}
