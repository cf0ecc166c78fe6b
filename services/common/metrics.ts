/** What a process counts and measures; one registry for each, served on /metrics. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();
const registers = [registry];

/** Adds what Node knows of the process itself: memory, event loop, garbage collection. */
export function collectProcessMetrics(): void {
  collectDefaultMetrics({ register: registry });
}

// Orders, as the gateway and the actors' hosts see them.

export const ordersReceived = new Counter({
  name: "exchange_orders_received_total",
  help: "Commands of clients that a gateway has taken: orders, cancels and reduces.",
  registers,
});

export const ordersProcessed = new Counter({
  name: "exchange_orders_processed_total",
  help: "Orders that a ledger shard has accepted or rejected, in committed batches.",
  registers,
});

export const ordersCancelled = new Counter({
  name: "exchange_orders_cancelled_total",
  help: "Orders that ended with something unfilled, in committed batches.",
  registers,
});

export const matchingLatency = new Histogram({
  name: "exchange_matching_latency_microseconds",
  help: "Time that a market takes to apply one command of a frame, in microseconds.",
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  registers,
});

export const orderBookDepth = new Gauge({
  name: "exchange_orderbook_depth",
  help: "Price levels of a book, by side (bid, ask).",
  labelNames: ["symbol", "side"] as const,
  registers,
});

export const tradesExecuted = new Counter({
  name: "exchange_trades_executed_total",
  help: "Trades in committed batches.",
  labelNames: ["symbol"] as const,
  registers,
});

export const tradeVolume = new Counter({
  name: "exchange_trade_volume",
  help: "Quantity traded in committed batches, in units of the base asset's smallest part.",
  labelNames: ["symbol"] as const,
  registers,
});

// The host.

export const batchSize = new Histogram({
  name: "exchange_batch_commands",
  help: "Commands in a committed batch.",
  labelNames: ["kind"] as const,
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
  registers,
});

export const commitSeconds = new Histogram({
  name: "exchange_commit_seconds",
  help: "Time from sending a batch to Postgres to its answer, in seconds.",
  labelNames: ["kind"] as const,
  buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
  registers,
});

export const inboxLag = new Gauge({
  name: "exchange_inbox_lag_frames",
  help: "Frames that were received and are not yet committed.",
  labelNames: ["actor"] as const,
  registers,
});

export const outboxAge = new Gauge({
  name: "exchange_outbox_age_seconds",
  help: "Age of the oldest outbox row that its receiver has not confirmed, in seconds.",
  labelNames: ["actor"] as const,
  registers,
});

export const malformedFrames = new Counter({
  name: "exchange_malformed_frames_total",
  help: "Messages of an inbox that are no frame; they were passed over.",
  labelNames: ["actor"] as const,
  registers,
});

export const refusedWords = new Counter({
  name: "exchange_refused_words_total",
  help: "What was said on the bus and nobody who leads has said: announcements, marks, requests to send again.",
  labelNames: ["what"] as const,
  registers,
});

export const fencedCommits = new Counter({
  name: "exchange_fenced_commits_total",
  help: "Commits that the fence refused: this node had been deposed.",
  labelNames: ["actor"] as const,
  registers,
});

export const takeovers = new Counter({
  name: "exchange_takeovers_total",
  help: "Actors that this node has claimed, by reason.",
  labelNames: ["reason"] as const,
  registers,
});

export const inboxesAnchored = new Counter({
  name: "exchange_inboxes_anchored_total",
  help: "Inboxes that were begun anew: the first one of an actor, and each after a loss.",
  labelNames: ["actor"] as const,
  registers,
});

export const divergedStandbys = new Counter({
  name: "exchange_diverged_standbys_total",
  help: "Standbys whose state was not the leader's after the same batch; each began anew.",
  labelNames: ["actor"] as const,
  registers,
});

export const hostState = new Gauge({
  name: "exchange_host_state",
  help: "1 for the state that an actor's host is in, 0 for the others.",
  labelNames: ["actor", "state"] as const,
  registers,
});
