/** A command of a client or an operator, and what its account's shard has answered. */
import { shardOfAccount } from "../../actors/kernel/ids.js";
import { type ClientCommand, encodeLedgerCommand } from "../../actors/ledger/messages.js";
import type { Commands } from "./commands.js";
import type { Answer } from "./pending.js";
import { outcomeUnknown } from "./refusal.js";

export interface ShardLine {
  readonly commands: Pick<Commands, "submit">;
  /** How many ledger shards there are. */
  readonly shards: number;
}

/** Rejects with a `Refusal` when it was not published, or nobody has answered. */
export async function askShard(
  { commands, shards }: ShardLine,
  command: ClientCommand,
): Promise<Answer> {
  const shard = shardOfAccount(command.account, shards);
  const answer = await new Promise<Answer | null>((resolve, reject) => {
    const refusal = commands.submit(shard, () => encodeLedgerCommand(command), resolve);
    if (refusal) reject(refusal);
  });
  if (!answer) throw outcomeUnknown();
  return answer;
}
