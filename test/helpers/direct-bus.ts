/** A bus within one process, and a directory on it that knows one market. */
import { pino } from "pino";
import { Directory } from "../../services/host/directory.js";
import type { Bus } from "../../services/ports/log.js";
import type { ActorSummary } from "../../services/ports/store.js";
import { ManualClock } from "./manual-clock.js";

/** Hands every message to every subscriber of a matching subject, at once. */
export class DirectBus implements Bus {
  private readonly handlers = new Set<{
    subject: string;
    handler: (data: Uint8Array, subject: string) => void;
  }>();
  readonly said: { subject: string; data: Uint8Array }[] = [];

  publish(subject: string, data: Uint8Array): void {
    this.said.push({ subject, data });
    for (const entry of this.handlers) {
      const prefix = entry.subject.replace(/>$/, "");
      if (
        entry.subject === subject ||
        (entry.subject.endsWith(">") && subject.startsWith(prefix))
      ) {
        entry.handler(data, subject);
      }
    }
  }

  subscribe(subject: string, handler: (data: Uint8Array, subject: string) => void): () => void {
    const entry = { subject, handler };
    this.handlers.add(entry);
    return () => this.handlers.delete(entry);
  }

  onReconnect(): () => void {
    return () => undefined;
  }

  async roundTrip(): Promise<void> {}
}

export const known: ActorSummary = {
  id: 1025,
  name: "market.X",
  kind: "market",
  token: 5,
  anchor: 1,
};
export const nobody = { refused: () => undefined };

export function directoryOn(bus: Bus, clock = new ManualClock()): Directory {
  const store = { actors: () => Promise.resolve([known]) };
  const logger = pino({ level: "silent" });
  return new Directory({ bus, store, logger, clock, observer: nobody });
}
