/** Whether a subscriber's books are what they should be: those of one who has only just subscribed, read from Postgres. */
import { FeedClient } from "../../services/client/feed-client.js";
import type { Scene } from "../scene.js";
import { isSoWithin } from "./patience.js";

/** Gives the symbols of which they are not, when the limit has passed. */
export async function booksAgree(
  scene: Scene,
  subscriber: FeedClient,
  limitMs: number,
): Promise<string[]> {
  const fresh = await FeedClient.connect(scene.exchange.ws);
  try {
    const left = new Set(scene.symbols);
    const look = (symbol: string) => {
      const book = subscriber.book(symbol);
      const expected = fresh.book(symbol);
      // Both move on under load: they are compared where they have come equally far.
      if (!book?.isCurrent || !expected?.isCurrent || book.sequence !== expected.sequence) return;
      const isSame =
        JSON.stringify([book.bids, book.asks]) === JSON.stringify([expected.bids, expected.asks]);
      if (isSame) left.delete(symbol);
    };
    subscriber.onDepth(({ symbol }) => look(symbol));
    fresh.onDepth(({ symbol }) => look(symbol));
    await fresh.subscribe(scene.symbols.map((symbol) => `depth.${symbol}`));
    await isSoWithin(limitMs, async () => left.size === 0);
    return [...left];
  } finally {
    fresh.close();
  }
}
