/** `watch`: one symbol's market data as it comes. */
import { FeedClient } from "../client/feed-client.js";
import { parseWhole } from "./decimal.js";
import { printJson } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";

const MESSAGES_MAX = 1_000_000_000;

export async function watch(
  symbol: string,
  options: { readonly json?: boolean; readonly dataDir?: string; readonly count?: string },
): Promise<void> {
  const wanted =
    options.count === undefined
      ? MESSAGES_MAX
      : parseWhole(options.count, 1, MESSAGES_MAX, "number of messages");
  const feed = await FeedClient.connect(readRunFile(dataDirectory(options.dataDir)).ws);
  let seen = 0;
  /** Of the book; a change below the best prices is not worth a line. */
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const count = (): void => {
      seen += 1;
      if (seen >= wanted) resolve();
    };
    feed.onTrade((trade) => {
      if (options.json) printJson(trade);
      else process.stdout.write(`trade  ${trade.quantity} at ${trade.price} (${trade.side})\n`);
      count();
    });
    feed.onDepth((message, book) => {
      const best = `book   ${top(book.bids)}  |  ${top(book.asks)}\n`;
      if (options.json) printJson(message);
      else if (best === said) return;
      else process.stdout.write(best);
      said = best;
      count();
    });
    feed.subscribe([`trade.${symbol}`, `depth.${symbol}`]).catch(reject);
    process.once("SIGINT", resolve);
  }).finally(() => feed.close());
}

function top(levels: readonly (readonly [string, string])[]): string {
  const best = levels[0];
  return best ? `${best[1]} at ${best[0]}` : "nothing";
}
