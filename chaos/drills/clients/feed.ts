/** The feed dies, or one of its subscribers does not read: the books of all others are right. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { FeedClient } from "../../../services/client/feed-client.js";
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import type { Scene } from "../../scene.js";
import { booksAgree } from "../../stage/feed-books.js";
import { isSoWithin } from "../../stage/patience.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

const DEAD_MS = 500;
const BOOKS_LIMIT_MS = 30_000;
const CLOSED_LIMIT_MS = 90_000;
/** Below what the feed allows (50 a second). */
const ASK_EVERY_MS = 25;
/** As many as one request may have: each asks for a snapshot. */
const CHANNELS_PER_REQUEST = 256;
const SLOW_CONSUMER = 1013;
/** What a client sees that was dropped before it took part in the closing. */
const DROPPED = 1006;

interface Subscribed {
  readonly feed: ExchangeProcess;
  /** Its process when it was chosen. */
  readonly pid: number;
  readonly subscriber: FeedClient;
}

const channelsOf = ({ symbols }: Scene): string[] =>
  symbols.flatMap((symbol) => [`depth.${symbol}`, `trade.${symbol}`]);

async function subscribed(scene: Scene): Promise<Subscribed> {
  await settledLeaders(scene.exchange);
  const subscriber = await FeedClient.connect(scene.exchange.ws);
  await subscriber.subscribe(channelsOf(scene));
  const feed = scene.exchange.process("feed-1");
  return { feed, pid: feed.pid, subscriber };
}

export const KILL_FEED: Drill = {
  name: "kill-feed",
  hypothesis: "a feed's subscribers come back by themselves, and their books are right again",
  about:
    "SIGKILL to the feed under subscribers of all books, which is started again; nobody who trades notices",
  bound: { of: "resume", ms: 500 },
  round: whileItLasts<Subscribed>({
    lastsMs: DEAD_MS,
    aim: ({ scene }) => subscribed(scene),
    strike: ({ feed }) => feed.kill("SIGKILL"),
    async bitten({ feed }) {
      const { signal } = await feed.exited;
      return signal === "SIGKILL" ? [] : ["the feed did not die of SIGKILL"];
    },
    heal: ({ feed }) => feed.restart(),
    async healed({ subscriber }, { scene }) {
      const startedMs = performance.now();
      const wrong = await booksAgree(scene, subscriber, BOOKS_LIMIT_MS);
      const backMs = performance.now() - startedMs;
      const unhealed = wrong.map((symbol) => `the book of ${symbol} is not right again`);
      const failures = subscriber.reconnects === 0 ? ["the subscriber did not notice"] : [];
      subscriber.close();
      return { failures, unhealed, samples: { books: [backMs] } };
    },
    name: ({ pid }) => `the feed (process ${pid}) was killed`,
  }),
};

interface Slow extends Subscribed {
  readonly slow: WebSocket;
  /** How many had been closed for that before. */
  readonly before: number;
  asking: NodeJS.Timeout | undefined;
}

export const SLOW_SUBSCRIBER: Drill = {
  name: "slow-subscriber",
  hypothesis: "who does not read is closed, and the others notice nothing",
  about: "a subscriber asks for more and more, and reads nothing",
  bound: { of: "throughout", ms: 500 },
  round: whileItLasts<Slow>({
    async aim({ scene }) {
      const both = await subscribed(scene);
      const before = await closedForSilence(both.feed);
      const slow = new WebSocket(scene.exchange.ws, { perMessageDeflate: false });
      await once(slow, "open");
      slow.on("error", () => undefined); // Its end is seen below.
      return { ...both, slow, before, asking: undefined };
    },
    strike(target, { scene }) {
      const { slow } = target;
      const [symbol] = scene.symbols;
      const channels = Array.from({ length: CHANNELS_PER_REQUEST }, () => `depth.${symbol}`);
      const request = JSON.stringify({ action: "subscribe", channels });
      slow.pause();
      target.asking = setInterval(() => slow.send(request), ASK_EVERY_MS);
    },
    async over({ feed, before }) {
      await isSoWithin(CLOSED_LIMIT_MS, async () => (await closedForSilence(feed)) > before);
    },
    async bitten({ feed, slow, before }) {
      if ((await closedForSilence(feed)) === before) {
        return ["the feed has not closed who does not read"];
      }
      const code = await closeCodeOf(slow);
      return code === SLOW_CONSUMER || code === DROPPED
        ? []
        : [`who did not read was closed with ${code} instead of ${SLOW_CONSUMER}`];
    },
    async heal({ slow, asking }) {
      clearInterval(asking);
      slow.terminate();
    },
    async healed({ subscriber }, { scene }) {
      const wrong = await booksAgree(scene, subscriber, BOOKS_LIMIT_MS);
      const unhealed = wrong.map((symbol) => `another one's book of ${symbol} is wrong`);
      if (subscriber.reconnects > 0) unhealed.push("another one was closed, too");
      if (subscriber.gaps > 0) unhealed.push("another one was not told everything");
      subscriber.close();
      return { unhealed };
    },
    name: () => "one subscriber did not read",
  }),
};

/** How the connection has ended for its client, who reads that only now. */
async function closeCodeOf(socket: WebSocket): Promise<number> {
  if (socket.readyState === socket.CLOSED) return DROPPED;
  const closed = once(socket, "close");
  socket.resume();
  const [code] = (await closed) as [number];
  return code;
}

/** How many clients it has closed because they had too much unread, or answered no ping, which takes reading, too. */
async function closedForSilence({ ports }: ExchangeProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${ports.http}/metrics`);
  const text = await response.text();
  const counts = text.matchAll(
    /^exchange_feed_connections_closed_total\{reason="(?:slow|dead)"\} (\d+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
