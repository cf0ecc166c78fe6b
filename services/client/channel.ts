/** How a client's connection to a gateway behaves. */
import type { ChannelOptions } from "@grpc/grpc-js";

/**
 * What a gateway may send ahead of what was read. With HTTP/2's own 64 KiB a stream of events has one round trip for some
 * hundred of them, and a busy machine has few round trips a second.
 */
const FLOW_CONTROL_WINDOW_BYTES = 4 * 1_048_576;

export function channelOptions(windowBytes = FLOW_CONTROL_WINDOW_BYTES): ChannelOptions {
  return {
    "grpc.keepalive_time_ms": 5_000,
    "grpc.keepalive_timeout_ms": 3_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    // Each wait is up to a fifth shorter or longer, so none is above 480 ms: see `resume.ts`.
    "grpc.max_reconnect_backoff_ms": 400,
    "grpc.max_receive_message_length": -1,
    "grpc-node.flow_control_window": windowBytes,
    // An order is never sent twice by anybody but its owner.
    "grpc.enable_retries": 0,
  };
}
