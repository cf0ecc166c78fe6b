/**
 * Calls that are let through where new orders are refused: each client has a part of the room that is kept for them, as its
 * order-entry streams have of theirs, and counted together with these (R11). A stream that has too much is not read; a call is
 * refused. Operators are not held to a part.
 */
import { shardOfAccount } from "../../actors/kernel/ids.js";
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
    if (session.isForAll) return call(account);
    const { commands, shards } = this.way;
    const shard = shardOfAccount(account, shards);
    const client = this.clients.of(session);
    client.join();
    try {
      const refusal = commands.shareRefusal(shard, client.waitingAt(shard));
      if (refusal) throw refusal;
      return await client.waitFor(shard, () => call(account));
    } finally {
      client.leave();
    }
  }
}
