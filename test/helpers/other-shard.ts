/** Another ledger shard, that takes or returns what it is sent as a test draws it, and sends transfers of its own. */
import { assert } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { decodeLedgerCommand, type ShardMessage } from "../../actors/ledger/messages.js";

export const OTHER_SHARD = 2;
/** An account of the other shard. */
export const STRANGER = 2_001;

/** It answers a transfer (in order, as links keep it), taking or returning it, or it sends one. */
export interface ShardWhim {
  readonly act: "take" | "return" | "send";
  readonly recipient: number;
  readonly asset: number;
  readonly amount: number;
}

export class OtherShard {
  /** How many transfers it has taken, returned, sent, and had returned. */
  readonly counts = { taken: 0, returned: 0, sent: 0, refused: 0 };
  private readonly pending: Extract<ShardMessage, { kind: "credit" }>[] = [];
  private readonly sent = new Set<string>();

  receive(payload: Uint8Array): void {
    const message = decodeLedgerCommand(payload);
    if (message.kind === "credit") {
      this.pending.push(message);
      return;
    }
    assert(message.kind === "credited", "a shard was sent %s", message.kind);
    assert(
      this.sent.delete(message.key),
      "transfer %s is answered twice, or was none",
      message.key,
    );
    if (message.code !== Code.OK) this.counts.refused += 1;
  }

  /** Null: there is nothing to answer. */
  act({ act, recipient, asset, amount }: ShardWhim): ShardMessage | null {
    if (act === "send") {
      const key = `s${++this.counts.sent}`;
      this.sent.add(key);
      return { kind: "credit", sender: STRANGER, key, recipient, asset, amount };
    }
    const credit = this.pending.shift();
    if (!credit) return null;
    const { sender, key } = credit;
    if (act === "take") this.counts.taken += 1;
    else this.counts.returned += 1;
    const code = act === "take" ? Code.OK : Code.UNKNOWN_RECIPIENT;
    return { kind: "credited", sender, key, code };
  }
}
