/** What a batch says besides its journal: commands for markets and for other shards, numbered as they are said (R4), and replies. */
import { ByteWriter } from "../kernel/bytes.js";
import type { Links } from "../kernel/links.js";
import { encodeMarketCommand, type MarketCommand } from "../market/messages.js";
import { encodeReply, type Reply } from "./account-events.js";
import { encodeLedgerCommand, type ShardMessage } from "./messages.js";

export class Outgoing {
  /** Then it numbers what is said, and keeps nothing of it. */
  isSilent = false;
  private readonly links: Links;
  private sends = new Map<number, Uint8Array[]>();
  private readonly replies = new ByteWriter();

  constructor(links: Links) {
    this.links = links;
  }

  send(market: number, command: MarketCommand): void {
    if (this.isSilent) this.links.nextNumber(market);
    else this.add(market, encodeMarketCommand(command));
  }

  sendToShard(shard: number, message: ShardMessage): void {
    if (this.isSilent) this.links.nextNumber(shard);
    else this.add(shard, encodeLedgerCommand(message));
  }

  reply(reply: Reply): void {
    if (!this.isSilent) encodeReply(this.replies, reply);
  }

  take(): {
    readonly sends: ReadonlyMap<number, readonly Uint8Array[]>;
    readonly replies: Uint8Array | null;
  } {
    const { sends } = this;
    const replies = this.replies.length > 0 ? this.replies.take() : null;
    this.drop();
    return { sends, replies };
  }

  /** Forgets it. */
  drop(): void {
    this.sends = new Map();
    this.replies.reset();
  }

  private add(destination: number, payload: Uint8Array): void {
    this.links.nextNumber(destination);
    const sent = this.sends.get(destination);
    if (sent) sent.push(payload);
    else this.sends.set(destination, [payload]);
  }
}
