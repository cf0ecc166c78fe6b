import type { Command } from "commander";
import { FeedClient } from "../client/feed-client.js";
import type { DepthMessage, TradeMessage } from "../feed/protocol.js";
import { parseWhole } from "./decimal.js";
import { print, printJson, say } from "./output.js";
import { dataDirectory, readRunFile } from "./run-file.js";

interface WatchFlags {
  readonly ws?: string;
  readonly dataDir?: string;
  readonly count?: string;
  readonly json?: boolean;
}

/** Watches until a number of messages has come; 0 is for ever. */
async function watch(symbol: string, flags: WatchFlags): Promise<void> {
  const count = parseWhole(flags.count ?? "0", 0, Number.MAX_SAFE_INTEGER, "count");
  const feed = await FeedClient.connect(flags.ws ?? readRunFile(dataDirectory(flags.dataDir)).ws);
  let seen = 0;
  const enough = new Promise<void>((done) => {
    const show = (message: TradeMessage | DepthMessage, text: string) => {
      if (count > 0 && seen >= count) return;
      seen += 1;
      if (flags.json) printJson(message);
      else print(text);
      if (seen === count) done();
    };
    feed.onTrade((trade) => {
      const { tradeId, side, quantity, price, token } = trade;
      show(trade, `trade ${tradeId}: ${side} ${quantity} at ${price} (token ${token})`);
    });
    feed.onDepth((message, book) => {
      const [bid, ask] = [book.bids[0], book.asks[0]];
      const level = (name: string, best: readonly [string, string] | undefined) =>
        best ? `${name} ${best[0]} × ${best[1]}` : `no ${name}`;
      show(message, `depth: ${level("bid", bid)}, ${level("ask", ask)}`);
    });
  });
  feed.onDisconnect((reason) => say(`the feed is gone (${reason}); connecting again`));
  try {
    await feed.subscribe([`trade.${symbol}`, `depth.${symbol}`]);
    await enough;
  } finally {
    feed.close();
  }
}

export function addWatch(program: Command): void {
  program
    .command("watch")
    .description("show trades and the best prices of a symbol as they change")
    .argument("<symbol>")
    .option("--ws <url>", "the feed; default: that of the exchange started here")
    .option("--data-dir <folder>", "the data directory of the exchange started here")
    .option("--count <number>", "end after so many messages")
    .option("--json", "print each message as a line of JSON")
    .action(watch);
}
