/** Requests to send again, both ways: asking a source, and being asked (R4). */
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeResendRequest, encodeResendRequest } from "../../actors/kernel/event-frame.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { resendSubject } from "../ports/subjects.js";
import { RESEND_REQUEST_EVERY_MS } from "./limits.js";

export class Resender {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly actor: number;
  private readonly askedAtMs = new Map<number, number>();

  constructor(bus: Bus, clock: Clock, actor: number) {
    this.bus = bus;
    this.clock = clock;
    this.actor = actor;
  }

  /** Asks a source to send again from a number on; not more often than is of use. */
  request(source: number, from: number): void {
    const now = this.clock.now();
    if (now - (this.askedAtMs.get(source) ?? -Infinity) < RESEND_REQUEST_EVERY_MS) return;
    this.askedAtMs.set(source, now);
    this.bus.publish(
      resendSubject(source),
      encodeResendRequest({ receiver: this.actor, source, from }),
    );
  }

  onRequest(handler: (receiver: number, from: number) => void): () => void {
    return this.bus.subscribe(resendSubject(this.actor), (data) => {
      try {
        const request = decodeResendRequest(data);
        handler(request.receiver, request.from);
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
      }
    });
  }
}
