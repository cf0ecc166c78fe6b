/**
 * How many commands the messages of order-entry streams have, and how many bytes. Each is counted; to encode all of them a
 * second time would be in the way of what is measured, so of their bytes a few speak for all.
 */
import { type OrderCommand, OrderEntryRequest } from "../../proto/gen/exchange/v1/exchange.js";
import type { Venue } from "../../services/participants/desk.js";

/** One message of so many is encoded again. */
const SAMPLED_EVERY_MESSAGES = 64;

export interface SentMessages {
  readonly messages: number;
  readonly commands: number;
  readonly sampledCommands: number;
  readonly sampledBytes: number;
}

export class MessageSizes {
  private messages = 0;
  private commands = 0;
  private sampledCommands = 0;
  private sampledBytes = 0;

  /** The same venue, of which every message is counted. */
  over(venue: Venue): Venue {
    return {
      resolveOrder: (account, clientOrderId) => venue.resolveOrder(account, clientOrderId),
      orderEntry: (listener) => {
        const stream = venue.orderEntry(listener);
        const send = (commands: OrderCommand[]) => {
          this.count(commands);
          stream.send(commands);
        };
        return { send, close: () => stream.close() };
      },
    };
  }

  get sent(): SentMessages {
    const { messages, commands, sampledCommands, sampledBytes } = this;
    return { messages, commands, sampledCommands, sampledBytes };
  }

  private count(commands: OrderCommand[]): void {
    if (this.messages % SAMPLED_EVERY_MESSAGES === 0) {
      this.sampledCommands += commands.length;
      this.sampledBytes += OrderEntryRequest.encode({ commands }).finish().length;
    }
    this.messages += 1;
    this.commands += commands.length;
  }
}
