/**
 * Publishing to inboxes as the real adapter does: in the order of the calls; what is under way when the connection breaks
 * is given up at once, and what comes while it is away waits for its return.
 */
import { LogRefusedError } from "../../../services/ports/log.js";
import type { NatsConnection } from "./nats-connection.js";

/** How long an answer, or the connection's return, is waited for. */
const PUBLISH_MS_MAX = 2_000;
const US_PER_MS = 1_000;

interface Publication {
  readonly actorName: string;
  readonly anchor: number;
  readonly frame: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class SimPublisher {
  private readonly connection: NatsConnection;
  private readonly underWay = new Set<Publication>();
  /** What waits for the connection's return, in order, each with what ends its wait. */
  private readonly waiting = new Map<Publication, () => void>();

  constructor(connection: NatsConnection) {
    this.connection = connection;
    connection.onLost(() => this.lost());
    connection.onBack(() => this.back());
  }

  publish(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const publication = { actorName, anchor, frame, resolve, reject };
      if (this.connection.isAway) this.wait(publication);
      else this.send(publication);
    });
  }

  private send(publication: Publication): void {
    const { connection } = this;
    const { process, nats, currentLife } = connection;
    const { actorName, anchor } = publication;
    // The sender may stamp the frame again afterwards.
    const frame = Buffer.from(publication.frame);
    const deadlineUs = process.world.scheduler.nowUs + PUBLISH_MS_MAX * US_PER_MS;
    this.underWay.add(publication);
    const expire = () => this.expire(publication, deadlineUs);
    const work = () => {
      const refusal = refusalOf(() => nats.publish(process, actorName, anchor, frame));
      if (!process.pass("effect")) return;
      const settle = () => this.settle(publication, refusal);
      if (connection.answer(currentLife, settle) > deadlineUs) expire();
    };
    if (connection.send(work, expire) > deadlineUs) expire();
  }

  /** No answer may come. */
  private expire(publication: Publication, deadlineUs: number): void {
    const { process } = this.connection;
    const giveUp = () => {
      if (!this.underWay.delete(publication)) return;
      publication.reject(unavailable(`no answer in ${PUBLISH_MS_MAX} ms`));
    };
    process.world.scheduler.at(deadlineUs, () => process.deliver(giveUp, true));
  }

  private settle(publication: Publication, refusal: Error | null): void {
    if (!this.connection.process.pass("answer") || !this.underWay.delete(publication)) return;
    if (refusal) publication.reject(refusal);
    else publication.resolve();
  }

  private lost(): void {
    for (const { reject } of this.underWay) {
      reject(unavailable("the connection to NATS broke before there was an answer"));
    }
    this.underWay.clear();
  }

  private back(): void {
    const { waiting } = this;
    const ready = [...waiting];
    waiting.clear();
    for (const [publication, cancel] of ready) {
      cancel();
      this.send(publication);
    }
  }

  private wait(publication: Publication): void {
    const cancel = this.connection.process.clock.after(PUBLISH_MS_MAX, () => {
      this.waiting.delete(publication);
      publication.reject(unavailable("there is no connection to NATS"));
    });
    this.waiting.set(publication, cancel);
  }
}

function unavailable(message: string): LogRefusedError {
  return new LogRefusedError("unavailable", message);
}

function refusalOf(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}
