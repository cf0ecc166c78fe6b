/** What a gateway counts and measures. */
import { Counter, Gauge } from "prom-client";
import { registry } from "../common/metrics.js";
import { COMMAND_REFUSALS, type CommandRefusal } from "./refusal.js";

export { ordersReceived } from "../common/metrics.js";

const registers = [registry];

export const pendingCommands = new Gauge({
  name: "exchange_gateway_pending_commands",
  help: "Commands that their receiver has not confirmed, by receiver (the name of an actor).",
  labelNames: ["receiver"] as const,
  registers,
});

export const answersPerSecond = new Gauge({
  name: "exchange_gateway_answers_per_second",
  help: "Commands a second that a receiver is taken to answer this gateway, by receiver; what may wait for it follows from that.",
  labelNames: ["receiver"] as const,
  registers,
});

export const framesPublished = new Counter({
  name: "exchange_gateway_frames_total",
  help: "Frames handed to the log for the first time.",
  registers,
});

export const framesResent = new Counter({
  name: "exchange_gateway_resends_total",
  help: "Frames sent again, by reason.",
  labelNames: ["reason"] as const,
  registers,
});

export const publishesRefused = new Counter({
  name: "exchange_gateway_publishes_refused_total",
  help: "Frames that the log did not take, by reason; they are sent again.",
  labelNames: ["reason"] as const,
  registers,
});

export const commandsRefused = new Counter({
  name: "exchange_gateway_refused_total",
  help: "Commands that the gateway refused, by code.",
  labelNames: ["code"] as const,
  registers,
});

// Prometheus sees no rise in a series that begins with its first event.
for (const code of COMMAND_REFUSALS) commandsRefused.inc({ code }, 0);

export function countRefused({ code }: CommandRefusal): void {
  commandsRefused.inc({ code });
}

const STREAM_KINDS = ["order-entry", "event", "warning"] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

export const streamsRefused = new Counter({
  name: "exchange_gateway_streams_refused_total",
  help: "Streams that were refused because there are too many, by kind (order-entry, event, warning).",
  labelNames: ["kind"] as const,
  registers,
});

for (const kind of STREAM_KINDS) streamsRefused.inc({ kind }, 0);

export const connectionsRefused = new Counter({
  name: "exchange_gateway_connections_refused_total",
  help: "Connections that were closed at once because there are too many.",
  registers,
});

export const commandsUnknown = new Counter({
  name: "exchange_gateway_unknown_total",
  help: "Commands that nobody answered in time.",
  registers,
});

export const heals = new Counter({
  name: "exchange_gateway_heals_total",
  help: "Readings of missed events from Postgres, by reason.",
  labelNames: ["reason"] as const,
  registers,
});

export const malformedMessages = new Counter({
  name: "exchange_gateway_malformed_messages_total",
  help: "Messages on the bus that could not be read; they were ignored.",
  registers,
});

export const unreadableRows = new Counter({
  name: "exchange_gateway_unreadable_rows_total",
  help: "Rows of the journal, and replies of batches, that could not be read, counted whenever it was tried.",
  registers,
});

export const announcementsRefused = new Counter({
  name: "exchange_gateway_announcements_refused_total",
  help: "Announcements of somebody who does not lead what he says he leads; they were ignored.",
  registers,
});

export const subscribers = new Gauge({
  name: "exchange_gateway_subscribed_accounts",
  help: "Accounts whose events are being streamed, counted per stream.",
  registers,
});
