/** Publishing to the NATS of a run, with an answer and without. */
import {
  PUBLISH_MS_MAX,
  type PublishTransport,
} from "../../../services/adapters/nats/publisher.js";
import { LogRefusedError } from "../../../services/ports/log.js";
import type { NatsConnection } from "./nats-connection.js";

const US_PER_MS = 1_000;

export class SimPublishTransport implements PublishTransport {
  private readonly connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  send(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    const { connection } = this;
    const { process, nats, currentLife } = connection;
    const { scheduler } = process.world;
    // The sender may stamp the frame again afterwards.
    const sent = Buffer.from(frame);
    const deadlineUs = scheduler.nowUs + PUBLISH_MS_MAX * US_PER_MS;
    return new Promise((resolve, reject) => {
      const giveUp = () =>
        reject(new LogRefusedError("unavailable", `no answer in ${PUBLISH_MS_MAX} ms`));
      /** No answer may come. */
      const expire = () => {
        scheduler.at(deadlineUs, () => process.deliver(giveUp, true));
      };
      const work = () => {
        const refusal = refusalOf(() => nats.publish(process, actorName, anchor, sent));
        if (!process.pass("effect")) return;
        const settle = () => {
          if (!process.pass("answer")) return;
          if (refusal) reject(refusal);
          else resolve();
        };
        if (connection.answer(currentLife, settle) > deadlineUs) expire();
      };
      if (connection.send(work, expire) > deadlineUs) expire();
    });
  }

  post(actorName: string, anchor: number, frame: Uint8Array): void {
    const { process, nats } = this.connection;
    // The sender may stamp the frame again afterwards.
    const sent = Buffer.from(frame);
    this.connection.send(() => {
      refusalOf(() => nats.publish(process, actorName, anchor, sent));
      process.pass("effect");
    });
  }

  watch(handlers: Parameters<PublishTransport["watch"]>[0]): void {
    this.connection.watch(handlers);
  }
}

function refusalOf(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}
