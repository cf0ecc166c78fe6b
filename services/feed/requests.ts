/** What clients ask: text that is not trusted, judged by a ladder with one code for each thing that can be wrong. */
import {
  type Channel,
  type DepthMode,
  type ErrorCode,
  parseChannel,
  type RequestId,
} from "./protocol.js";
import { CHANNELS_PER_REQUEST_MAX, MESSAGE_BYTES_MAX, REQUEST_ID_LENGTH_MAX } from "./limits.js";

export interface FeedRequest {
  readonly action: "subscribe" | "unsubscribe";
  readonly channels: readonly Channel[];
  readonly depth: DepthMode;
  readonly id: RequestId | undefined;
}

/** Why a request comes to nothing. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly id?: RequestId | undefined;
}

const FIELDS = ["action", "channels", "depth", "id"];
const SHOWN_LENGTH_MAX = 60;

/** A value of a client as it may stand in a message to it. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}

function isRequestId(value: unknown): value is RequestId {
  if (typeof value === "string") return value.length <= REQUEST_ID_LENGTH_MAX;
  return typeof value === "number" && Number.isFinite(value);
}

/** Reads one message; says what is wrong with it and what is allowed. Never throws. */
export function parseRequest(data: Buffer, isBinary: boolean): FeedRequest | Refusal {
  if (isBinary) return { code: "NOT_TEXT", message: "send text messages, not binary ones" };
  if (data.length > MESSAGE_BYTES_MAX) {
    const message = `the message has ${data.length} bytes; at most ${MESSAGE_BYTES_MAX} are allowed`;
    return { code: "MESSAGE_TOO_LARGE", message };
  }
  let value: unknown;
  try {
    value = JSON.parse(data.toString("utf8"));
  } catch {
    return { code: "NOT_JSON", message: "the message is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { code: "NOT_AN_OBJECT", message: `send a JSON object, not ${shown(value)}` };
  }
  return parseFields(value as Record<string, unknown>);
}

function parseFields(value: Record<string, unknown>): FeedRequest | Refusal {
  const { action, channels, depth = "batch" } = value;
  const { id } = value;
  if (id !== undefined && !isRequestId(id)) {
    const message = `"id" is a number or at most ${REQUEST_ID_LENGTH_MAX} characters`;
    return { code: "INVALID_ID", message };
  }
  const unknown = Object.keys(value).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    const message = `there is no field ${shown(unknown)}; there are ${FIELDS.join(", ")}`;
    return { code: "UNKNOWN_FIELD", message, id };
  }
  if (action !== "subscribe" && action !== "unsubscribe") {
    const message = `"action" is "subscribe" or "unsubscribe", not ${shown(action)}`;
    return { code: "UNKNOWN_ACTION", message, id };
  }
  if (depth !== "batch" && depth !== "command") {
    const message = `"depth" is "batch" or "command", not ${shown(depth)}`;
    return { code: "INVALID_DEPTH", message, id };
  }
  if (!isListOfTexts(channels)) {
    const message = `"channels" is a list of 1 to ${CHANNELS_PER_REQUEST_MAX} texts like "trade.SYMBOL"`;
    return { code: "INVALID_CHANNELS", message, id };
  }
  const parsed: Channel[] = [];
  for (const text of channels) {
    const channel = parseChannel(text);
    if (!channel) {
      const message = `there is no channel ${shown(text)}; there are "trade.SYMBOL" and "depth.SYMBOL"`;
      return { code: "UNKNOWN_CHANNEL", message, id };
    }
    parsed.push(channel);
  }
  return { action, channels: parsed, depth, id };
}

function isListOfTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= CHANNELS_PER_REQUEST_MAX &&
    value.every((item) => typeof item === "string")
  );
}
