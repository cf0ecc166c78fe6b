/** What a process counts and measures; one registry for each, served on /metrics. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();
const registers = [registry];

/** Of seconds, from a planned move to a large book that is read from its rows. */
const TAKEOVER_BUCKETS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

/** Adds what Node knows of the process itself: memory, event loop, garbage collection. */
export function collectProcessMetrics(): void {
  collectDefaultMetrics({ register: registry });
}

const samplers: (() => void)[] = [];

/** What stands still while nothing happens is measured when it is asked for. */
export function beforeScrape(sample: () => void): void {
  samplers.push(sample);
}

/** Everything, as `/metrics` has it. */
export function scrape(): Promise<string> {
  for (const sample of samplers) sample();
  return registry.metrics();
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

export const accountWarnings = new Counter({
  name: "exchange_account_warnings_total",
  help: "Warnings of accounts, by kind, in committed batches.",
  labelNames: ["kind"] as const,
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
  help: "Frames that were received and are not yet applied.",
  labelNames: ["actor"] as const,
  registers,
});

export const outboxAge = new Gauge({
  name: "exchange_outbox_age_seconds",
  help: "For how long the slowest receiver of what an actor has sent has confirmed nothing, in seconds.",
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
  help: "What was said on the bus and nobody who leads has said: announcements, marks, requests to send again, or bytes on any subject that are nothing.",
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
  help: "Actors that this node has claimed, and whose token it has raised, by reason.",
  labelNames: ["reason"] as const,
  registers,
});

export const claimSeconds = new Histogram({
  name: "exchange_claim_seconds",
  help: "From the decision to claim an actor to its raised token, in seconds.",
  buckets: TAKEOVER_BUCKETS,
  registers,
});

export const recoverySeconds = new Histogram({
  name: "exchange_recovery_seconds",
  help: "From an actor's raised token to its being led, in seconds, by way: warm (from a standby), cold (from the rows).",
  labelNames: ["way"] as const,
  buckets: TAKEOVER_BUCKETS,
  registers,
});

export const takeoverGapSeconds = new Histogram({
  name: "exchange_takeover_gap_seconds",
  help: "From a leader's last word on the bus (at most 100 ms after a batch, and every 300 ms) to the next one's leading, in seconds.",
  buckets: TAKEOVER_BUCKETS,
  registers,
});

export const standbyLag = new Gauge({
  name: "exchange_standby_lag_batches",
  help: "Batches that a standby has heard of and not applied.",
  labelNames: ["actor"] as const,
  registers,
});

export const standbyWarm = new Gauge({
  name: "exchange_standby_warm",
  help: "1: this node could lead the actor at once; 0: it stands by for it and is not ready.",
  labelNames: ["actor"] as const,
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

export const serverAway = new Gauge({
  name: "exchange_server_away",
  help: "1: the server (nats, etcd, postgres) has not answered this node for 0.7 s and more; 0: it does.",
  labelNames: ["server"] as const,
  registers,
});

export const hostState = new Gauge({
  name: "exchange_host_state",
  help: "1 for the state that an actor's host is in; 0 for leading and for stopped, where that is another.",
  labelNames: ["actor", "state"] as const,
  registers,
});
