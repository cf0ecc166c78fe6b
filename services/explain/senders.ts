/** Whom a command came from, in words. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import type { Reads } from "../ports/reads.js";
import type { AppliedCommand } from "./batch-log.js";
import type { ActorRow } from "./sql.js";

/** A command by who has sent it: the sender's name, its token then, and the command's number among all that it sent. */
export interface Message {
  readonly from: string;
  readonly token: number;
  readonly number: number;
}

export class Senders {
  private readonly names: ReadonlyMap<number, string>;
  private readonly reads: Pick<Reads, "slot">;
  private readonly slots = new Map<number, ReturnType<Reads["slot"]>>();

  constructor(actors: readonly ActorRow[], reads: Pick<Reads, "slot">) {
    this.names = new Map(actors.map(({ id, name }) => [id, decodeSymbol(name)]));
    this.reads = reads;
  }

  nameOf(actor: number): string {
    return this.names.get(actor) ?? `actor ${actor}`;
  }

  async message(
    command: Pick<AppliedCommand, "source" | "sourceToken" | "number">,
  ): Promise<Message> {
    const { source, sourceToken: token, number } = command;
    const from = source > 0 ? this.nameOf(source) : await this.gateway(-source, token);
    return { from, token, number };
  }

  /** Who has a slot now is known; who had it under an earlier token is not. */
  private async gateway(slot: number, token: number): Promise<string> {
    const found = this.slots.get(slot) ?? this.reads.slot(slot);
    this.slots.set(slot, found);
    const holder = await found;
    return holder?.token === token ? `${holder.holder} (slot ${slot})` : `slot ${slot}`;
  }
}
