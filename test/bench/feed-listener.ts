/**
 * A subscriber of all trades: `node dist/test/bench/feed-listener.js ws://HOST:PORT SYMBOL…`. Says `ready` when it is
 * subscribed; when its input ends, it says which trades it was told, and when, and ends.
 */
import { FeedClient } from "../../services/client/feed-client.js";
import { channelName } from "../../services/feed/protocol.js";
import type { HeardTrade, ListenerLine } from "./feed-process.js";

const MICROSECONDS_PER_MS = 1_000;
const EXIT_FAILED = 1;

async function main(): Promise<void> {
  const [url = "", ...symbols] = process.argv.slice(2);
  const heard: HeardTrade[] = [];
  const client = await FeedClient.connect(url);
  client.onTrade(({ symbol, tradeId }) => {
    const atMs = performance.timeOrigin + performance.now();
    heard.push([symbol, tradeId, Math.round(atMs * MICROSECONDS_PER_MS)]);
  });
  await client.subscribe(symbols.map((symbol) => channelName({ kind: "trade", symbol })));
  say({ kind: "ready" });
  for await (const _ of process.stdin);
  client.close();
  say({ kind: "heard", heard, reconnects: client.reconnects });
}

function say(line: ListenerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Whoever has started it may have ended before it: there is nobody to tell then.
process.stdout.on("error", () => process.exit(EXIT_FAILED));

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(EXIT_FAILED);
});
