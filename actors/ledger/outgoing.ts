/** What a batch says besides its journal: commands for markets, numbered as they are said (R4), and replies. */
import { ByteWriter } from "../kernel/bytes.js";
import type { Links } from "../kernel/links.js";
import { encodeMarketCommand, type MarketCommand } from "../market/messages.js";
import { encodeReply, type Reply } from "./account-events.js";

export class Outgoing {
  private readonly links: Links;
  private sends = new Map<number, Uint8Array[]>();
  private readonly replies = new ByteWriter();

  constructor(links: Links) {
    this.links = links;
  }

  send(market: number, command: MarketCommand): void {
    this.links.nextNumber(market);
    const payload = encodeMarketCommand(command);
    const sent = this.sends.get(market);
    if (sent) sent.push(payload);
    else this.sends.set(market, [payload]);
  }

  reply(reply: Reply): void {
    encodeReply(this.replies, reply);
  }

  take(): {
    readonly sends: ReadonlyMap<number, readonly Uint8Array[]>;
    readonly replies: Uint8Array | null;
  } {
    const { sends } = this;
    const replies = this.replies.length > 0 ? this.replies.take() : null;
    this.sends = new Map();
    this.replies.reset();
    return { sends, replies };
  }
}
