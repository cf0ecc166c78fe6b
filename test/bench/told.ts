/** What a client's logs say of its orders: when each was sent, and when it was accepted, or that it was refused. */
import { clientLogFiles, type LogLine, logLines } from "../../chaos/checker/client-logs.js";
import { Latencies } from "../../services/participants/latencies.js";

/** After a burst, orders are looked at in spans of so long. */
export const SPAN_MS = 100;

interface Told {
  /** In milliseconds since 1970. */
  readonly sentMs: number;
  /** From then until it was accepted; null: it was not. */
  acceptMs: number | null;
  isRefused: boolean;
}

export class ToldOrders {
  private readonly orders = new Map<string, Told>();

  /** Reads every log of a folder. */
  static async read(folder: string): Promise<ToldOrders> {
    const told = new ToldOrders();
    for (const path of clientLogFiles(folder).values()) {
      for await (const line of logLines(path)) told.take(line);
    }
    return told;
  }

  take(line: LogLine): void {
    const { kind, clientOrderId, at } = line as LogLine & { clientOrderId: string; at: number };
    if (kind === "submitted") {
      this.orders.set(clientOrderId, { sentMs: at, acceptMs: null, isRefused: false });
    }
    const order = this.orders.get(clientOrderId);
    if (!order) return;
    if (kind === "accepted") order.acceptMs ??= at - order.sentMs;
    if (kind === "refused") order.isRefused = true;
  }

  /** The latencies of orders that were sent between two moments and accepted, and how many were refused. */
  between(fromMs: number, untilMs: number): { accepted: Latencies; refused: number; sent: number } {
    const accepted = new Latencies();
    let refused = 0;
    let sent = 0;
    for (const { sentMs, acceptMs, isRefused } of this.orders.values()) {
      if (sentMs < fromMs || sentMs >= untilMs) continue;
      sent += 1;
      if (acceptMs !== null) accepted.record(acceptMs);
      if (isRefused) refused += 1;
    }
    return { accepted, refused, sent };
  }

  /**
   * How long after a moment all is normal: the end of the first span of which every order was accepted, and 99 of 100
   * within a limit. Null: no span until the end was so.
   */
  normalAfter(fromMs: number, untilMs: number, limitMs: number): number | null {
    for (let at = fromMs; at < untilMs; at += SPAN_MS) {
      const { accepted, sent } = this.between(at, at + SPAN_MS);
      const isNormal = accepted.count === sent && accepted.percentile(99) <= limitMs;
      if (sent > 0 && isNormal) return at + SPAN_MS - fromMs;
    }
    return null;
  }
}
