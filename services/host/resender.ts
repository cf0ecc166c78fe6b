/** Requests to send again, both ways: asking a source, and being asked (R4). */
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeResendRequest, encodeResendRequest } from "../../actors/kernel/event-frame.js";
import type { Links } from "../../actors/kernel/links.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { resendSubject } from "../ports/subjects.js";
import { RESEND_REQUEST_EVERY_MS } from "./limits.js";
import type { HostObserver } from "./observer.js";

export class Resender {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly actor: number;
  private readonly observer: Pick<HostObserver, "refused">;
  private readonly askedAtMs = new Map<number, number>();
  /** Requests that came too soon after another, by source: the last number asked from. */
  private readonly waiting = new Map<number, number>();
  private stopped = false;

  constructor(bus: Bus, clock: Clock, actor: number, observer: Pick<HostObserver, "refused">) {
    this.bus = bus;
    this.observer = observer;
    this.clock = clock;
    this.actor = actor;
  }

  /** Asks a source to send again from a number on: now, or as soon as it is of use to ask again. */
  request(source: number, from: number): void {
    const sinceMs = this.clock.now() - (this.askedAtMs.get(source) ?? -Infinity);
    if (sinceMs >= RESEND_REQUEST_EVERY_MS) {
      this.ask(source, from);
      return;
    }
    if (!this.waiting.has(source)) {
      this.clock.after(RESEND_REQUEST_EVERY_MS - sinceMs, () => this.askWaiting(source));
    }
    this.waiting.set(source, from);
  }

  /** Asks everybody who has ever sent something for what may have been lost. */
  requestRest(links: Links): void {
    for (const { peer, received } of links.all()) {
      if (received > 0) this.request(peer, received + 1);
    }
  }

  stop(): void {
    this.stopped = true;
  }

  onRequest(handler: (receiver: number, from: number) => void): () => void {
    return this.bus.subscribe(resendSubject(this.actor), (data) => {
      try {
        const request = decodeResendRequest(data);
        handler(request.receiver, request.from);
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        this.observer.refused("request");
      }
    });
  }

  private askWaiting(source: number): void {
    const from = this.waiting.get(source);
    this.waiting.delete(source);
    if (from !== undefined && !this.stopped) this.ask(source, from);
  }

  private ask(source: number, from: number): void {
    this.askedAtMs.set(source, this.clock.now());
    const request = encodeResendRequest({ receiver: this.actor, source, from });
    this.bus.publish(resendSubject(source), request);
  }
}
