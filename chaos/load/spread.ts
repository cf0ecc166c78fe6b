/** One client as many: its commands go over several order-entry streams, each account's over the same one. */
import type { OrderCommand } from "../../proto/gen/exchange/v1/exchange.js";
import type { EntryStream, Venue } from "../../services/participants/desk.js";

/** The same venue, of which each stream that is opened is so many; when one of them is lost, all are. */
export function spread(venue: Venue, streams: number): Venue {
  return {
    resolveOrder: (account, clientOrderId) => venue.resolveOrder(account, clientOrderId),
    orderEntry: ({ results, lost }) => {
      let isLost = false;
      const opened: EntryStream[] = [];
      const close = () => {
        for (const stream of opened) stream.close();
      };
      const loseAll = () => {
        if (isLost) return;
        isLost = true;
        close();
        lost();
      };
      for (let n = 0; n < streams; n++) {
        opened.push(venue.orderEntry({ results, lost: loseAll }));
      }
      return { close, send: (commands) => sendSpread(opened, commands) };
    },
  };
}

function sendSpread(streams: readonly EntryStream[], commands: readonly OrderCommand[]): void {
  const parts = streams.map((): OrderCommand[] => []);
  for (const command of commands) parts[accountOf(command) % streams.length]!.push(command);
  for (const [n, part] of parts.entries()) if (part.length > 0) streams[n]!.send(part);
}

function accountOf({ command }: OrderCommand): number {
  if (command?.$case === "placePair") return command.value.first?.account ?? 0;
  return command?.value.account ?? 0;
}
