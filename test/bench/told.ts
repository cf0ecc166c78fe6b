/** What a client's logs say of its orders: when each was sent, and when it was accepted, or that it was refused. */
import { clientLogFiles, type LogLine, logLines } from "../../chaos/checker/client-logs.js";
import { Latencies } from "../../services/participants/latencies.js";

/** After a burst, orders are looked at in spans of so long. */
export const SPAN_MS = 100;
/** One good span may be luck; so many on end are not. */
export const NORMAL_SPANS = 5;

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
   * How long after a moment all is normal: the end of the first of some spans on end of which every order was accepted, and
   * 99 of 100 within a limit. Null: there were none until the end.
   */
  normalAfter(fromMs: number, untilMs: number, limitMs: number): number | null {
    let normal = 0;
    for (let at = fromMs; at + SPAN_MS <= untilMs; at += SPAN_MS) {
      const { accepted, sent } = this.between(at, at + SPAN_MS);
      const isNormal = sent > 0 && accepted.count === sent && accepted.percentile(99) <= limitMs;
      normal = isNormal ? normal + 1 : 0;
      if (normal === NORMAL_SPANS) return at - (NORMAL_SPANS - 2) * SPAN_MS - fromMs;
    }
    return null;
  }
}
