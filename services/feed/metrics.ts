/** What the feed counts and measures. */
import { Counter, Gauge, Histogram } from "prom-client";
import { registry } from "../common/metrics.js";

const registers = [registry];

export const connections = new Gauge({
  name: "exchange_feed_connections",
  help: "WebSocket clients that are connected.",
  registers,
});

export const connectionsClosed = new Counter({
  name: "exchange_feed_connections_closed_total",
  help: "Clients that the feed has closed, by reason.",
  labelNames: ["reason"] as const,
  registers,
});

export const subscriptions = new Gauge({
  name: "exchange_feed_subscriptions",
  help: "Subscriptions by kind of channel.",
  labelNames: ["kind"] as const,
  registers,
});

export const messagesSent = new Counter({
  name: "exchange_feed_messages_sent_total",
  help: "Messages to clients, by type.",
  labelNames: ["type"] as const,
  registers,
});

export const diffsMerged = new Counter({
  name: "exchange_feed_diffs_merged_total",
  help: "Depth diffs that were merged because their client read too slowly.",
  registers,
});

export const requestsRefused = new Counter({
  name: "exchange_feed_requests_refused_total",
  help: "Requests of clients that were answered by an error, by its code.",
  labelNames: ["code"] as const,
  registers,
});

export const framesTaken = new Counter({
  name: "exchange_feed_frames_total",
  help: "Event frames of held markets, by what they meant: next, seen, lower-token, new-token, gap, malformed.",
  labelNames: ["verdict"] as const,
  registers,
});

export const heals = new Counter({
  name: "exchange_feed_heals_total",
  help: "Times that a market was read from Postgres, by reason.",
  labelNames: ["reason"] as const,
  registers,
});

export const deliverySeconds = new Histogram({
  name: "exchange_feed_delivery_seconds",
  help: "From a batch's own time to its messages being written to the last client, in seconds.",
  buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
  registers,
});
